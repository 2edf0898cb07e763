"""How an account is told: its codes go there, so a change is proven and held."""

from fastapi import APIRouter, Request
from fastapi.responses import Response

from cloud.audit_tables import NoticeContact
from cloud.core.reasons import Refusal
from cloud.entrypoints.http import proving
from cloud.entrypoints.http.api_shapes_market import ContactShape
from cloud.entrypoints.http.api_tools import View, said, tagged
from cloud.entrypoints.http.asked_market import NewContact
from cloud.entrypoints.http.door import Door
from cloud.entrypoints.http.roles import OPERATOR, Caller
from cloud.tables import Account
from cloud.usecases import contacts, notices


def add_contact(router: APIRouter, door: Door) -> None:
    @router.get("/notices/contact", responses={200: {"model": ContactShape}})
    def contact(request: Request, account: Caller) -> Response:
        number = account.number or 0
        return tagged(request, _shown(door.db.read(lambda s: notices.contact(s, number))))

    @router.post("/notices/contact", responses={200: {"model": ContactShape}})
    def set_contact(request: Request, asked: NewContact, account: Caller) -> Response:
        """How the account wants to be told. A webhook needs a secret of 16 characters or more.

        Whom it told before is told of another address, and no code goes there for 24 hours.
        """
        return said(request, changed(door, request, account, asked), _shown, 200)


def changed(
    door: Door, request: Request, account: Account, asked: NewContact
) -> NoticeContact | Refusal:
    token = request.state.token
    refused = proving.objection(door, request, account, token, asked.password)
    if refused is not None:
        return refused
    way, number = notices.Way(**asked.model_dump(exclude={"password"})), account.number or 0
    by_operator, now = account.role == OPERATOR, door.clock.now()
    return door.db.write(lambda s: contacts.change(s, number, way, by_operator, now))


def _shown(row: NoticeContact) -> View:
    """The secret is told to nobody again."""
    return {"channel": row.channel, "address": row.address, "language": row.language}
