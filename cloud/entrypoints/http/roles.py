"""Who may do what: one table for every operation of the API, asked before anything is read.

A signed-in operator may do all of it. What belongs to another account is answered exactly as what
is not there: its id tells nothing. `own` names the object in the path that must be the caller's.
"""

from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from typing import Annotated, Any

from fastapi import Depends, Request
from fastapi.responses import Response
from fastapi.routing import APIRoute
from sqlmodel import Session
from starlette.concurrency import run_in_threadpool

from cloud.adapters.db import Database
from cloud.entrypoints.http.api_paths import V1, operation_of
from cloud.errors import Forbidden, Unauthorised, Unknown
from cloud.tables import Account
from cloud.usecases import accounts, owning

OPERATOR, OWNER, DRIVER = "operator", "owner", "driver"
ROLES = (OPERATOR, OWNER, DRIVER)
ROLES_ZH = {OPERATOR: "运营方", OWNER: "业主", DRIVER: "车主"}
# A key's account does not change; what was looked up is kept for so long, and for so many.
KNOWN_S, MAX_KNOWN = 10.0, 10_000


@dataclass(frozen=True, slots=True)
class Rule:
    """`roles`: empty means that nobody need sign in. `own`: see owning.OWNERS."""

    roles: frozenset[str]
    own: str = ""


# Method, path (below V1 unless it begins with a stroke), who beside the operator, and what of the
# path must be the caller's own. A booking's id is 100 random bits and is the key to its page; a
# lot's state is public.
TABLE = """
POST accounts                                               operator
POST accounts/{number}/top-up                               operator
POST gateways                                               operator
GET  chain                                                  operator
GET  lots/{lot}/stays                                       operator
POST settlements/{stay}/credits                             operator
GET  account                                                signed-in
GET  balance                                                signed-in
GET  credits                                                signed-in
GET  charges                                                signed-in
GET  exports/stays.csv                                      owner
GET  exports/settlements.csv                                owner
GET  exports/postings.csv                                   signed-in
GET  registrations                                          owner
POST registrations                                          owner
GET  registrations/{registration_id}                        owner        registration
GET  offers                                                 owner
POST offers                                                 owner
GET  offers/{offer_id}                                      owner        offer
GET  offers/{offer_id}/withdrawal                           owner        offer
POST offers/{offer_id}/withdrawal                           owner        offer
GET  reviews                                                operator
POST reviews/{number}/decision                              operator
POST requests                                               driver
GET  bookings                                               driver
POST bookings                                               driver
POST bookings/{booking_id}/cancel                           driver       booking
POST bookings/{booking_id}/quote                            driver       booking
POST bookings/{booking_id}/extend                           driver       booking
POST bookings/{booking_id}/window                           driver       booking
POST bookings/{booking_id}/plate                            driver       booking
POST bookings/{booking_id}/space-taken                      driver       booking
GET  bookings/{booking_id}                                  anyone
GET  bookings/{booking_id}/stream                           anyone
GET  bookings/{booking_id}/receipt                          anyone
GET  bookings/{booking_id}/credits                          anyone
GET  bookings/{booking_id}/credits/{number}                 anyone
GET  bookings/{booking_id}/charges                          anyone
GET  bookings/{booking_id}/charges/{number}                 anyone
GET  lots                                                   anyone
GET  lots/{lot}                                             anyone
GET  lots/{lot}/spaces.geojson                              anyone
GET  lots/{lot}/stream                                      anyone
GET  titles/{space}/proof                                   anyone
GET  /v1/parking/places                                     anyone
GET  /v1/parking/occupancies                                anyone
GET  /v1/parking/rates                                      anyone

POST assignments                                            operator
POST offers/preview                                         owner
POST registrations/{registration_id}/withdrawal             owner        registration
GET  spaces/{space_id}/offers                               owner        space
GET  spaces/{space_id}/plates                               owner        space
POST spaces/{space_id}/plates                               owner        space
POST spaces/{space_id}/plates/removal                       owner        space
POST spaces/{space_id}/taking-back/plan                     owner        space
POST spaces/{space_id}/taking-back                          owner        space
POST taking-backs/{taking_back_id}/end                      owner        taking_back
GET  lots/{lot}/alarms                                      operator
GET  lots/{lot}/calendar                                    anyone
POST lots/{lot}/calendar                                    operator
POST lots/{lot}/zone                                        operator
GET  spaces/{space}/closures                                operator
POST spaces/{space}/closures/plan                           operator
POST spaces/{space}/closures                                operator
POST closures/{closure}/lifting                             operator
POST spaces/{space}/standby                                 operator
GET  document-kinds                                         anyone
POST documents                                              owner
GET  documents                                              owner
GET  documents/{document_id}                                owner        document
GET  documents/{document_id}/file                           owner        document
POST documents/{document_id}/erasure                        owner        document
GET  reviews/{number}                                       operator
GET  notices                                                signed-in
GET  notices/contact                                        signed-in
POST notices/contact                                        signed-in
POST disputes                                               signed-in
GET  disputes                                               signed-in
GET  disputes/{dispute_id}                                  signed-in    dispute
POST disputes/{dispute_id}/withdrawal                       signed-in    dispute
POST disputes/{dispute}/decision                            operator
POST stays/{number}/assignment                              operator
GET  stays/{number}/evidence                                operator
POST stays/{number}/replay                                  operator
GET  trust                                                  signed-in
GET  accounts/{number}/trust                                operator
POST trust/{event_id}/appeal                                signed-in    event
GET  appeals                                                operator
POST appeals/{number}/decision                              operator
GET  titles/versions                                        operator
GET  titles/versions/{earlier}/differences/{later}          operator
POST titles/{space}/transfer                                operator
POST titles/{space}/revocation                              operator
GET  audit                                                  operator
POST alarms/acknowledgement                                 operator
"""
WHO = {
    "anyone": frozenset[str](),
    "signed-in": frozenset(ROLES),
    "operator": frozenset((OPERATOR,)),
    "owner": frozenset((OPERATOR, OWNER)),
    "driver": frozenset((OPERATOR, DRIVER)),
    "owner,driver": frozenset(ROLES),
}


