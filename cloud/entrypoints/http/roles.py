"""Who may do what: one table for every operation of the API, asked before anything is read.

A signed-in operator may do all of it but change roles; an auditor reads all of it and changes
nothing. What belongs to another account is answered exactly as what is not there: its id tells
nothing. `own` names the object in the path that must be the caller's. docs/roles.md is this table
written out, and a test calls every operation as everybody and compares.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Any

from fastapi import Depends, Request
from sqlmodel import Session

from cloud.entrypoints.http.api_paths import V1
from cloud.errors import Forbidden, Unknown
from cloud.tables import Account
from cloud.usecases import owning

OPERATOR, OWNER, DRIVER = "operator", "owner", "driver"
INSTALLER, ADMIN, AUDITOR = "installer", "admin", "auditor"
ROLES = (OPERATOR, OWNER, DRIVER, INSTALLER, ADMIN, AUDITOR)
ROLES_ZH = {
    OPERATOR: "运营方",
    OWNER: "业主",
    DRIVER: "车主",
    INSTALLER: "安装人员",
    ADMIN: "管理员",
    AUDITOR: "审计员",
}
# They see what is everybody's where others see their own.
SEE_ALL = (OPERATOR, AUDITOR)


@dataclass(frozen=True, slots=True)
class Rule:
    """`roles`: empty means that nobody need sign in. `own`: see owning.OWNERS.

    `strict`: nobody has another's, not even the operator.
    """

    roles: frozenset[str]
    own: str = ""
    strict: bool = False


# Method, path (below V1 unless it begins with a stroke), who (see WHO), and what of the path must
# be the caller's own. A booking's id is 100 random bits and is the key to its page; a lot's state
# is public.
TABLE = """
POST sign-in                                                anyone
POST sign-in/passkey/options                                anyone
POST sign-in/passkey                                        anyone
POST sign-up                                                anyone
POST sign-up/confirmation                                   anyone
POST password-reset                                         anyone
POST password-reset/confirmation                            anyone
POST sign-out                                               self
GET  sessions                                               self
POST sessions/{session_id}/end                              self         session
POST account/password                                       self
GET  passkeys                                               self
POST passkeys/options                                       self
POST passkeys                                               self
POST passkeys/{passkey_id}/removal                          self         passkey
GET  keys                                                   self
POST keys                                                   self
POST keys/{key_id}/revocation                               self         key
GET  accounts                                               operator,admin
POST accounts/{number}/role                                 admin
POST invitations                                            operator,admin

POST accounts                                               operator,admin
POST accounts/{number}/top-up                               operator
POST gateways                                               installer
GET  chain                                                  operator
GET  lots/{lot}/stays                                       operator
POST settlements/{stay}/credits                             operator
GET  account                                                signed-in
GET  account/export                                         self
POST account/erasure                                        self
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
GET  claims                                                 installer
POST claims                                                 installer
POST claims/{claim_id}/voiding                              installer
GET  certificates                                           installer
POST certificates/{certificate}/revocation                  operator
POST gateways/{gateway_id}/revocation                       operator
POST enrolments                                             anyone
POST enrolments/renewals                                    anyone
POST enrolments/keys                                        anyone
GET  authority/root.pem                                     anyone
GET  authority/crl.pem                                      anyone
"""
# Beside an operator, who stands in each but `admin`, and an auditor in all that is only read.
WHO: Mapping[str, frozenset[str]] = {
    "anyone": frozenset(),
    "signed-in": frozenset(ROLES) - {AUDITOR},
    # One's own way in: of the auditor, too, and of nobody else.
    "self": frozenset(ROLES),
    "operator": frozenset((OPERATOR,)),
    "owner": frozenset((OPERATOR, OWNER)),
    "driver": frozenset((OPERATOR, DRIVER)),
    "installer": frozenset((OPERATOR, INSTALLER)),
    "admin": frozenset((ADMIN,)),
}


def _rule(line: str) -> tuple[tuple[str, str], Rule]:
    method, path, who, *own = line.split()
    whole = path if path.startswith("/") else f"{V1}/{path}"
    roles = frozenset[str]().union(*(WHO[one] for one in who.split(",")))
    if method == "GET" and roles:
        roles |= {AUDITOR}
    return (method, whole), Rule(roles, own[0] if own else "", who == "self")


RULES = dict(_rule(line) for line in TABLE.splitlines() if line)


def caller(request: Request) -> Account:
    """Who signed in; only of operations whose rule names roles."""
    account: Account = request.state.account
    return account


async def _caller(request: Request) -> Account:
    return caller(request)


Caller = Annotated[Account, Depends(_caller)]


def sees_all(account: Account) -> bool:
    """Whether a list holds everybody's, or the caller's own."""
    return account.role in SEE_ALL


def allow(account: Account, rule: Rule) -> None:
    if account.role not in rule.roles:
        # Operators may do nearly all of it: they are named where nobody else may.
        needed = sorted(rule.roles - set(SEE_ALL)) or [OPERATOR]
        said_zh = f"需要角色：{'、'.join(ROLES_ZH[role] for role in needed)}。"
        raise Forbidden(f"It needs the role {' or '.join(needed)}.", said_zh)


def theirs(session: Session, account: Account, rule: Rule, params: dict[str, Any]) -> None:
    """Raises Unknown, with the same words, for what is not there and for what is another's."""
    name, find = owning.OWNERS[rule.own]
    owners = find(session, str(params[f"{rule.own}_id"]))
    others = sees_all(account) and not rule.strict
    if owners is None or not (others or account.number in owners):
        raise Unknown(f"{name} {params[f'{rule.own}_id']}.")
