"""What the API answers with about people, their sessions, passkeys and keys."""

from typing import Any

from pydantic import BaseModel

from cloud.entrypoints.http.api_shapes import Moment


class SignedIn(BaseModel):
    """The session itself is in the cookie, and nowhere else."""

    number: int
    name: str
    role: str


class Received(BaseModel):
    """The same answer for everybody: whether a name exists is nobody's business."""

    taken: bool


class SessionShape(BaseModel):
    id: str
    how: str
    browser: str
    present: bool
    began_at: Moment
    used_at: Moment
    ends_at: Moment


class PasskeyShape(BaseModel):
    id: str
    name: str
    made_at: Moment
    used_at: Moment | None


class PasskeyOptions(BaseModel):
    """For `navigator.credentials`; the answer goes back with the ticket within five minutes."""

    ticket: str
    options: dict[str, Any]


class AccessKeyShape(BaseModel):
    id: str
    name: str
    scope: str
    made_at: Moment


class AccessKeyMade(BaseModel):
    id: str
    name: str
    scope: str
    key: str | None


class AccountListed(BaseModel):
    number: int
    name: str
    role: str
    sign_in_name: str
    opened_at: Moment


class RoleGiven(BaseModel):
    number: int
    role: str


class InvitationMade(BaseModel):
    role: str
    code: str | None
    ends_at: Moment
