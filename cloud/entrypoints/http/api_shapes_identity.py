"""What the API is asked and answers about claim codes and certificates."""

from typing import Annotated, Literal

from pydantic import BaseModel, Field

from cloud.entrypoints.http.api_shapes import Moment
from cloud.entrypoints.http.asked import Asked
from contracts.wire.enrolment import MAX_SPACES, Serial
from contracts.wire.types import Name

_CODE = Literal["open", "spent", "voided", "expired", "spoiled"]
_CERTIFICATE = Literal["valid", "superseded", "revoked", "ended"]


class NewClaim(Asked):
    gateway: Name
    serial: Serial
    lot: Annotated[str, Field(max_length=64)] = ""
    spaces: Annotated[list[Name], Field(max_length=MAX_SPACES)] = Field(default_factory=list)
    replace_key: bool = False


class Revocation(Asked):
    why: Annotated[str, Field(min_length=1, max_length=200)]


class ClaimText(BaseModel):
    text: str
    command: str
    page: str


class ClaimShape(BaseModel):
    id: str
    gateway: str
    serial: str
    lot: str
    spaces: list[str]
    state: _CODE
    misses: int
    made_at: Moment
    ends_at: Moment
    spent_at: Moment | None


class ClaimMade(ClaimShape):
    code: ClaimText | None


class CertificateShape(BaseModel):
    serial: str
    gateway: str
    signer: str
    state: _CERTIFICATE
    starts_at: Moment
    ends_at: Moment
    revoked_at: Moment | None
    why: str


class Revoked(BaseModel):
    gateway: str
    revoked: bool
