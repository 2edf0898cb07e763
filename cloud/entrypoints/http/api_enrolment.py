"""What gateways ask without signing in: their requests are signed by keys of theirs.

A failure counts against the address that it came from, so that nobody can try codes for long.
"""

from collections.abc import Callable
from typing import Any

from fastapi import APIRouter, Request
from fastapi.responses import Response
from sqlmodel import Session

from cloud.adapters.authority import new_serial
from cloud.adapters.clock import Clock
from cloud.adapters.db import Database
from cloud.core.reasons import Refusal
from cloud.entrypoints.http.api_gateways import Identity
from cloud.entrypoints.http.api_tools import said
from cloud.entrypoints.http.misses import Misses
from cloud.entrypoints.http.problems import problem, reason_of
from cloud.identity_tables import CertificateRow
from cloud.usecases import certificates, claims, renewing
from cloud.usecases.certificates import Fresh
from contracts.wire.enrolment import (
    Redemption,
    Rekeying,
    Renewal,
    SignedIdentity,
    asked_digest,
)

# Of one address: more than a crew's typing errors, and no use at all against 128 bits.
MAX_MISSES, MISSES_S = 30, 600.0
PEM = "application/x-pem-file"
Made = CertificateRow | Refusal
Story = Callable[[Session, Fresh], Made]
Asked = Redemption | Renewal | Rekeying


class Pem(Response):
    media_type = PEM


class Desk:
    """Answers one gateway's request: does it, signs the answer, counts a failure."""

    def __init__(self, db: Database, clock: Clock, identity: Identity) -> None:
        self.db, self.clock, self.identity = db, clock, identity
        self.misses = Misses(MAX_MISSES, MISSES_S)

    def answer(self, request: Request, asked: Asked, story: Story) -> Response:
        who = (request.client.host if request.client else "").encode()
        identity = self.identity
        fresh = Fresh(new_serial(), identity.when(self.clock))
        now_s = fresh.wall.timestamp()
        if wait_s := self.misses.wait_s(who, now_s):
            return _too_many(request, wait_s)
        digest = asked_digest(asked.body)

        def told(session: Session) -> SignedIdentity | Refusal:
            made = story(session, fresh)
            if isinstance(made, Refusal):
                return made
            return renewing.answer(session, identity.authority, made, digest, identity.told)

        result = self.db.write(told)
        if isinstance(result, Refusal):
            self.misses.add(who, now_s)
        return said(request, result, lambda signed: signed.model_dump(mode="json"), 200)


def add_enrolment(router: APIRouter, db: Database, clock: Clock, identity: Identity) -> None:
    desk, authority = Desk(db, clock, identity), identity.authority
    shown: dict[int | str, dict[str, Any]] = {200: {"model": SignedIdentity}}

    @router.post("/enrolments", responses=shown)
    def redeem(request: Request, asked: Redemption) -> Response:
        """A claim code for a certificate. The same keys may ask again, and are answered alike."""
        return desk.answer(
            request, asked, lambda s, fresh: claims.redeem(s, authority, asked, fresh)
        )

    @router.post("/enrolments/renewals", responses=shown)
    def renew(request: Request, asked: Renewal) -> Response:
        """From 30 days before a certificate ends; before that the same key gets what it has."""
        return desk.answer(
            request, asked, lambda s, fresh: renewing.renew(s, authority, asked, fresh)
        )

    @router.post("/enrolments/keys", responses=shown)
    def rekey(request: Request, asked: Rekeying) -> Response:
        """Another signing key in the place of the old, which signs the request, too."""
        return desk.answer(
            request, asked, lambda s, fresh: renewing.rekey(s, authority, asked, fresh.when)
        )

    _add_files(router, db, identity)


def _add_files(router: APIRouter, db: Database, identity: Identity) -> None:
    text = {PEM: {"schema": {"type": "string"}}}
    pem: dict[int | str, dict[str, Any]] = {200: {"content": text}}

    @router.get("/authority/root.pem", response_class=Pem, responses=pem)
    def root() -> Response:
        """The certificate of the authority that vouches for gateways and the broker."""
        return Pem(identity.authority.root_pem())

    @router.get("/authority/crl.pem", response_class=Pem, responses=pem)
    def crl() -> Response:
        """The certificates that were taken back before their end; good for 30 days."""
        wall = identity.wall.now()
        rows = db.read(lambda s: certificates.revoked(s, wall))
        return Pem(identity.authority.crl(rows, wall))


def _too_many(request: Request, wait_s: int) -> Response:
    values = {"quota": MAX_MISSES, "window_s": int(MISSES_S)}
    answer = problem(request, 429, (reason_of("too_many", **values),))
    answer.headers["retry-after"] = str(wait_s)
    return answer
