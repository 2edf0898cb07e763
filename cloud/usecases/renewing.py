"""An enrolled gateway's certificate is renewed, its signing key changed: by requests that it signs.

Certificates live in real time, as every TLS peer has it, also where a lot's clock runs faster.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlmodel import Session, func, select

from cloud.core import claims
from cloud.core.reasons import Refusal, refuse, refuse_told
from cloud.identity_tables import CertificateRow
from cloud.ports.authority import Authority, CsrRefused
from cloud.stay_tables import Stay
from cloud.tables import Gateway
from cloud.usecases import audit, certificates, enrolling, gateways, installation
from cloud.usecases.certificates import Fresh, When
from contracts.wire.claim_codes import root_of
from contracts.wire.enrolment import (
    MAX_SPACES,
    Identity,
    Rekeying,
    Renewal,
    SignedIdentity,
    answer_bytes,
    asked_digest,
)
from contracts.wire.signing import recover
from contracts.wire.types import from_ms, to_ms


@dataclass(frozen=True, slots=True)
class Told:
    """What a gateway is told beside its certificate: its broker, and who signs its commands."""

    broker: str
    commands: str | None = None


def renew(
    session: Session, authority: Authority, asked: Renewal, fresh: Fresh
) -> CertificateRow | Refusal:
    """By the signing key that events of this gateway count under, whether its certificate is over
    or not. Before it is time the same key gets what it has: to ask twice does no harm.
    """
    gateway = _known(session, authority, asked.body.root, asked.body.gateway)
    if isinstance(gateway, Refusal):
        return gateway
    if recover(asked_digest(asked.body), asked.by_signer) != gateway.signer:
        return refuse("signer_not_proven")
    if refusal := _late(asked.body.signed_at, fresh.wall):
        return refusal
    try:
        key = authority.key_of(asked.body.csr.encode(), gateway.id)
        if refusal := certificates.unusable(session, gateway.id, key):
            return refusal
        due = fresh.wall + timedelta(days=claims.RENEW_BEFORE_DAYS)
        there = certificates.held(session, gateway.id, key, fresh.wall)
        if there is not None and there.ends_ms > to_ms(due):
            return there
        if _often(session, gateway.id, fresh.wall):
            return refuse("renewed_often")
        made = certificates.give(session, authority, gateway, asked.body.csr, fresh)
    except CsrRefused as wrong:
        return refuse_told("bad_csr", why=str(wrong))
    who = audit.gateway(gateway.id)
    audit.record(session, who, "certificate.renewed", who, {"serial": made.serial}, fresh.when.now)
    return made


def rekey(
    session: Session, authority: Authority, asked: Rekeying, when: When
) -> CertificateRow | Refusal:
    """The old key names the new one, which proves itself; sent again, it changes nothing.

    A stay is proven by one key, so none may be open, nor be about to be by what is stored.
    """
    body, now = asked.body, when.now
    gateway = _known(session, authority, body.root, body.gateway)
    if isinstance(gateway, Refusal):
        return gateway
    digest = asked_digest(body)
    proven = {recover(digest, asked.by_before), recover(digest, asked.by_signer)}
    if proven != {body.before, body.signer} or gateway.signer not in proven:
        return refuse("signer_not_proven")
    if refusal := _late(body.signed_at, when.wall):
        return refusal
    newest = _newest(session, gateway.id)
    if newest is None:
        return refuse("certificate_revoked")
    if gateway.signer == body.before != body.signer:
        enrolling.apply_stored(session, gateway.id, now)
        if _stays_open(session, gateway.id):
            return refuse("rekey_stays_open")
        place = (gateway.lot, certificates.spaces_of(session, gateway.id))
        made = enrolling.enrol(session, gateway.id, body.signer, place, now, True)
        if isinstance(made, Refusal):
            return made
        newest.signer = body.signer
        session.add(newest)
        who = audit.gateway(gateway.id)
        audit.record(session, who, "gateway.rekeyed", who, {"signer": body.signer}, now)
    return newest


def answer(
    session: Session, authority: Authority, row: CertificateRow, digest: bytes, told: Told
) -> SignedIdentity | Refusal:
    """What the gateway is told, signed: `digest` is of what it asked."""
    deployed = installation.deployed(session)
    gateway = session.get_one(Gateway, row.gateway)
    if deployed is None:
        return refuse("not_deployed")
    body = Identity(
        request="0x" + digest.hex(),
        gateway=gateway.id,
        signer=gateway.signer,
        certificate=row.pem,
        authority=authority.root_pem().decode(),
        ends_at=from_ms(row.ends_ms),
        chain_id=deployed.chain_id,
        ledger=deployed.ledger,
        commands=told.commands,
        broker=told.broker,
        lot=gateway.lot,
        spaces=certificates.spaces_of(session, gateway.id)[:MAX_SPACES],
    )
    return SignedIdentity(body=body, signature=authority.sign(answer_bytes(body)).hex())


def _known(session: Session, authority: Authority, root: str, gateway_id: str) -> Gateway | Refusal:
    """Nobody learns here which gateways there are: one that is not has proven nothing."""
    if root != root_of(authority.fingerprint()):
        return refuse("other_authority")
    if claims.reserved(gateway_id):
        return refuse("reserved_name")
    gateway = session.get(Gateway, gateway_id)
    if gateway is None:
        return refuse("signer_not_proven")
    return refuse("certificate_revoked") if gateways.revoked(session, gateway_id) else gateway


def _late(signed_at: datetime, wall: datetime) -> Refusal | None:
    """Else whoever once heard a request could send it for ever."""
    off_ms = abs(to_ms(wall) - to_ms(signed_at))
    return refuse("signed_late") if off_ms > claims.SIGNED_MS else None


def _often(session: Session, gateway_id: str, wall: datetime) -> bool:
    """Whoever has its keys cannot fill the table."""
    since_ms = to_ms(wall) - claims.DAY_MS
    many = (
        select(func.count())
        .select_from(CertificateRow)
        .where(CertificateRow.gateway == gateway_id, CertificateRow.starts_ms > since_ms)
    )
    return session.exec(many).one() >= claims.MAX_A_DAY


def _newest(session: Session, gateway_id: str) -> CertificateRow | None:
    rows = certificates.listed(session, gateway_id)
    return next((row for row in rows if row.state == "valid"), None)


def _stays_open(session: Session, gateway_id: str) -> bool:
    found = select(Stay.number).where(Stay.gateway == gateway_id, Stay.state == "open")
    return session.exec(found).first() is not None
