"""Managing accounts: who there is, which role each has, and whom one invites."""

from fastapi import APIRouter, Depends, Request
from fastapi.responses import Response
from sqlmodel import Session

from cloud.adapters.clock import new_token
from cloud.core.reasons import Refusal
from cloud.entrypoints.http.api_acts import Acts
from cloud.entrypoints.http.api_shapes_accounts import AccountListed, InvitationMade, RoleGiven
from cloud.entrypoints.http.api_tools import (
    AccountNumber,
    MaybeKey,
    Once,
    Page,
    View,
    page_of,
    paged,
    said,
)
from cloud.entrypoints.http.asked_accounts import NewInvitation, NewRole
from cloud.entrypoints.http.callers import Keys
from cloud.entrypoints.http.door import Door
from cloud.entrypoints.http.roles import Caller
from cloud.tables import Account
from cloud.usecases import people, sign_up
from cloud.usecases.answered import Answer
from contracts.wire.types import format_instant, from_ms, to_ms


def add_people(router: APIRouter, door: Door, keys: Keys) -> None:
    _add_list(router, door, keys)
    _add_invitations(router, door)


def _add_list(router: APIRouter, door: Door, keys: Keys) -> None:
    @router.get("/accounts", responses={200: {"model": list[AccountListed]}})
    def listed(request: Request, page: Page = Depends(page_of)) -> Response:
        (after,) = page.after(int) or (0,)
        rows = door.db.read(lambda s: people.listed(s, after, page.limit))
        return paged(request, page, rows, (dict, lambda row: (row["number"],)))

    @router.post("/accounts/{number}/role", responses={200: {"model": RoleGiven}})
    def give(request: Request, number: AccountNumber, asked: NewRole, account: Caller) -> Response:
        """Every session of the account ends; its keys go on, with what the role may do."""
        acts = Acts(door.clock, account)

        def story(session: Session) -> Account:
            made = people.give_role(session, number, asked.role)
            return acts.done(session, "account.role", f"account:{number}", made, role=asked.role)

        made = door.db.write(story)
        keys.forget()
        return said(request, made, _given, 200)


def _add_invitations(router: APIRouter, door: Door) -> None:
    once = Once(door.db, door.clock)

    @router.post("/invitations", status_code=201, responses={201: {"model": InvitationMade}})
    def invite(
        request: Request,
        asked: NewInvitation,
        account: Caller,
        idempotency_key: MaybeKey = None,
    ) -> Response:
        """A code that opens one account of that role within seven days; told in this answer only.

        An operator invites owners, drivers, operators and installers; an administrator anybody.
        """
        code, now_ms, acts = new_token(), to_ms(door.clock.now()), Acts(door.clock, account)

        def story(session: Session) -> Answer | Refusal:
            made = sign_up.invite(session, account, asked.role, code, now_ms)
            if isinstance(made, Refusal):
                return made
            about = f"account:{account.number}"
            acts.done(session, "account.invited", about, made, role=asked.role)
            ends_at = format_instant(from_ms(made.ends_ms))
            return Answer(201, {"role": made.role, "code": code, "ends_at": ends_at})

        answered = once.do(request, asked, story, but="code")
        if isinstance(answered, Refusal):
            return said(request, answered, dict, 409)
        return said(request, answered, lambda answer: answer.body, answered.status)


def _given(row: Account) -> View:
    return {"number": row.number, "role": row.role}
