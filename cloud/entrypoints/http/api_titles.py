"""The operator's title library over HTTP: its versions, what differs, and one title's change.

Holders' names are masked; the office's files are read by the command line (cli_titles.py).
"""

from dataclasses import asdict
from itertools import dropwhile, islice
from typing import Any

from fastapi import APIRouter, Depends, Request
from fastapi.responses import Response
from sqlmodel import Session

from cloud.adapters.clock import Clock, new_salt
from cloud.adapters.db import Database
from cloud.core.reasons import Refusal
from cloud.entrypoints.http.api_shapes_cases import (
    DifferenceShape,
    TitlesMade,
    TitleVersionShape,
)
from cloud.entrypoints.http.api_tools import (
    AccountNumber,
    IdText,
    Key,
    Once,
    Page,
    page_of,
    paged,
    said,
    tagged,
)
from cloud.entrypoints.http.asked_market import NewHolder, Revocation
from cloud.entrypoints.http.problems import refused
from cloud.entrypoints.http.roles import Caller
from cloud.tables import Account
from cloud.usecases import audit, title_changes, title_history
from cloud.usecases.answered import Answer
from cloud.usecases.title_changes import By
from cloud.usecases.titles import Imported
from contracts.wire.types import format_instant, from_ms

View = dict[str, Any]


def add_titles(router: APIRouter, db: Database, clock: Clock) -> None:
    _add_history(router, db)
    _add_changes(router, db, clock)


def _add_history(router: APIRouter, db: Database) -> None:
    @router.get("/titles/versions", responses={200: {"model": list[TitleVersionShape]}})
    def versions(request: Request) -> Response:
        """The newest first."""
        rows = db.read(title_history.versions)
        return tagged(request, [_version(row) for row in rows])

    @router.get(
        "/titles/versions/{earlier}/differences/{later}",
        responses={200: {"model": list[DifferenceShape]}},
    )
    def differences(
        request: Request,
        earlier: AccountNumber,
        later: AccountNumber,
        page: Page = Depends(page_of),
    ) -> Response:
        """What made the later version of the earlier one, by space."""
        after = page.after(str)

        def story(session: Session) -> list[View] | Refusal:
            unknown = title_history.known(session, earlier, later)
            if unknown is not None:
                return unknown
            found = title_history.differences(session, earlier, later)
            rest = dropwhile(lambda one: after is not None and one.space <= after[0], found)
            return [asdict(one) for one in islice(rest, page.limit + 1)]

        rows = db.read(story)
        if isinstance(rows, Refusal):
            return refused(request, rows)
        return paged(request, page, rows, (dict, lambda row: (row["space"],)))


def _add_changes(router: APIRouter, db: Database, clock: Clock) -> None:
    once = Once(db, clock)

    @router.post(
        "/titles/{space}/transfer", status_code=201, responses={201: {"model": TitlesMade}}
    )
    def transfer(
        request: Request, space: IdText, asked: NewHolder, idempotency_key: Key, account: Caller
    ) -> Response:
        """To another holder: the mark and the offers of the one before end."""
        by = _by(asked.reason, clock, account)

        def story(session: Session) -> Answer | Refusal:
            made = title_changes.transfer(session, space, asked.holder, by)
            return _answer(made)

        return said(request, once.do(request, asked, story), lambda answer: answer.body, 201)

    @router.post(
        "/titles/{space}/revocation", status_code=201, responses={201: {"model": TitlesMade}}
    )
    def revoke(
        request: Request, space: IdText, asked: Revocation, idempotency_key: Key, account: Caller
    ) -> Response:
        """The title leaves the library; nothing on its space may be shared."""
        by = _by(asked.reason, clock, account)

        def story(session: Session) -> Answer | Refusal:
            made = title_changes.revoke(session, space, by)
            return _answer(made)

        return said(request, once.do(request, asked, story), lambda answer: answer.body, 201)


def _by(reason: str, clock: Clock, account: Account) -> By:
    return By(reason, clock.now(), new_salt(), audit.account(account.number))


def _answer(made: Imported | Refusal) -> Answer | Refusal:
    if isinstance(made, Refusal):
        return made
    return Answer(201, {"version": made.version, "count": made.count, "root": made.root})


def _version(row: title_history.VersionLine) -> View:
    told = asdict(row)
    return told | {"imported_at": format_instant(from_ms(told.pop("imported_ms")))}
