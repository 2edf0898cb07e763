"""The API with one account of every role, and things that can be given to any of them."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

from sqlmodel import Session, SQLModel

from cloud.account_tables import AccessKey, Passkey
from cloud.compliance_tables import Document
from cloud.entrypoints.http import csrf
from cloud.entrypoints.http.roles import ROLES
from cloud.offer_tables import SpaceClosure, TakeBack
from cloud.stay_tables import Dispute, TrustEvent
from cloud.tables import Account, Booking, Offer, Registration
from cloud.usecases import accounts, sessions
from tests.cloud.rig import ADMIN
from tests.http.rig import PAPER, opened, sent

EVENT, NEVER = 777_777, "b-00000000000000000000"
STRANGER = "stranger"
UNSEEN_MS = 8 * 86_400_000
COOKIE_OF_OURS = {"sec-fetch-site": "same-origin"}


class World:
    """`numbers`: the account of each role, and of a stranger who owns what is another's."""

    def __init__(self, folder: Path) -> None:
        self.front = opened(folder)
        self.numbers = {role: self._account(role) for role in (*ROLES, STRANGER)}
        self.values = self._paths()
        self.ended = self.cookie_of("driver", "ended", ended=True)
        self.rows = {kind: self._row(*where) for kind, where in KEPT.items()}

    def _account(self, role: str) -> int:
        rig = self.front.rig
        known = "owner" if role == STRANGER else role
        made = rig.db.write(
            lambda s: accounts.open_account(s, role, known, f"table {role}", ADMIN, rig.now_ms)
        )
        return made.number or 0

    def key_of(self, role: str) -> dict[str, str]:
        return {"authorization": f"Bearer table {role}"}

    def cookie_of(self, role: str, token: str, ended: bool = False) -> dict[str, str]:
        """The one session of that role; or one that ended because nobody used it for a week."""
        rig, number = self.front.rig, self.numbers[role]
        at_ms = rig.now_ms - UNSEEN_MS * ended

        def story(session: Session) -> None:
            account = session.get_one(Account, number)
            sessions.end_all(session, number)
            start = sessions.Start(f"{token}-{role}", f"ses-{token}-{role}", "password")
            sessions.begin(session, account, start, at_ms)

        rig.db.write(story)
        return {"cookie": f"{csrf.COOKIE}={token}-{role}"}

    def _paths(self) -> dict[str, str]:
        """A value for each name in a path, of things that are there."""
        front = self.front
        booking = front.booked()
        offer = front.get("/api/v1/offers", "owner").json()[0]["id"]
        registration = front.get("/api/v1/registrations", "owner").json()[0]["id"]
        document = sent(front).json()["id"]
        front.rig.db.write(lambda s: self._more(s, booking))
        return {
            "booking_id": booking,
            "offer_id": offer,
            "registration_id": registration,
            "lot": "lot-1",
            "space": "S1",
            "space_id": "S1",
            "stay": "1",
            "number": str(front.rig.driver),
            "document_id": document,
            "dispute": "case-1",
            "dispute_id": "case-1",
            "taking_back_id": "back-1",
            "closure": "back-1",
            "event_id": str(EVENT),
            "earlier": "1",
            "later": "1",
            "session_id": "ses-given",
            "passkey_id": "pk-given",
            "key_id": "key-given",
            "claim_id": "c-none",
            "certificate": "1",
            "gateway_id": "gw-none",
        }

    def _more(self, session: Session, booking: str) -> None:
        front = self.front
        owner, now_ms = front.rig.owner, front.rig.now_ms
        case = Dispute(id="case-1", opened_by=owner, role="owner", about="other", opened_ms=now_ms)
        times = {"starts_ms": now_ms, "ends_ms": now_ms + 1, "made_ms": now_ms}
        back = TakeBack(
            id="back-1",
            space="S3",
            owner=owner,
            token="t",
            plan="{}",
            compensation_minor=0,
            **times,
        )
        shut = SpaceClosure(id="back-1", space="S3", reason="owner", by_account=owner, **times)
        session.add_all([case, back, shut])
        session.flush()
        about = f"booking:{booking}"
        event = {"number": EVENT, "account": owner, "code": "took_back"}
        session.add(TrustEvent(**event, about=about, at_ms=now_ms))

    def give(self, kind: str, number: int) -> None:
        """From now on it is theirs; a session, a key and a passkey are made again."""
        self.front.rig.db.write(lambda s: GIVEN[kind](self, s, number))

    def _row(self, table: type[SQLModel], name: str, _column: str) -> dict[str, Any]:
        """As it is at first: what a call changes of it is put back for the next."""
        key = self.values[name]
        number = int(key) if key.isdigit() else key
        return self.front.rig.db.read(lambda s: s.get_one(table, number).model_dump())


Give = Callable[[World, Session, int], None]


def _kept(kind: str) -> Give:
    def give(world: World, session: Session, number: int) -> None:
        table, _, column = KEPT[kind]
        session.merge(table(**world.rows[kind] | {column: number}))

    return give


def _document(world: World, session: Session, number: int) -> None:
    _kept("document")(world, session, number)
    world.front.store.put(world.rows["document"]["sha256"], PAPER)


def _session(world: World, session: Session, number: int) -> None:
    now_ms = world.front.rig.now_ms
    account = session.get_one(Account, number)
    sessions.end(session, "ses-given")
    sessions.begin(session, account, sessions.Start("given", "ses-given", "password"), now_ms)


def _passkey(world: World, session: Session, number: int) -> None:
    made = Passkey(
        id="pk-given", credential="given", account=number, name="n", key=b"", signed=0, made_ms=0
    )
    session.merge(made)


def _key(world: World, session: Session, number: int) -> None:
    made = AccessKey(id="key-given", account=number, name="n", scope="all", mark="given", made_ms=0)
    session.merge(made)


# Of what kind: its table, the name of its id in a path, and the column that says whose it is.
KEPT: dict[str, tuple[type[SQLModel], str, str]] = {
    "booking": (Booking, "booking_id", "driver"),
    "registration": (Registration, "registration_id", "owner"),
    "offer": (Offer, "offer_id", "owner"),
    "document": (Document, "document_id", "owner"),
    "taking_back": (TakeBack, "taking_back_id", "owner"),
    "dispute": (Dispute, "dispute_id", "opened_by"),
    "event": (TrustEvent, "event_id", "account"),
}
GIVEN: dict[str, Give] = {
    **{kind: _kept(kind) for kind in KEPT},
    "space": _kept("registration"),
    "document": _document,
    "session": _session,
    "passkey": _passkey,
    "key": _key,
}
