"""Claim codes: made by who installs, redeemed once by the device that they were made for."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from hmac import compare_digest
from typing import cast

from sqlmodel import Session, col, select

from cloud.core.claims import (
    CODE_MS,
    REFUSED,
    CodeState,
    after_miss,
    code_moved,
    code_state,
    reserved,
)
from cloud.core.reasons import Refusal, refuse, refuse_told
from cloud.errors import Unknown
from cloud.identity_tables import CertificateRow, ClaimRow
from cloud.ports.authority import Authority, CsrRefused
from cloud.tables import Gateway, Space
from cloud.usecases import audit, certificates, enrolling, gateways
from cloud.usecases.certificates import Fresh, When
from contracts.wire.claim_codes import root_of
from contracts.wire.enrolment import Redemption, asked_digest
from contracts.wire.signing import recover
from contracts.wire.types import to_ms

MAX_LISTED = 500
# Of the hash: it finds the row, and the rest is compared in constant time.
MARK_DIGITS = 8
REPLACED = "another device took its place"


@dataclass(frozen=True, slots=True)
class Wanted:
    """For which device, and what it shall watch: no spaces are those that the gateway has now.

    `lot` "": that of the spaces.
    """

    gateway: str
    serial: str
    lot: str = ""
    spaces: Sequence[str] = ()
    replace_key: bool = False


@dataclass(frozen=True, slots=True)
class Made:
    """`address`: the hash that the code is kept as; `who`: of the audit log."""

    id: str
    address: str
    who: str
    when: When


def make(session: Session, wanted: Wanted, made: Made) -> ClaimRow | Refusal:
    """Any other open code for this gateway is void from now on."""
    if reserved(wanted.gateway):
        return refuse("reserved_name")
    place = _place(session, wanted)
    if isinstance(place, Refusal):
        return place
    gateway = session.get(Gateway, wanted.gateway)
    if gateway is not None and not wanted.replace_key:
        return refuse("claim_key_there")
    for row in _open_of(session, wanted.gateway, made.when.wall):
        _void(session, row)
    row = ClaimRow(
        id=made.id,
        mark=made.address[2 : 2 + MARK_DIGITS].lower(),
        address=made.address,
        gateway=wanted.gateway,
        serial=wanted.serial,
        lot=place[0],
        spaces=json.dumps(list(place[1])),
        replace_key=wanted.replace_key,
        made_by=made.who,
        made_ms=to_ms(made.when.wall),
        ends_ms=to_ms(made.when.wall) + CODE_MS,
    )
    session.add(row)
    _told(session, made.who, "claim.made", row, made.when.now)
    return row


def void(session: Session, claim_id: str, who: str, when: When) -> ClaimRow | Refusal:
    row = session.get(ClaimRow, claim_id)
    if row is None:
        raise Unknown(f"Claim code {claim_id}.")
    if state_of(row, when.wall) != "open":
        return refuse("claim_not_open")
    _void(session, row)
    _told(session, who, "claim.voided", row, when.now)
    return row


def redeem(
    session: Session, authority: Authority, asked: Redemption, fresh: Fresh
) -> CertificateRow | Refusal:
    """The gateway is enrolled with the key that it proved, and certified.

    The same keys are answered alike again: the power may go before they have the answer.
    """
    body, digest = asked.body, asked_digest(asked.body)
    if body.root != root_of(authority.fingerprint()):
        return refuse("other_authority")
    row = _found(session, recover(digest, asked.by_code))
    if row is None:
        return refuse("claim_unknown")
    if recover(digest, asked.by_signer) != body.signer:
        return refuse("signer_not_proven")
    try:
        keys = certificates.keys_digest(
            authority.key_of(body.csr.encode(), row.gateway), body.signer
        )
        if row.state == "spent":
            return _again(session, row, keys, asked, (authority, fresh.wall))
        if refusal := _in_the_way(session, row, asked, fresh.wall):
            return refusal
        return _redeemed(session, authority, (row, keys, asked), fresh)
    except CsrRefused as wrong:
        return refuse_told("bad_csr", why=str(wrong))


def state_of(row: ClaimRow, wall: datetime) -> CodeState:
    return code_state(cast(CodeState, row.state), row.ends_ms, to_ms(wall))


def listed(session: Session, gateway_id: str = "") -> list[ClaimRow]:
    """The newest first."""
    rows = select(ClaimRow).order_by(col(ClaimRow.made_ms).desc(), col(ClaimRow.id))
    if gateway_id:
        rows = rows.where(ClaimRow.gateway == gateway_id)
    return list(session.exec(rows.limit(MAX_LISTED)))


def _place(session: Session, wanted: Wanted) -> tuple[str, Sequence[str]] | Refusal:
    """Looked at when the code is made: an installer at the lot could not mend it."""
    gateway = session.get(Gateway, wanted.gateway)
    if not wanted.spaces:
        if gateway is None or wanted.lot:
            return refuse("claim_place")
        return gateway.lot, certificates.spaces_of(session, gateway.id)
    rows = [session.get(Space, space) for space in wanted.spaces]
    if any(row is None for row in rows):
        return refuse("unknown_space")
    lots = {row.lot for row in rows if row is not None}
    if len(lots) > 1 or wanted.lot not in ("", *lots):
        return refuse("unknown_lot")
    return lots.pop(), wanted.spaces


def _found(session: Session, address: str | None) -> ClaimRow | None:
    if address is None:
        return None
    mark = address[2 : 2 + MARK_DIGITS].lower()
    rows = session.exec(select(ClaimRow).where(ClaimRow.mark == mark)).all()
    same = [row for row in rows if compare_digest(row.address, address)]
    return same[0] if same else None


def _again(
    session: Session,
    row: ClaimRow,
    keys: str,
    asked: Redemption,
    given: tuple[Authority, datetime],
) -> CertificateRow | Refusal:
    authority, wall = given
    key = authority.key_of(asked.body.csr.encode(), row.gateway)
    held = certificates.held(session, row.gateway, key, wall)
    same = compare_digest(row.keys, keys) and asked.body.serial == row.serial
    if not same or held is None or gateways.revoked(session, row.gateway):
        return refuse(REFUSED["spent"])
    code_moved("spent", "repeat")
    return held


def _in_the_way(
    session: Session, row: ClaimRow, asked: Redemption, wall: datetime
) -> Refusal | None:
    state = state_of(row, wall)
    if state != "open":
        return refuse(REFUSED[state])
    if asked.body.serial != row.serial:
        row.misses += 1
        row.state = code_moved("open", after_miss(row.misses))
        session.add(row)
        return refuse("claim_other_serial" if row.state == "open" else REFUSED["spoiled"])
    if asked.body.gateway not in (None, row.gateway):
        return refuse("claim_other_gateway")
    return None


def _redeemed(
    session: Session,
    authority: Authority,
    what: tuple[ClaimRow, str, Redemption],
    fresh: Fresh,
) -> CertificateRow | Refusal:
    row, keys, asked = what
    signer, place = asked.body.signer, (row.lot, json.loads(row.spaces))
    key = authority.key_of(asked.body.csr.encode(), row.gateway)
    if refusal := certificates.unusable(session, row.gateway, key):
        return refusal
    gateway = enrolling.enrol(session, row.gateway, signer, place, fresh.when.now, row.replace_key)
    if isinstance(gateway, Refusal):
        return gateway
    certificates.revoke_held(session, row.gateway, REPLACED, fresh.wall, but=key)
    made = certificates.give(session, authority, gateway, asked.body.csr, fresh)
    row.state, row.spent_ms, row.keys = code_moved("open", "redeem"), to_ms(fresh.wall), keys
    session.add(row)
    _told(session, audit.gateway(row.gateway), "gateway.enrolled", row, fresh.when.now)
    return made


def _open_of(session: Session, gateway_id: str, wall: datetime) -> list[ClaimRow]:
    rows = session.exec(
        select(ClaimRow).where(ClaimRow.gateway == gateway_id, ClaimRow.state == "open")
    )
    return [row for row in rows if state_of(row, wall) == "open"]


def _void(session: Session, row: ClaimRow) -> None:
    row.state = code_moved("open", "void")
    session.add(row)


def _told(session: Session, who: str, what: str, row: ClaimRow, at: datetime) -> None:
    detail = {"claim": row.id, "serial": row.serial}
    audit.record(session, who, what, audit.gateway(row.gateway), detail, at)
