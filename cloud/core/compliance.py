"""May this space be shared? What is known becomes facts, and the rules in force judge them all."""

import unicodedata
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date

from cloud.core.compliance_rules import ENCUMBRANCES as ENCUMBRANCES
from cloud.core.compliance_rules import RIGHT_TYPES as RIGHT_TYPES
from cloud.core.compliance_rules import USES as USES
from cloud.core.compliance_rules import Rule, RuleSet, shipped
from cloud.core.reasons import Reason
from contracts.ledger.hashing import canonical, digest
from contracts.ledger.records import TitleRecord

# What an owner may say without a paper.
DECLARABLE = ("management_consent", "co_owner_consent")
# Between the names of several holders.
BETWEEN = "、，,;；/&"
# A name of so many characters or more may differ in two of them and still be nearly the same.
LONG_NAME = 8


@dataclass(frozen=True, slots=True)
class Shown:
    """A document as it stands: its state, and the digest of its bytes."""

    state: str
    sha256: str


@dataclass(frozen=True, slots=True)
class Claim:
    """What an owner says and shows when asking to share a space, and what we know of it."""

    holder: str
    management_consent: bool
    co_owner_consent: bool
    equipped: bool
    papers: Mapping[str, Shown] = field(default_factory=dict)
    shared_already: bool = False
    # The last day of what is offered there, UTC.
    offered_until: date | None = None


@dataclass(frozen=True, slots=True)
class Judged:
    """`broken` and `doubtful`: rules in the order of their file."""

    broken: tuple[Rule, ...]
    doubtful: tuple[Rule, ...]

    def reasons(self) -> tuple[Reason, ...]:
        return tuple(rule.reason for rule in self.broken)

    def doubts(self) -> tuple[Reason, ...]:
        return tuple(rule.doubt or rule.reason for rule in self.doubtful)

    def for_the_desk(self) -> tuple[Rule, ...]:
        """A document that waits has a question of its own there."""
        return tuple(rule for rule in self.doubtful if not rule.document)


RULES = shipped()[1].rules


def judge(title: TitleRecord, claim: Claim, today: date, rules: Iterable[Rule]) -> Judged:
    facts = _facts(title, claim, today)
    asked = [(rule, _values(rule, facts, claim)) for rule in rules if _counts(rule, facts)]
    against = [(rule, values) for rule, values in asked if not values & set(rule.allowed)]
    doubtful = tuple(rule for rule, values in against if values & set(rule.doubtful))
    return Judged(tuple(rule for rule, _ in against if rule not in doubtful), doubtful)


def check(title: TitleRecord, claim: Claim, today: date, rules: Iterable[Rule]) -> list[Reason]:
    """Every reason against; an empty list is consent, or at least no refusal."""
    return list(judge(title, claim, today, rules).reasons())


def grounds(title: TitleRecord, claim: Claim, doubtful: Iterable[Rule]) -> str:
    """The digest of what a person is asked about: another one is another question."""
    until = claim.offered_until.isoformat() if claim.offered_until else ""
    seen = {
        "holder": [title.holder, claim.holder],
        "outlasts_offer": [title.valid_until or "", until],
    }
    told = {rule.fact: seen.get(rule.fact, [getattr(title, rule.fact, "")]) for rule in doubtful}
    return digest(told)


@dataclass(frozen=True, slots=True)
class Decision:
    """What is hashed onto the chain: that this title was checked by these rules, and how it went.

    `title`: the salted digest of its record. `doubts` were decided by a person.
    """

    title: str
    rules: RuleSet
    reasons: tuple[str, ...]
    doubts: tuple[str, ...]
    documents: tuple[str, ...]
    decided_at: str

    def text(self) -> str:
        told = {
            "title": self.title,
            "rules_version": self.rules.version,
            "rules": self.rules.digest,
            "reasons": list(self.reasons),
            "doubts": list(self.doubts),
            "documents": list(self.documents),
            "decided_at": self.decided_at,
        }
        return canonical(told).decode()


def decision_digest(title: TitleRecord, reasons: Iterable[Reason], at: str) -> str:
    """Of a decision by the shipped rules, without documents or doubts."""
    codes = [reason.code for reason in reasons]
    told = {"title": title.digest(), "rules_version": 1, "reasons": codes, "decided_at": at}
    return digest(told)


def likeness(title_holder: str, claimed: str) -> str:
    """same, near (a slip of the pen, or the same words in another order) or other."""
    names = [title_holder, *_holders(title_holder)]
    mine = _folded(claimed)
    if mine and mine in [_folded(name) for name in names]:
        return "same"
    if any(_near(_folded(name), mine) or _shuffled(name, claimed) for name in names):
        return "near"
    return "other"


def _facts(title: TitleRecord, claim: Claim, today: date) -> dict[str, str]:
    until = date.fromisoformat(title.valid_until) if title.valid_until else date.max
    return {
        "holder": likeness(title.holder, claim.holder),
        "holders": "several" if len(_holders(title.holder)) > 1 else "one",
        "right": title.right,
        "in_term": _yes(until >= today),
        "outlasts_offer": _yes(until >= (claim.offered_until or today) or until < today),
        "encumbrance": title.encumbrance,
        "use": title.use,
        "shared_already": _yes(claim.shared_already),
        "equipped": _yes(claim.equipped),
    }


def _counts(rule: Rule, facts: Mapping[str, str]) -> bool:
    return all(facts[fact] in values for fact, values in rule.when)


def _values(rule: Rule, facts: Mapping[str, str], claim: Claim) -> set[str]:
    if not rule.document:
        return {facts[rule.fact]}
    shown = claim.papers.get(rule.document)
    values = {shown.state if shown else "none"}
    said = rule.document in DECLARABLE and getattr(claim, rule.document)
    # A person has seen the paper: the owner's word no longer stands against that.
    if said and "rejected" not in values:
        values.add("declared")
    return values


def _holders(text: str) -> list[str]:
    for mark in BETWEEN:
        text = text.replace(mark, "\n")
    return [name.strip() for name in text.split("\n") if name.strip()]


def _folded(name: str) -> str:
    """One spelling for full-width forms, case, accents, spaces and points."""
    spread = unicodedata.normalize("NFKD", unicodedata.normalize("NFKC", name).casefold())
    return "".join(char for char in spread if char.isalnum())


def _near(a: str, b: str) -> bool:
    longest = max(len(a), len(b))
    most = 2 if longest >= LONG_NAME else 1
    if min(len(a), len(b)) < 2 or abs(len(a) - len(b)) > most:
        return False
    return _distance(a, b) <= most


def _shuffled(a: str, b: str) -> bool:
    return sorted(map(_folded, a.split())) == sorted(map(_folded, b.split())) != []


def _distance(a: str, b: str) -> int:
    """Characters to change, insert, leave out, or exchange with their neighbour."""
    rows = [list(range(len(b) + 1))]
    for i, left in enumerate(a, 1):
        row = [i]
        for j, right in enumerate(b, 1):
            best = min(rows[-1][j] + 1, row[-1] + 1, rows[-1][j - 1] + (left != right))
            if i > 1 and j > 1 and left == b[j - 2] and right == a[i - 2]:
                best = min(best, rows[-2][j - 2] + 1)
            row.append(best)
        rows.append(row)
    return rows[-1][-1]


def _yes(fact: bool) -> str:
    return "yes" if fact else "no"
