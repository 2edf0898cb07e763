"""One's own data: all that is held of oneself, and being forgotten."""

from typing import Annotated, Any

from fastapi import APIRouter, Request
from fastapi.responses import Response
from pydantic import BaseModel, Field
from sqlmodel import Session

from cloud.adapters.clock import Clock
from cloud.adapters.db import Database
from cloud.core.reasons import Refusal, refuse
from cloud.entrypoints.http.api_shapes import Moment
from cloud.entrypoints.http.api_tools import MAX_ACCOUNT, said
from cloud.entrypoints.http.asked import Asked
from cloud.entrypoints.http.callers import Keys
from cloud.entrypoints.http.roles import Caller
from cloud.usecases import audit, erasing, persons


class PersonTable(BaseModel):
    table: str
    what: str
    columns: dict[str, str]
    when_erased: str | list[str]
    why_kept: str
    more: bool
    rows: list[dict[str, Any]]


class PersonShape(BaseModel):
    """All that the installation holds of a person, with what each part says of her."""

    format: str
    version: int
    account: int
    at: Moment
    erased_at: Moment | None
    tables: list[PersonTable]
    elsewhere: list[str]


class ErasureMade(BaseModel):
    """What went, and what had to stay."""

    erased: bool
    account: int
    rows: dict[str, int]
    kept: dict[str, str]
    receipts: dict[str, Any]


class Erasure(Asked):
    confirm: Annotated[int, Field(ge=1, le=MAX_ACCOUNT)]


def add_privacy(router: APIRouter, db: Database, clock: Clock, keys: Keys) -> None:
    @router.get("/account/export", responses={200: {"model": PersonShape}})
    def export(request: Request, account: Caller) -> Response:
        """Plates in clear, secrets not at all."""
        number, now = account.number or 0, clock.now()
        found = db.read(lambda s: persons.export(s, number, now))
        return said(request, found, dict, 200)

    @router.post("/account/erasure", responses={200: {"model": ErasureMade}})
    def erase(request: Request, asked: Erasure, account: Caller) -> Response:
        """For good: the key of one's plates and every name go; what was filed stays valid. Refused

        while a booking, a stay, a debt or a dispute is open.
        """
        number, now = account.number or 0, clock.now()

        def story(session: Session) -> erasing.Forgotten | Refusal:
            if asked.confirm != number:
                return refuse("erasure_unconfirmed")
            return erasing.erase(session, number, audit.account(number), now)

        made = db.write(story)
        if not isinstance(made, Refusal):
            keys.forget()
            db.tidy()
        return said(request, made, erasing.Forgotten.plain, 200)
