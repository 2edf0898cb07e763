"""May this space be shared? The rules are data with a version; every broken one is told."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

from cloud.core.reasons import Reason
from contracts.ledger.hashing import digest
from contracts.ledger.records import TitleRecord


@dataclass(frozen=True, slots=True)
class Claim:
    """What an owner says and shows when asking to share a space."""

    holder: str
    management_consent: bool
    co_owner_consent: bool
    equipped: bool


@dataclass(frozen=True, slots=True)
class Rule:
    """Broken unless the fact is one of `allowed`."""

    fact: str
    allowed: tuple[str, ...]
    reason: Reason


# What a title may say; an import refuses anything else, so that no rule guesses.
RIGHT_TYPES = ("ownership", "long_lease", "civil_air", "use_right", "public")
ENCUMBRANCES = ("none", "mortgage", "seized", "disputed")
USES = ("private", "public", "fire_lane", "accessible")

RULES_VERSION = 1
YES = ("yes",)
RULES = (
    Rule(
        "holder_matches",
        YES,
        Reason(
            "holder_mismatch",
            "The title is in another name.",
            "产权人姓名不一致。",
            "Register as the holder in the title, or have the title transferred first.",
            "请以产权登记人身份申请，或先办理产权转移。",
        ),
    ),
    Rule(
        "right",
        ("ownership", "long_lease"),
        Reason(
            "right_type",
            "This kind of right does not allow sharing.",
            "该权利类型不允许共享。",
            "Only full ownership and long leases may be shared; ask the holder of the land right.",
            "仅所有权和长期租赁可共享，请咨询土地权利人。",
        ),
    ),
    Rule(
        "in_term",
        YES,
        Reason(
            "expired",
            "The right has ended.",
            "权利期限已届满。",
            "Renew the right and have the title library updated.",
            "请续期并更新产权库。",
        ),
    ),
    Rule(
        "encumbrance",
        ("none", "mortgage"),
        Reason(
            "encumbered",
            "The title is seized or in dispute.",
            "产权被查封或有争议。",
            "Have the seizure or dispute lifted; then ask again.",
            "请解除查封或争议后再申请。",
        ),
    ),
    Rule(
        "use",
        ("private",),
        Reason(
            "public_use",
            "Public, fire-lane and accessible spaces are not shared.",
            "公共车位、消防通道和无障碍车位不得共享。",
            "Choose a private space.",
            "请选择私人车位。",
        ),
    ),
    Rule(
        "management_consent",
        YES,
        Reason(
            "no_management_consent",
            "The management's consent is missing.",
            "缺少物业同意。",
            "Ask the management for its consent and confirm it here.",
            "请取得物业同意并在此确认。",
        ),
    ),
    Rule(
        "co_owner_consent",
        YES,
        Reason(
            "no_co_owner_consent",
            "The co-owners' consent is missing.",
            "缺少共有人同意。",
            "Have every co-owner agree and confirm it here.",
            "请取得全体共有人同意并在此确认。",
        ),
    ),
    Rule(
        "equipped",
        YES,
        Reason(
            "no_equipment",
            "No gateway watches this space.",
            "该车位没有网关监测。",
            "Have an installer put sensors there, or choose a watched space.",
            "请安装传感器，或选择已监测的车位。",
        ),
    ),
)


def check(title: TitleRecord, claim: Claim, today: date, rules: tuple[Rule, ...]) -> list[Reason]:
    """Every reason against; an empty list is consent."""
    facts = _facts(title, claim, today)
    return [rule.reason for rule in rules if facts[rule.fact] not in rule.allowed]


def decision_digest(title: TitleRecord, reasons: list[Reason], at: str) -> str:
    """What goes on the chain: that this title was checked by these rules, never the deed."""
    return digest(
        {
            "title": title.digest(),
            "rules_version": RULES_VERSION,
            "reasons": [reason.code for reason in reasons],
            "decided_at": at,
        }
    )


def _facts(title: TitleRecord, claim: Claim, today: date) -> Mapping[str, str]:
    return {
        "holder_matches": _yes(_same_name(title.holder, claim.holder)),
        "right": title.right,
        "in_term": _yes(not title.valid_until or date.fromisoformat(title.valid_until) >= today),
        "encumbrance": title.encumbrance,
        "use": title.use,
        "management_consent": _yes(claim.management_consent),
        "co_owner_consent": _yes(claim.co_owner_consent),
        "equipped": _yes(claim.equipped),
    }


def _same_name(a: str, b: str) -> bool:
    return "".join(a.split()).casefold() == "".join(b.split()).casefold()


def _yes(fact: bool) -> str:
    return "yes" if fact else "no"
