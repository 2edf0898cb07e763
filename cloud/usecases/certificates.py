"""Certificates of gateways: given, listed, taken back."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import cast

from sqlmodel import Session, col, select

from cloud.core import claims
from cloud.core.claims import CertificateState, certificate_moved, certificate_state
from cloud.core.reasons import Refusal, refuse
from cloud.errors import Unknown
from cloud.identity_tables import CertificateRow
from cloud.ports.authority import Authority, CsrRefused
from cloud.tables import Gateway, Space
from cloud.usecases import audit, enrolling, gateways
from contracts.ledger.hashing import keccak
from contracts.wire.types import from_ms, to_ms

MAX_LISTED = 1000


@dataclass(frozen=True, slots=True)
class When:
    """The lot's moment, which may run faster than ours, and the real one, as TLS peers have it."""

    now: datetime
    wall: datetime


@dataclass(frozen=True, slots=True)
class Fresh:
    """What a certificate needs from outside: its number, and the moment."""

    serial: int
    when: When

    @property
    def wall(self) -> datetime:
        return self.when.wall


def enrol_bare(
    session: Session,
    gateway_id: str,
    signer: str,
    place: tuple[str, Sequence[str]],
    now: datetime,
    replace_key: bool = False,
) -> Gateway | Refusal:
    """Without a claim code, of a gateway that was never certified, or whose certificates are all

    revoked: else the device of before would stay at the broker in its name.
    """
    gateway = session.get(Gateway, gateway_id)
    if gateway is not None and gateway.signer != signer and replace_key:
        rows = select(CertificateRow.serial).where(
            CertificateRow.gateway == gateway_id, CertificateRow.state != "revoked"
        )
        if session.exec(rows).first() is not None:
            return refuse("claim_needed")
    return enrolling.enrol(session, gateway_id, signer, place, now, replace_key)


def give(
    session: Session, authority: Authority, gateway: Gateway, csr: str, fresh: Fresh
) -> CertificateRow:
    """A new one for this key; what the gateway had before is superseded. Raises CsrRefused."""
    if claims.reserved(gateway.id):
        # At the broker it would be the cloud.
        raise CsrRefused("it is for a name of the cloud's own")
    raw = csr.encode()
    ends_at = fresh.wall + timedelta(days=claims.CERTIFICATE_DAYS)
    pem = authority.issue(raw, gateway.id, fresh.wall, ends_at, fresh.serial)
    for row in _standing(session, gateway.id, fresh.wall):
        if row.state == "valid":
            _move(session, row, certificate_moved("valid", "renew"))
    made = CertificateRow(
        serial=f"{fresh.serial:032x}",
        gateway=gateway.id,
        signer=gateway.signer,
        key=authority.key_of(raw, gateway.id),
        pem=pem.decode(),
        starts_ms=to_ms(fresh.wall),
        ends_ms=to_ms(ends_at),
    )
    session.add(made)
    session.flush()
    return made


def revoke(session: Session, serial: str, why: str, who: str, when: When) -> str | Refusal:
    """The gateway's id. Whoever holds one of its keys holds the device: all of them go."""
    row = session.get(CertificateRow, serial)
    if row is None:
        raise Unknown(f"Certificate {serial}.")
    if state_of(row, when.wall) not in ("valid", "superseded"):
        return refuse("certificate_over")
    return revoke_all(session, row.gateway, why, who, when)


def revoke_all(session: Session, gateway_id: str, why: str, who: str, when: When) -> str | Refusal:
    """Its certificates and its signing key: from its next event on, and at its next connection."""
    if session.get(Gateway, gateway_id) is None:
        raise Unknown(f"Gateway {gateway_id}.")
    revoke_held(session, gateway_id, why, when.wall)
    if not gateways.revoked(session, gateway_id):
        made = enrolling.revoke(session, gateway_id, why, when.now)
        if isinstance(made, Refusal):
            return made
    about = audit.gateway(gateway_id)
    audit.record(session, who, "gateway.revoked", about, {"why": why}, when.now)
    return gateway_id


def revoke_held(session: Session, gateway_id: str, why: str, wall: datetime, but: str = "") -> None:
    """The certificates alone: of a device whose place one with the key `but` takes."""
    for row in _standing(session, gateway_id, wall):
        if row.key == but:
            continue
        row.revoked_ms, row.why = to_ms(wall), why
        _move(session, row, certificate_moved(_state(row), "revoke"))


def revoked(session: Session, wall: datetime) -> list[tuple[int, datetime]]:
    """For the CRL: those that would still be good. What is over needs no revoking."""
    rows = session.exec(
        select(CertificateRow)
        .where(CertificateRow.state == "revoked", CertificateRow.ends_ms > to_ms(wall))
        .order_by(col(CertificateRow.serial))
    )
    return [(int(row.serial, 16), from_ms(row.revoked_ms or 0)) for row in rows]


def listed(session: Session, gateway_id: str = "") -> list[CertificateRow]:
    """The newest first."""
    rows = select(CertificateRow).order_by(
        # Of one moment the one that counts comes first: valid is behind superseded.
        col(CertificateRow.starts_ms).desc(),
        col(CertificateRow.state).desc(),
        col(CertificateRow.serial),
    )
    if gateway_id:
        rows = rows.where(CertificateRow.gateway == gateway_id)
    return list(session.exec(rows.limit(MAX_LISTED)))


def state_of(row: CertificateRow, wall: datetime) -> CertificateState:
    return certificate_state(_state(row), row.ends_ms, to_ms(wall))


def names(session: Session, wall: datetime) -> frozenset[str]:
    """The gateways that a broker shall let in: those that hold a certificate which is good."""
    rows = session.exec(
        select(CertificateRow.gateway)
        .where(CertificateRow.ends_ms > to_ms(wall))
        .where(col(CertificateRow.state).in_(("valid", "superseded")))
        .distinct()
    )
    return frozenset(rows)


def spaces_of(session: Session, gateway_id: str) -> list[str]:
    mine = select(Space.id).where(Space.gateway == gateway_id).order_by(col(Space.number))
    return list(session.exec(mine))


def keys_digest(key: str, signer: str) -> str:
    """Of a device's two keys together: who redeemed a code may ask again."""
    return keccak(f"{key} {signer}".encode()).hex()


def held(session: Session, gateway_id: str, key: str, wall: datetime) -> CertificateRow | None:
    """Its certificate of this key that is good now."""
    rows = _standing(session, gateway_id, wall)
    return next((row for row in rows if row.key == key and row.state == "valid"), None)


def unusable(session: Session, gateway_id: str, key: str) -> Refusal | None:
    """A key that was revoked, was replaced, or is another gateway's is never certified again."""
    of_key = session.exec(select(CertificateRow).where(CertificateRow.key == key)).all()
    if any(row.state == "revoked" or row.gateway != gateway_id for row in of_key):
        return refuse("certificate_revoked")
    if of_key and all(row.state != "valid" for row in of_key):
        return refuse("key_superseded")
    return None


def _standing(session: Session, gateway_id: str, wall: datetime) -> list[CertificateRow]:
    """Neither revoked nor over."""
    rows = session.exec(
        select(CertificateRow)
        .where(CertificateRow.gateway == gateway_id, CertificateRow.ends_ms > to_ms(wall))
        .where(col(CertificateRow.state).in_(("valid", "superseded")))
    )
    return list(rows)


def _state(row: CertificateRow) -> CertificateState:
    return cast(CertificateState, row.state)


def _move(session: Session, row: CertificateRow, state: CertificateState) -> None:
    row.state = state
    session.add(row)
