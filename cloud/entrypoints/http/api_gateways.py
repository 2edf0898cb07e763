"""Claim codes and certificates for operators and installers, and the operations that revoke."""

import json
from dataclasses import dataclass
from typing import Any

from fastapi import APIRouter, Request
from fastapi.responses import Response
from sqlmodel import Session

from cloud.adapters import claim_cards
from cloud.adapters.authority import MemoryAuthority
from cloud.adapters.claim_cards import Card
from cloud.adapters.clock import Clock, SystemClock, new_id, new_salt
from cloud.adapters.db import Database
from cloud.core.reasons import Refusal
from cloud.entrypoints.http.api_shapes_identity import (
    CertificateShape,
    ClaimMade,
    ClaimShape,
    NewClaim,
    Revocation,
    Revoked,
)
from cloud.entrypoints.http.api_tools import IdText, MaybeKey, Once, said, tagged
from cloud.entrypoints.http.roles import Caller
from cloud.identity_tables import CertificateRow, ClaimRow
from cloud.ports.authority import Authority
from cloud.usecases import audit, certificates, claims
from cloud.usecases.answered import Answer
from cloud.usecases.certificates import When, state_of
from cloud.usecases.renewing import Told
from contracts.wire.claim_codes import SECRET_BYTES, ClaimCode, root_of, spelled
from contracts.wire.types import format_instant, from_ms

View = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Identity:
    """`wall`: real time; `url`: where gateways reach this cloud, "" is where it was asked."""

    authority: Authority
    wall: Clock
    told: Told
    url: str = ""

    def when(self, clock: Clock) -> When:
        return When(clock.now(), self.wall.now())


def in_memory() -> Identity:
    """An authority that is gone with the process, in real time: for tests and demonstrations."""
    clock = SystemClock()
    return Identity(MemoryAuthority(clock.now()), clock, Told("mqtt://127.0.0.1:1883"))


def add_identity(router: APIRouter, db: Database, clock: Clock, identity: Identity) -> None:
    _add_claims(router, db, clock, identity)
    _add_claims_list(router, db, identity)
    _add_certificates(router, db, clock, identity)


def _add_claims(router: APIRouter, db: Database, clock: Clock, identity: Identity) -> None:
    once = Once(db, clock)

    @router.post("/claims", status_code=201, responses={201: {"model": ClaimMade}})
    def make(
        request: Request, asked: NewClaim, account: Caller, idempotency_key: MaybeKey = None
    ) -> Response:
        """The code is in the first answer only; it is good once, for that device, for 24 hours.

        Any earlier code for the gateway that is still open is void.
        """
        who = audit.account(account.number)
        code = new_code(identity.authority)
        made = claims.Made(new_id("c"), code.address(), who, identity.when(clock))
        wanted = claims.Wanted(**asked.model_dump())
        base = identity.url or str(request.base_url).rstrip("/")

        def story(session: Session) -> Answer | Refusal:
            row = claims.make(session, wanted, made)
            if isinstance(row, Refusal):
                return row
            card = card_of(row, spelled(code), base)
            told = {
                "text": card.code,
                "command": card.command,
                "page": claim_cards.page(card),
            }
            return Answer(201, claim_view(row, identity.wall) | {"code": told})

        result = once.do(request, asked, story, but="code")
        return said(request, result, lambda answer: answer.body, 201)

    @router.post("/claims/{claim_id}/voiding", responses={200: {"model": ClaimShape}})
    def void(request: Request, claim_id: IdText, account: Caller) -> Response:
        """A code that was lost, or is needed no more."""
        who, when = audit.account(account.number), identity.when(clock)
        row = db.write(lambda s: claims.void(s, claim_id, who, when))
        return said(request, row, lambda found: claim_view(found, identity.wall), 200)


def _add_claims_list(router: APIRouter, db: Database, identity: Identity) -> None:
    @router.get("/claims", responses={200: {"model": list[ClaimShape]}})
    def listed(request: Request) -> Response:
        """The newest 500; nobody can read a code again."""
        rows = db.read(claims.listed)
        return tagged(request, [claim_view(row, identity.wall) for row in rows])

    @router.get("/certificates", responses={200: {"model": list[CertificateShape]}})
    def given(request: Request) -> Response:
        """The newest 1000."""
        rows = db.read(certificates.listed)
        return tagged(request, [certificate_view(row, identity.wall) for row in rows])


def _add_certificates(router: APIRouter, db: Database, clock: Clock, identity: Identity) -> None:
    @router.post("/certificates/{certificate}/revocation", responses={200: {"model": Revoked}})
    def revoke(
        request: Request, certificate: IdText, asked: Revocation, account: Caller
    ) -> Response:
        """Whoever holds a device's certificate holds the device: its gateway is revoked."""
        who, when = audit.account(account.number), identity.when(clock)
        made = db.write(lambda s: certificates.revoke(s, certificate, asked.why, who, when))
        return _revoked(request, made)

    @router.post("/gateways/{gateway_id}/revocation", responses={200: {"model": Revoked}})
    def revoke_gateway(
        request: Request, gateway_id: IdText, asked: Revocation, account: Caller
    ) -> Response:
        """From its next event on nothing of it counts, and at its next connection it is refused.

        It comes back with a new claim code and new keys.
        """
        who, when = audit.account(account.number), identity.when(clock)
        made = db.write(lambda s: certificates.revoke_all(s, gateway_id, asked.why, who, when))
        return _revoked(request, made)


def _revoked(request: Request, made: str | Refusal) -> Response:
    return said(request, made, lambda gateway: {"gateway": gateway, "revoked": True}, 200)


def new_code(authority: Authority) -> ClaimCode:
    return ClaimCode(new_salt()[:SECRET_BYTES], root_of(authority.fingerprint()))


def card_of(row: ClaimRow, code: str, url: str) -> Card:
    command = claim_cards.command_of(url, code)
    return Card(row.gateway, row.serial, code, command, from_ms(row.ends_ms))


def claim_view(row: ClaimRow, wall: Clock) -> View:
    return {
        "id": row.id,
        "gateway": row.gateway,
        "serial": row.serial,
        "lot": row.lot,
        "spaces": json.loads(row.spaces),
        "state": claims.state_of(row, wall.now()),
        "misses": row.misses,
        "made_at": format_instant(from_ms(row.made_ms)),
        "ends_at": format_instant(from_ms(row.ends_ms)),
        "spent_at": None if row.spent_ms is None else format_instant(from_ms(row.spent_ms)),
    }


def certificate_view(row: CertificateRow, wall: Clock) -> View:
    revoked_ms = row.revoked_ms
    return {
        "serial": row.serial,
        "gateway": row.gateway,
        "signer": row.signer,
        "state": state_of(row, wall.now()),
        "starts_at": format_instant(from_ms(row.starts_ms)),
        "ends_at": format_instant(from_ms(row.ends_ms)),
        "revoked_at": None if revoked_ms is None else format_instant(from_ms(revoked_ms)),
        "why": row.why,
    }
