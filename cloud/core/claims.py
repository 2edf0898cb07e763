"""The life of a claim code, and of a certificate, as tables. What is not in them is refused."""

from collections.abc import Mapping
from typing import Literal

CodeState = Literal["open", "spent", "voided", "expired", "spoiled"]
CodeMove = Literal["redeem", "repeat", "miss", "spoil", "void", "expire"]
CertificateState = Literal["valid", "superseded", "revoked", "ended"]
CertificateMove = Literal["renew", "revoke", "end"]

CODE_MS = 24 * 3_600_000
# Of one code: with the right code and the wrong device somebody is trying.
MAX_MISSES = 5
CERTIFICATE_DAYS = 90
# A third of its life is left for a gateway that was offline, or whose cloud was.
RENEW_BEFORE_DAYS = 30
# The cloud's own names at the broker begin so; a gateway of such a name would be the cloud.
RESERVED = "berth-"
# Certificates that one gateway may be given in a day, whoever has its keys.
MAX_A_DAY = 10
DAY_MS = 24 * 3_600_000
# A request that is signed counts so long, by a clock that may be wrong by so much either way.
SIGNED_MS = DAY_MS

CODE_FIRST: CodeState = "open"
CODE_MOVES: Mapping[tuple[CodeState, CodeMove], CodeState] = {
    ("open", "redeem"): "spent",
    ("open", "miss"): "open",
    ("open", "spoil"): "spoiled",
    ("open", "void"): "voided",
    ("open", "expire"): "expired",
    # The same keys ask again: the power went before they had the answer.
    ("spent", "repeat"): "spent",
}
CERTIFICATE_FIRST: CertificateState = "valid"
CERTIFICATE_MOVES: Mapping[tuple[CertificateState, CertificateMove], CertificateState] = {
    ("valid", "renew"): "superseded",
    ("valid", "revoke"): "revoked",
    ("valid", "end"): "ended",
    # It is good until it ends, and so it can be taken back.
    ("superseded", "revoke"): "revoked",
    ("superseded", "end"): "ended",
}
# Why a code that is not open is refused.
REFUSED: Mapping[CodeState, str] = {
    "spent": "claim_spent",
    "voided": "claim_voided",
    "expired": "claim_expired",
    "spoiled": "claim_spoiled",
}


class IllegalIdentityMove(ValueError):
    """This code or certificate cannot do that in its present state."""

    code = "illegal_identity_move"


def reserved(name: str) -> bool:
    """Whether it is one of the cloud's own names, in whatever letters."""
    return name.casefold().startswith(RESERVED)


def code_moved(state: CodeState, move: CodeMove) -> CodeState:
    try:
        return CODE_MOVES[state, move]
    except KeyError:
        raise IllegalIdentityMove(f"{IllegalIdentityMove.__doc__} ({state}, {move})") from None


def certificate_moved(state: CertificateState, move: CertificateMove) -> CertificateState:
    try:
        return CERTIFICATE_MOVES[state, move]
    except KeyError:
        raise IllegalIdentityMove(f"{IllegalIdentityMove.__doc__} ({state}, {move})") from None


def code_state(state: CodeState, ends_ms: int, now_ms: int) -> CodeState:
    """What is stored, judged by the clock: nothing need sweep for a code to be over."""
    over = now_ms >= ends_ms and (state, "expire") in CODE_MOVES
    return code_moved(state, "expire") if over else state


def certificate_state(state: CertificateState, ends_ms: int, now_ms: int) -> CertificateState:
    over = now_ms >= ends_ms and (state, "end") in CERTIFICATE_MOVES
    return certificate_moved(state, "end") if over else state


def after_miss(misses: int) -> CodeMove:
    """`misses`: with this one."""
    return "spoil" if misses >= MAX_MISSES else "miss"
