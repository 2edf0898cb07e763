"""What people send to come in, and about how they come in. A password is text of any characters."""

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, field_validator

from cloud.entrypoints.http.asked import Asked

MAX_TYPED = 400
RoleName = Literal["owner", "driver", "operator", "installer", "admin", "auditor"]
Typed = Annotated[str, Field(max_length=MAX_TYPED)]
Code = Annotated[str, Field(min_length=1, max_length=100)]
KeyName = Annotated[str, Field(min_length=1, max_length=60)]


class Secretive(BaseModel):
    """As Asked, but what a person types as a password is not looked at here."""

    model_config = ConfigDict(extra="forbid", hide_input_in_errors=True)

    @field_validator("*", mode="before")
    @classmethod
    def whole(cls, value: object) -> object:
        if isinstance(value, str) and any(0xD800 <= ord(char) <= 0xDFFF for char in value):
            raise ValueError("it holds characters that nobody can see")
        return value


class SignIn(Secretive):
    name: Typed
    password: Typed


class SignUp(Secretive):
    name: Typed
    password: Typed = ""
    invitation: Code | None = None
    language: Literal["en", "zh"] = "zh"


class CodeTyped(Secretive):
    code: Code
    password: Typed


class NewReset(Secretive):
    name: Typed
    language: Literal["en", "zh"] = "zh"


class ResetTyped(Secretive):
    code: Code
    password: Typed


class NewPassword(Secretive):
    present: Typed = ""
    password: Typed
    name: Typed = ""


class PasskeyAnswer(BaseModel):
    """`credential`: PublicKeyCredential.toJSON() of the browser."""

    model_config = ConfigDict(extra="forbid")
    ticket: Code
    credential: dict[str, Any]


class NewPasskey(PasskeyAnswer):
    name: KeyName = "passkey"
    password: Typed = ""


class NewAccessKey(Asked):
    name: KeyName
    scope: Literal["all", "read"] = "all"
    password: Typed = ""


class NewRole(Asked):
    role: RoleName


class NewInvitation(Asked):
    role: RoleName
