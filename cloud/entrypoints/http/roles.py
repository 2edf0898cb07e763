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
# A key's account does not change; what was looked up is kept for so long, and for so many.
KNOWN_S, MAX_KNOWN = 10.0, 10_000


@dataclass(frozen=True, slots=True)
class Rule:
    """`roles`: empty means that nobody need sign in. `own`: see owning.OWNERS."""

    roles: frozenset[str]
    own: str = ""


PUBLIC = Rule(frozenset())
ANYONE = Rule(frozenset(ROLES))


def _only(*roles: str, own: str = "") -> Rule:
    return Rule(frozenset((OPERATOR, *roles)), own)


# A booking's id is 100 random bits and is the key to its page; a lot's state is public.
RULES: dict[tuple[str, str], Rule] = {
    ("POST", f"{V1}/accounts"): _only(),
    ("POST", f"{V1}/accounts/{{number}}/top-up"): _only(),
    ("POST", f"{V1}/gateways"): _only(),
    ("GET", f"{V1}/chain"): _only(),
    ("GET", f"{V1}/lots/{{lot}}/stays"): _only(),
    ("POST", f"{V1}/settlements/{{stay}}/credits"): _only(),
    ("GET", f"{V1}/account"): ANYONE,
    ("GET", f"{V1}/balance"): ANYONE,
    ("GET", f"{V1}/credits"): ANYONE,
    ("GET", f"{V1}/exports/stays.csv"): _only(OWNER),
    ("GET", f"{V1}/exports/settlements.csv"): _only(OWNER),
    ("GET", f"{V1}/exports/postings.csv"): ANYONE,
    ("GET", f"{V1}/registrations"): _only(OWNER),
    ("POST", f"{V1}/registrations"): _only(OWNER),
    ("GET", f"{V1}/registrations/{{registration_id}}"): _only(OWNER, own="registration"),
    ("GET", f"{V1}/offers"): _only(OWNER),
    ("POST", f"{V1}/offers"): _only(OWNER),
    ("GET", f"{V1}/offers/{{offer_id}}"): _only(OWNER, own="offer"),
    ("GET", f"{V1}/offers/{{offer_id}}/withdrawal"): _only(OWNER, own="offer"),
    ("POST", f"{V1}/offers/{{offer_id}}/withdrawal"): _only(OWNER, own="offer"),
    ("GET", f"{V1}/reviews"): _only(),
    ("POST", f"{V1}/reviews/{{number}}/decision"): _only(),
    ("POST", f"{V1}/requests"): _only(DRIVER),
    ("GET", f"{V1}/bookings"): _only(DRIVER),
    ("POST", f"{V1}/bookings"): _only(DRIVER),
    ("POST", f"{V1}/bookings/{{booking_id}}/cancel"): _only(DRIVER, own="booking"),
    ("POST", f"{V1}/bookings/{{booking_id}}/quote"): _only(DRIVER, own="booking"),
    ("POST", f"{V1}/bookings/{{booking_id}}/extend"): _only(DRIVER, own="booking"),
    ("POST", f"{V1}/bookings/{{booking_id}}/window"): _only(DRIVER, own="booking"),
    ("POST", f"{V1}/bookings/{{booking_id}}/plate"): _only(DRIVER, own="booking"),
    ("POST", f"{V1}/bookings/{{booking_id}}/space-taken"): _only(DRIVER, own="booking"),
    ("GET", f"{V1}/bookings/{{booking_id}}"): PUBLIC,
    ("GET", f"{V1}/bookings/{{booking_id}}/stream"): PUBLIC,
    ("GET", f"{V1}/bookings/{{booking_id}}/receipt"): PUBLIC,
    ("GET", f"{V1}/bookings/{{booking_id}}/credits"): PUBLIC,
    ("GET", f"{V1}/bookings/{{booking_id}}/credits/{{number}}"): PUBLIC,
    ("GET", f"{V1}/lots"): PUBLIC,
    ("GET", f"{V1}/lots/{{lot}}"): PUBLIC,
    ("GET", f"{V1}/lots/{{lot}}/spaces.geojson"): PUBLIC,
    ("GET", f"{V1}/lots/{{lot}}/stream"): PUBLIC,
    ("GET", f"{V1}/titles/{{space}}/proof"): PUBLIC,
    ("GET", "/v1/parking/places"): PUBLIC,
    ("GET", "/v1/parking/occupancies"): PUBLIC,
    ("GET", "/v1/parking/rates"): PUBLIC,
}