def _rule(line: str) -> tuple[tuple[str, str], Rule]:
    method, path, who, *own = line.split()
    whole = path if path.startswith("/") else f"{V1}/{path}"
    return (method, whole), Rule(WHO[who], *own)


RULES = dict(_rule(line) for line in TABLE.splitlines() if line)


def caller(request: Request) -> Account:
    """Who signed in; only of operations whose rule names roles."""
    account: Account = request.state.account
    return account


async def _caller(request: Request) -> Account:
    return caller(request)


Caller = Annotated[Account, Depends(_caller)]


class Keys:
    """Accounts by their access key, remembered for a short while."""

    def __init__(self, db: Database, now_s: Callable[[], float]) -> None:
        self.db, self.now_s = db, now_s
        self._known: dict[str, tuple[float, Account]] = {}

    async def account(self, header: str) -> Account:
        kind, _, token = header.partition(" ")
        if kind.lower() != "bearer" or not token.isascii():
            raise Unauthorised
        found = self._known.get(token)
        if found is not None and self.now_s() - found[0] < KNOWN_S:
            return found[1]
        account = await run_in_threadpool(
            self.db.read, lambda session: accounts.by_token(session, token)
        )
        if account is None:
            raise Unauthorised
        if len(self._known) >= MAX_KNOWN:
            self._known.clear()
        self._known[token] = (self.now_s(), account)
        return account


def allow(account: Account, rule: Rule) -> None:
    if account.role not in rule.roles:
        # Operators may do all of it: they are named where nobody else may.
        needed = sorted(rule.roles - {OPERATOR}) or [OPERATOR]
        said_zh = f"需要角色：{'、'.join(ROLES_ZH[role] for role in needed)}。"
        raise Forbidden(f"It needs the role {' or '.join(needed)}.", said_zh)


def theirs(session: Session, account: Account, rule: Rule, params: dict[str, Any]) -> None:
    """Raises Unknown, with the same words, for what is not there and for what is another's."""
    name, find = owning.OWNERS[rule.own]
    owners = find(session, str(params[f"{rule.own}_id"]))
    if owners is None or (account.role != OPERATOR and account.number not in owners):
        raise Unknown(f"{name} {params[f'{rule.own}_id']}.")


def guarded(keys: Keys) -> type[APIRoute]:
    """Routes that ask the table before they read a body. One without a rule cannot be made."""

    class Guarded(APIRoute):
        def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
            handle = super().get_route_handler()
            rule = RULES[operation_of(self)]

            async def checked(request: Request) -> Response:
                if rule.roles:
                    account = await keys.account(request.headers.get("authorization", ""))
                    allow(account, rule)
                    request.state.account = account
                    if rule.own:
                        params = request.path_params
                        await run_in_threadpool(
                            keys.db.read, lambda s: theirs(s, account, rule, params)
                        )
                return await handle(request)

            return checked

    return Guarded
