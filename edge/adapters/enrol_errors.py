"""What can be wrong when a gateway is enrolled, renewed or given another key."""

from __future__ import annotations

from edge.errors import EdgeError


class CodeWrong(EdgeError, ValueError):
    """This is no claim code."""

    code = "code_wrong"
    remedy = "Type it again as it stands on the page, or scan it."
    exit_code = 2


class UrlWrong(EdgeError, ValueError):
    """This is no address of a cloud."""

    code = "url_wrong"
    remedy = "Write it like https://berth.example.org, as it stands on the page."
    exit_code = 2


class SerialMissing(EdgeError, OSError):
    """This device does not say its serial."""

    code = "serial_missing"
    remedy = "Give it with --serial, as the operator typed it when the code was made."
    exit_code = 2


class CloudSilent(EdgeError, ConnectionError):
    """The cloud does not answer; nothing was changed."""

    code = "cloud_silent"
    remedy = "Check the network and the address, and run the same command again."


class CloudRefused(EdgeError):
    """The cloud refuses it."""

    code = "cloud_refused"

    def __init__(self, refusal: str, detail: str) -> None:
        """`refusal`: the cloud's code; `detail`: its sentence and remedy."""
        super().__init__(detail)
        self.refusal = refusal


class AnswerForged(EdgeError):
    """The answer is not of the cloud that the code or this gateway names; it is not used."""

    code = "answer_forged"
    remedy = "Check the address. If it is right, somebody stands between: tell the operator."


class NotEnrolled(EdgeError, FileNotFoundError):
    """This gateway holds no certificate."""

    code = "not_enrolled"
    remedy = "Ask the operator for a claim code and run: berth-edge enrol URL CODE"
    exit_code = 2


class EnrolmentOpen(EdgeError):
    """A claim code was being redeemed when the power or the network went."""

    code = "enrolment_open"
    remedy = "Run the same berth-edge enrol again, with the same code."


class IdentityUnwritable(EdgeError, OSError):
    """Keys or certificates cannot be written; what was there before is as it was."""

    code = "identity_unwritable"
    remedy = "Free space, or run it as the user of the service; then run the same command again."