# The market's: what an owner does with a space, papers, disputes, and the operator's desk.
_SPACE = _only(OWNER, own="space")
_DISPUTE = _only(OWNER, DRIVER, own="dispute")
RULES |= {
    ("POST", f"{V1}/assignments"): _only(),
    ("POST", f"{V1}/offers/preview"): _only(OWNER),
    ("POST", f"{V1}/registrations/{{registration_id}}/withdrawal"): _only(
        OWNER, own="registration"
    ),
    ("GET", f"{V1}/spaces/{{space_id}}/offers"): _SPACE,
    ("GET", f"{V1}/spaces/{{space_id}}/plates"): _SPACE,
    ("POST", f"{V1}/spaces/{{space_id}}/plates"): _SPACE,
    ("POST", f"{V1}/spaces/{{space_id}}/plates/removal"): _SPACE,
    ("POST", f"{V1}/spaces/{{space_id}}/taking-back/plan"): _SPACE,
    ("POST", f"{V1}/spaces/{{space_id}}/taking-back"): _SPACE,
    ("POST", f"{V1}/taking-backs/{{taking_back_id}}/end"): _only(OWNER, own="taking_back"),
    ("GET", f"{V1}/lots/{{lot}}/calendar"): PUBLIC,
    ("POST", f"{V1}/lots/{{lot}}/calendar"): _only(),
    ("POST", f"{V1}/lots/{{lot}}/zone"): _only(),
    ("GET", f"{V1}/spaces/{{space}}/closures"): _only(),
    ("POST", f"{V1}/spaces/{{space}}/closures/plan"): _only(),
    ("POST", f"{V1}/spaces/{{space}}/closures"): _only(),
    ("POST", f"{V1}/closures/{{closure}}/lifting"): _only(),
    ("POST", f"{V1}/spaces/{{space}}/standby"): _only(),
    ("POST", f"{V1}/documents"): _only(OWNER),
    ("GET", f"{V1}/documents"): _only(OWNER),
    ("GET", f"{V1}/documents/{{document_id}}"): _only(OWNER, own="document"),
    ("GET", f"{V1}/documents/{{document_id}}/file"): _only(OWNER, own="document"),
    ("POST", f"{V1}/documents/{{document_id}}/erasure"): _only(OWNER, own="document"),
    ("GET", f"{V1}/reviews/{{number}}"): _only(),
    ("GET", f"{V1}/notices"): ANYONE,
    ("GET", f"{V1}/notices/contact"): ANYONE,
    ("POST", f"{V1}/notices/contact"): ANYONE,
    ("POST", f"{V1}/disputes"): ANYONE,
    ("GET", f"{V1}/disputes"): ANYONE,
    ("GET", f"{V1}/disputes/{{dispute_id}}"): _DISPUTE,
    ("POST", f"{V1}/disputes/{{dispute_id}}/withdrawal"): _DISPUTE,
    ("POST", f"{V1}/disputes/{{dispute}}/decision"): _only(),
    ("POST", f"{V1}/stays/{{number}}/assignment"): _only(),
    ("GET", f"{V1}/stays/{{number}}/evidence"): _only(),
    ("POST", f"{V1}/stays/{{number}}/replay"): _only(),
    ("GET", f"{V1}/trust"): ANYONE,
    ("GET", f"{V1}/accounts/{{number}}/trust"): _only(),
    ("POST", f"{V1}/trust/{{event_id}}/appeal"): _only(OWNER, DRIVER, own="event"),
    ("GET", f"{V1}/appeals"): _only(),
    ("POST", f"{V1}/appeals/{{number}}/decision"): _only(),
    ("GET", f"{V1}/titles/versions"): _only(),
    ("GET", f"{V1}/titles/versions/{{earlier}}/differences/{{later}}"): _only(),
    ("POST", f"{V1}/titles/{{space}}/transfer"): _only(),
    ("POST", f"{V1}/titles/{{space}}/revocation"): _only(),
    ("GET", f"{V1}/audit"): _only(),
}


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
        raise Forbidden(f"It needs the role {' or '.join(sorted(rule.roles - {OPERATOR}))}.")


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
