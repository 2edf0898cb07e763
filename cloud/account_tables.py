"""Tables of how people come in: names, passwords, passkeys, sessions, keys and codes.

No secret stands here: of a token, a key or a code its SHA-256 alone, of a password its argon2id.
"""

from sqlalchemy import BigInteger, Column, LargeBinary
from sqlmodel import Field, SQLModel


def _big(**extra: object) -> Column[int]:
    return Column(BigInteger, **extra)  # type: ignore[arg-type]


class SignInName(SQLModel, table=True):
    """A name as it is compared (core/sign_in_names.py), and whose it is."""

    name: str = Field(primary_key=True)
    account: int = Field(unique=True)


class PasswordRow(SQLModel, table=True):
    account: int = Field(primary_key=True)
    hash: str
    changed_ms: int = Field(sa_column=_big(nullable=False))


class Passkey(SQLModel, table=True):
    """`credential`: the authenticator's id of it, in base64url; `key`: public, in COSE form."""

    id: str = Field(primary_key=True)
    credential: str = Field(unique=True)
    account: int = Field(index=True)
    name: str
    key: bytes = Field(sa_column=Column(LargeBinary, nullable=False))
    signed: int = Field(sa_column=_big(nullable=False))
    made_ms: int = Field(sa_column=_big(nullable=False))
    used_ms: int | None = Field(default=None, sa_column=_big(nullable=True))


class PasskeyChallenge(SQLModel, table=True):
    """Asked once, answered once. `account`: of a passkey that is made; 0: of a sign-in."""

    id: str = Field(primary_key=True)
    account: int
    challenge: bytes = Field(sa_column=Column(LargeBinary, nullable=False))
    ends_ms: int = Field(sa_column=_big(nullable=False, index=True))


class WebSession(SQLModel, table=True):
    """A browser that is signed in. `mark`: SHA-256 of its token; `id`: what may be shown of it."""

    mark: str = Field(primary_key=True)
    id: str = Field(unique=True)
    account: int = Field(index=True)
    how: str
    agent: str
    made_ms: int = Field(sa_column=_big(nullable=False))
    seen_ms: int = Field(sa_column=_big(nullable=False))
    idle_ms: int = Field(sa_column=_big(nullable=False))
    ends_ms: int = Field(sa_column=_big(nullable=False, index=True))


class AccessKey(SQLModel, table=True):
    """A program's key beside the account's first one. `scope`: all, or read."""

    id: str = Field(primary_key=True)
    account: int = Field(index=True)
    name: str
    scope: str
    mark: str = Field(unique=True)
    made_ms: int = Field(sa_column=_big(nullable=False))


class Invitation(SQLModel, table=True):
    mark: str = Field(primary_key=True)
    role: str
    by_account: int
    made_ms: int = Field(sa_column=_big(nullable=False))
    ends_ms: int = Field(sa_column=_big(nullable=False, index=True))
    used_by: int | None = None


class CodeAsked(SQLModel, table=True):
    """Somebody asks for a code: the same row, whether somebody has the name or nobody.

    `hash`: empty; older rows hold a password there that nobody looks at any more.
    """

    __table_args__ = {"sqlite_autoincrement": True}
    id: int | None = Field(default=None, primary_key=True)
    kind: str
    name: str
    hash: str = ""
    language: str
    asked_ms: int = Field(sa_column=_big(nullable=False))


class MailedCode(SQLModel, table=True):
    """A code that was sent out. `kind`: reset, sign_up, or none where there was nothing to do.

    `hash`: as of CodeAsked; `contact`: whose address it went to.
    """

    mark: str = Field(primary_key=True)
    kind: str
    account: int
    name: str = Field(index=True)
    hash: str = ""
    contact: int = 0
    made_ms: int = Field(sa_column=_big(nullable=False))
    ends_ms: int = Field(sa_column=_big(nullable=False, index=True))


class ContactChange(SQLModel, table=True):
    """When the way of contact became another one: for a day no code goes out by it."""

    account: int = Field(primary_key=True)
    changed_ms: int = Field(sa_column=_big(nullable=False))


class KnownBrowser(SQLModel, table=True):
    """One that has signed in before: a stranger's failures do not hold it up."""

    mark: str = Field(primary_key=True)
    account: int = Field(index=True)
    ends_ms: int = Field(sa_column=_big(nullable=False, index=True))


class SignInFailure(SQLModel, table=True):
    """`bucket`: a digest of the name and of where it was tried from."""

    bucket: str = Field(primary_key=True)
    failed: int
    last_ms: int = Field(sa_column=_big(nullable=False, index=True))
