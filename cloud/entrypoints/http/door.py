"""The door: what the API and the pages do alike to let a person in. Hashing waits for no writer.

Passwords are compared between two transactions: one counts the attempt, the other signs in.
"""

from dataclasses import dataclass, field
from datetime import datetime
from urllib.parse import urlsplit

from fastapi import Request
from fastapi.responses import Response
from sqlmodel import Session

from cloud.adapters.clock import Clock, new_id, new_token
from cloud.adapters.db import Database
from cloud.adapters.passkeys import Site
from cloud.adapters.passwords import Passwords
from cloud.core import passwords as chosen
from cloud.core import sign_in_names
from cloud.core.reasons import Refusal, refuse
from cloud.entrypoints.http import csrf
from cloud.entrypoints.http.rates import household
from cloud.tables import Account
from cloud.usecases import audit, mailed_codes, notices, sessions, sign_in, sign_up
from cloud.usecases.mailed_codes import RESET, SIGN_UP, Wish
from contracts.wire.types import to_ms

# Which browser signed in before; it lets nobody in.
KNOWN_COOKIE = "berth_known"
KNOWN_S = sign_in.KNOWN_MS // 1000


@dataclass(frozen=True, slots=True)
class Signed:
    """`token` is the session's; `browser`: what the browser keeps to be known by."""

    account: Account
    token: str
    browser: str


@dataclass(frozen=True, slots=True)
class Entry:
    """`open_to_all`: a stranger may become a driver (only where e-mail goes out).

    `origin`: https://host, where that is known.
    """

    passwords: Passwords = field(default_factory=Passwords)
    open_to_all: bool = False
    origin: str = ""


def entry_of(url: str, smtp: str) -> Entry:
    """By the settings: BERTH_URL is where the pages are; without BERTH_SMTP no code goes out."""
    parts = urlsplit(url)
    origin = f"{parts.scheme}://{parts.netloc}" if parts.netloc else ""
    return Entry(open_to_all=bool(smtp), origin=origin)


