"""Rules of sharing as a versioned file: read, and refused with every mistake by file and line."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from functools import lru_cache
from importlib.resources import files

import yaml

from cloud.core.reasons import Reason
from cloud.errors import CloudError
from contracts.ledger.hashing import keccak

# What a title may say; an import refuses anything else, so that no rule guesses.
RIGHT_TYPES = ("ownership", "long_lease", "civil_air", "use_right", "public")
ENCUMBRANCES = ("none", "mortgage", "seized", "disputed")
USES = ("private", "public", "fire_lane", "accessible")
YES_NO = ("yes", "no")
PAPER = ("none", "declared", "submitted", "accepted", "rejected", "expired")
FACTS: Mapping[str, tuple[str, ...]] = {
    "holder": ("same", "near", "other"),
    "holders": ("one", "several"),
    "right": RIGHT_TYPES,
    "in_term": YES_NO,
    "outlasts_offer": YES_NO,
    "encumbrance": ENCUMBRANCES,
    "use": USES,
    "shared_already": YES_NO,
    "equipped": YES_NO,
}
LANGUAGES = ("en", "zh")
CODE = re.compile(r"[a-z][a-z0-9_]{1,39}")
MAX_TEXT, MAX_FILE, MAX_RULES, MAX_PROBLEMS = 400, 200_000, 100, 50
# What a doubtful case is told to do.
WAIT_EN = "Nothing needs doing: a person looks at it, and you will be told."
WAIT_ZH = "无需操作：正在人工审核，有结果会通知您。"


class BadRules(CloudError):
    """The rules were refused as a whole; nothing of them is in force."""

    code = "bad_rules"
    remedy = "Mend the lines named above and try again."

    def __init__(self, problems: list[str]) -> None:
        super().__init__(f"{len(problems)} mistakes.")
        self.problems = problems


@dataclass(frozen=True, slots=True)
class Rule:
    """Kept by a value in `allowed`; one in `doubtful` goes to a person; any other breaks it.

    `document` is the kind whose state is asked, or empty; `fact` is then its name.
    """

    fact: str
    allowed: tuple[str, ...]
    reason: Reason
    doubtful: tuple[str, ...] = ()
    doubt: Reason | None = None
    document: str = ""
    when: tuple[tuple[str, tuple[str, ...]], ...] = ()


@dataclass(frozen=True, slots=True)
class RuleSet:
    version: int
    valid_from: datetime
    rules: tuple[Rule, ...]
    digest: str

    def documents(self) -> frozenset[str]:
        return frozenset(rule.document for rule in self.rules if rule.document)


@lru_cache(maxsize=16)
def parse(text: str, name: str) -> RuleSet:
    """`name` stands before the line in every mistake. Raises BadRules."""
    reading = _Reading(name)
    found = reading.rule_set(text)
    if reading.problems or found is None:
        raise BadRules(reading.problems[:MAX_PROBLEMS])
    return found


def shipped(version: int = 1) -> tuple[str, RuleSet]:
    """Version 1 is in force until an operator adopts another."""
    text = files("cloud.core").joinpath(f"rule_sets/{version}.yaml").read_text("utf-8")
    return text, parse(text, f"rule_sets/{version}.yaml")


class _Reading:
    """Goes through the file as it is written and collects what is wrong with it."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.problems: list[str] = []

    def rule_set(self, text: str) -> RuleSet | None:
        root = self._root(text)
        if root is None:
            return None
        parts = self._keys(root, ("version", "valid_from", "rules"))
        version = self._version(parts.get("version"))
        valid_from = self._instant(parts.get("valid_from"))
        rules = tuple(self._rules(parts.get("rules")))
        if self.problems or valid_from is None:
            return None
        return RuleSet(version, valid_from, rules, "0x" + keccak(text.encode()).hex())

    def _root(self, text: str) -> yaml.Node | None:
        if len(text) > MAX_FILE:
            self.problems.append(f"{self.name}:1: longer than {MAX_FILE} characters")
            return None
        try:
            # An alias may stand for a thousand others: none is needed.
            for token in yaml.scan(text, yaml.SafeLoader):
                if isinstance(token, yaml.AliasToken):
                    line = token.start_mark.line + 1
                    self.problems.append(f"{self.name}:{line}: an alias has no place here")
                    return None
            node = yaml.compose(text, yaml.SafeLoader)
        except yaml.MarkedYAMLError as error:
            line = error.problem_mark.line + 1 if error.problem_mark else 1
            self.problems.append(f"{self.name}:{line}: this is not YAML ({error.problem})")
            return None
        except yaml.YAMLError as error:
            self.problems.append(f"{self.name}:1: this is not YAML ({error})")
            return None
        except RecursionError:
            self.problems.append(f"{self.name}:1: nested too deep")
            return None
        if node is None:
            self.problems.append(f"{self.name}:1: the file is empty")
        return node

    def _bad(self, node: yaml.Node, why: str) -> None:
        self.problems.append(f"{self.name}:{node.start_mark.line + 1}: {why}")

    def _keys(
        self, node: yaml.Node, wanted: tuple[str, ...], optional: tuple[str, ...] = ()
    ) -> dict[str, yaml.Node]:
        if not isinstance(node, yaml.MappingNode):
            self._bad(node, f"keys are expected here: {', '.join(wanted)}")
            return {}
        found: dict[str, yaml.Node] = {}
        for key, value in node.value:
            name = str(key.value)
            if name in found:
                self._bad(key, f"{name} stands here twice")
            if name not in (*wanted, *optional):
                self._bad(key, f"{name} is no key here: {', '.join((*wanted, *optional))}")
            found[name] = value
        for name in wanted:
            if name not in found:
                self._bad(node, f"{name} is missing")
        return found

    def _version(self, node: yaml.Node | None) -> int:
        value = self._plain(node)
        if node is not None and not re.fullmatch(r"[1-9]\d{0,5}", value):
            self._bad(node, "version is a whole number from 1")
            return 0
        return int(value or 0)

    def _instant(self, node: yaml.Node | None) -> datetime | None:
        if node is None:
            return None
        try:
            day = date.fromisoformat(self._plain(node))
        except ValueError:
            self._bad(node, "valid_from is a day (UTC) like 2026-05-01")
            return None
        return datetime(day.year, day.month, day.day, tzinfo=UTC)

    def _rules(self, node: yaml.Node | None) -> Iterator[Rule]:
        if node is None:
            return
        if not isinstance(node, yaml.SequenceNode) or not 0 < len(node.value) <= MAX_RULES:
            self._bad(node, f"rules is a list of 1 to {MAX_RULES}")
            return
        codes: set[str] = set()
        for item in node.value:
            rule = self._rule(item)
            if rule is None:
                continue
            if rule.reason.code in codes:
                self._bad(item, f"{rule.reason.code} is the code of an earlier rule")
            codes.add(rule.reason.code)
            yield rule

    def _rule(self, node: yaml.Node) -> Rule | None:
        before = len(self.problems)
        wanted = ("code", "allowed", "sentence", "remedy")
        parts = self._keys(node, wanted, ("fact", "document", "doubtful", "doubt", "when"))
        fact, values = self._asked(node, parts)
        allowed = self._values(parts.get("allowed"), fact, values)
        doubtful = self._values(parts.get("doubtful"), fact, values)
        self._apart(node, parts, allowed, doubtful)
        reason = self._reason(parts)
        when = self._when(parts.get("when"))
        if len(self.problems) > before or reason is None:
            return None
        doubt = self._doubt(parts.get("doubt"), reason.code)
        if len(self.problems) > before:
            return None
        document = fact.removeprefix("document:") if "document" in parts else ""
        return Rule(fact, allowed, reason, doubtful, doubt, document, when)

    def _asked(
        self, node: yaml.Node, parts: Mapping[str, yaml.Node]
    ) -> tuple[str, tuple[str, ...]]:
        """(the fact's name, its values)"""
        if ("fact" in parts) == ("document" in parts):
            self._bad(node, "a rule asks for a fact or for a document")
            return "", ()
        if "document" in parts:
            kind = self._plain(parts["document"])
            if not CODE.fullmatch(kind):
                self._bad(parts["document"], "a kind of document is written like title_copy")
            return f"document:{kind}", PAPER
        fact = self._plain(parts["fact"])
        if fact not in FACTS:
            self._bad(parts["fact"], f"{fact} is no fact: {', '.join(FACTS)}")
        return fact, FACTS.get(fact, ())

    def _values(self, node: yaml.Node | None, fact: str, known: tuple[str, ...]) -> tuple[str, ...]:
        if node is None:
            return ()
        if not isinstance(node, yaml.SequenceNode) or not node.value:
            self._bad(node, "this is a list of values")
            return ()
        for item in node.value:
            if known and self._plain(item) not in known:
                self._bad(item, f"{self._plain(item)} is no value of {fact}: {', '.join(known)}")
        return tuple(self._plain(item) for item in node.value)

    def _apart(
        self,
        node: yaml.Node,
        parts: Mapping[str, yaml.Node],
        allowed: tuple[str, ...],
        doubtful: tuple[str, ...],
    ) -> None:
        if both := sorted(set(allowed) & set(doubtful)):
            self._bad(parts["doubtful"], f"{both[0]} is allowed and doubtful")
        if bool(doubtful) != ("doubt" in parts):
            self._bad(node, "doubtful values and a sentence for them (doubt) go together")

    def _when(self, node: yaml.Node | None) -> tuple[tuple[str, tuple[str, ...]], ...]:
        if node is None:
            return ()
        parts = self._keys(node, (), tuple(FACTS))
        return tuple(
            (fact, self._values(values, fact, FACTS.get(fact, ())))
            for fact, values in parts.items()
        )

    def _reason(self, parts: Mapping[str, yaml.Node]) -> Reason | None:
        code = self._plain(parts.get("code"))
        if "code" in parts and not CODE.fullmatch(code):
            self._bad(parts["code"], "a code is written like holder_mismatch")
        sentence, remedy = (self._words(parts.get(name)) for name in ("sentence", "remedy"))
        return Reason(code, *sentence, *remedy) if sentence and remedy else None

    def _doubt(self, node: yaml.Node | None, code: str) -> Reason | None:
        words = self._words(node)
        return Reason(code, *words, WAIT_EN, WAIT_ZH) if words else None

    def _words(self, node: yaml.Node | None) -> tuple[str, str] | None:
        """(English, Chinese)"""
        if node is None:
            return None
        parts = self._keys(node, LANGUAGES)
        for told in parts.values():
            text = self._plain(told)
            if not text.strip() or len(text) > MAX_TEXT or not text.isprintable():
                self._bad(told, f"a sentence of 1 to {MAX_TEXT} characters is expected here")
        if len(parts) < len(LANGUAGES):
            return None
        return self._plain(parts["en"]), self._plain(parts["zh"])

    def _plain(self, node: yaml.Node | None) -> str:
        if node is None:
            return ""
        if not isinstance(node, yaml.ScalarNode):
            self._bad(node, "a single value is expected here")
            return ""
        return str(node.value)