@dataclass(frozen=True, slots=True)
class Door:
    """`custodian` holds the chain accounts of people who have no address of their own."""

    db: Database
    clock: Clock
    custodian: str
    entry: Entry = field(default_factory=Entry)

    def site(self, request: Request) -> Site:
        """What a passkey is bound to: BERTH_ORIGIN, or the address that the browser asked."""
        origin = self.entry.origin or f"{request.url.scheme}://{request.url.netloc}"
        return Site(urlsplit(origin).hostname or "", origin)

    def sign_in(self, request: Request, name: str, password: str) -> Signed | Refusal:
        """Raises SignInBusy."""
        now_ms = self._now_ms()
        browser = request.cookies.get(KNOWN_COOKIE, "")
        tried = sign_in.Try(name, household(request.scope), browser)
        counted = self.db.write(lambda s: sign_in.attempt(s, tried, now_ms))
        if isinstance(counted, Refusal):
            return counted
        right, anew = self.entry.passwords.verify(password, counted.hash)
        if not right:
            return refuse("wrong_sign_in")

        def story(session: Session) -> Signed | Refusal:
            account = sign_in.right(session, counted, anew)
            if account is None:
                return refuse("wrong_sign_in")
            return self.begin(session, request, account, "password")

        return self.db.write(story)

    def begin(self, session: Session, request: Request, account: Account, how: str) -> Signed:
        """A session of its own at every sign-in: the one that the browser had before ends."""
        now_ms, number = self._now_ms(), account.number or 0
        browser = request.cookies.get(KNOWN_COOKIE, "")
        if not sign_in.knows(session, browser, number, now_ms):
            browser = new_token()
            sign_in.remember(session, number, browser, now_ms)
        sessions.end_token(session, request.cookies.get(csrf.COOKIE, ""))
        agent = request.headers.get("user-agent", "")
        start = sessions.Start(new_token(), new_id("ses"), how, agent, self.clock.rate)
        sessions.begin(session, account, start, now_ms)
        return Signed(account, start.token, browser)

    def invited(self, request: Request, code: str, name: str, password: str) -> Signed | Refusal:
        """Raises SignInBusy."""
        person = self._person(name, password)
        if isinstance(person, Refusal):
            return person

        def story(session: Session) -> Signed | Refusal:
            made = sign_up.invited(session, code.strip(), person, self._now_ms())
            if isinstance(made, Refusal):
                return made
            self._opened(session, made)
            return self.begin(session, request, made, "password")

        return self.db.write(story)

    def wish_to_sign_up(self, name: str, language: str) -> Refusal | None:
        """The same work and the same answer, whether somebody has the name or nobody."""
        plain = sign_in_names.plain(name)
        if not self.entry.open_to_all:
            return refuse("sign_up_closed")
        if not sign_in_names.mailable(plain) or not sign_in_names.usable(plain):
            return refuse("name_bad")
        wish = Wish(SIGN_UP, plain, language)
        return self.db.write(lambda s: mailed_codes.ask(s, wish, self._now_ms()))

    def confirmed(self, request: Request, code: str, password: str) -> Signed | Refusal:
        """Only who reads the address's mail chooses the password. Raises SignInBusy."""
        typed, now_ms = code.strip(), self._now_ms()
        known = self.db.read(lambda s: mailed_codes.signing_up(s, typed, now_ms))
        if known is None:
            return refuse("code_wrong")
        person = self._person(known.name, password)
        if isinstance(person, Refusal):
            return person

        def story(session: Session) -> Signed | Refusal:
            made = mailed_codes.confirmed(session, typed, person, now_ms)
            if isinstance(made, Refusal):
                return made
            self._opened(session, made)
            return self.begin(session, request, made, "code")

        return self.db.write(story)

    def wish_to_reset(self, name: str, language: str) -> Refusal | None:
        wish = Wish(RESET, name, language)
        return self.db.write(lambda s: mailed_codes.ask(s, wish, self._now_ms()))

    def reset(self, code: str, password: str) -> Refusal | None:
        """Nobody is signed in by it, and whatever let somebody into the account ends."""
        now = self.clock.now()
        known = self.db.read(lambda s: mailed_codes.reset(s, code.strip(), to_ms(now)))
        refused = refuse("code_wrong") if known is None else None
        refused = refused or chosen.objection(password, known.name if known else "")
        if refused is not None:
            return refused
        hashed = self.entry.passwords.hash(password)

        def story(session: Session) -> Refusal | None:
            done = mailed_codes.changed(session, code.strip(), hashed, new_token(), to_ms(now))
            if isinstance(done, Refusal):
                return done
            self._changed(session, done, "code", now)
            return None

        return self.db.write(story)

    def change(
        self, request: Request, account: Account, texts: tuple[str, str, str]
    ) -> Signed | Refusal:
        """`texts`: the present password, the new one, and a name for an account that has none.

        All sessions end; this browser gets a new one. Raises SignInBusy.
        """
        present, password, name = texts
        number, now = account.number or 0, self.clock.now()
        held = self.db.read(lambda s: (sign_in.stored_hash(s, number), sign_in.name_of(s, number)))
        tried = sign_in.Try(f"account {number}", household(request.scope))
        counted = self.db.write(lambda s: sign_in.attempt(s, tried, to_ms(now)))
        if isinstance(counted, Refusal):
            return counted
        if held[0] is not None and not self.entry.passwords.verify(present, held[0])[0]:
            return refuse("wrong_password")
        plain = sign_in_names.plain(name) or held[1]
        refused = chosen.objection(password, plain)
        if refused is not None:
            return refused
        hashed = self.entry.passwords.hash(password)

        def story(session: Session) -> Signed | Refusal:
            if sign_in.stored_hash(session, number) != held[0]:
                return refuse("wrong_password")
            refused = sign_up.named(session, number, plain)
            if refused is not None:
                return refused
            sign_in.forgive(session, counted.buckets)
            sign_up.set_password(session, number, hashed, to_ms(now))
            sessions.end_all(session, number)
            self._changed(session, number, "password", now)
            return self.begin(session, request, account, "password")

        return self.db.write(story)

    def _person(self, name: str, password: str) -> sign_up.Person | Refusal:
        plain = sign_in_names.plain(name)
        if not sign_in_names.usable(plain):
            return refuse("name_bad")
        refused = chosen.objection(password, plain)
        if refused is not None:
            return refused
        return sign_up.Person(
            plain, self.entry.passwords.hash(password), new_token(), self.custodian
        )

    def _opened(self, session: Session, account: Account) -> None:
        who = audit.account(account.number)
        detail = {"role": account.role, "by": "person"}
        about = f"account:{account.number}"
        audit.record(session, who, "account.opened", about, detail, self.clock.now())

    def _changed(self, session: Session, number: int, how: str, now: datetime) -> None:
        who = audit.account(number)
        audit.record(session, who, "account.password", f"account:{number}", {"by": how}, now)
        notices.tell(session, number, "password_changed", {}, now)

    def _now_ms(self) -> int:
        return to_ms(self.clock.now())


def give(request: Request, response: Response, signed: Signed) -> Response:
    """The two cookies; behind https they travel nowhere else. No script can read them."""
    secure = request.url.scheme == "https"
    response.set_cookie(csrf.COOKIE, signed.token, httponly=True, samesite="lax", secure=secure)
    response.set_cookie(
        KNOWN_COOKIE,
        signed.browser,
        max_age=KNOWN_S,
        httponly=True,
        samesite="lax",
        secure=secure,
    )
    return response


def take(response: Response) -> Response:
    response.delete_cookie(csrf.COOKIE, httponly=True, samesite="lax")
    return response
