"""A program that uses the cloud's API as a person's app would: bounded waits, no magic."""

import json
import time
import urllib.error
import urllib.request
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

TIMEOUT_S = 20
POLL_S = 0.1


class ApiError(RuntimeError):
    """The cloud answered with a refusal."""

    def __init__(self, status: int, body: Any) -> None:
        super().__init__(f"{status}: {body}")
        self.status = status
        self.body = body


class NeverCame(TimeoutError):
    """What was waited for did not happen in time."""


@dataclass(frozen=True, slots=True)
class Client:
    base: str
    key: str = ""

    def signed_in(self, key: str) -> "Client":
        return Client(self.base, key)

    def get(self, path: str) -> Any:
        return self._ask("GET", path, None, "")

    def post(self, path: str, body: dict[str, Any], idempotency_key: str = "") -> Any:
        return self._ask("POST", path, body, idempotency_key)

    def text(self, path: str) -> str:
        with urllib.request.urlopen(self.base + path, timeout=TIMEOUT_S) as answer:
            return str(answer.read().decode())

    def _ask(self, method: str, path: str, body: Any, idempotency_key: str) -> Any:
        headers = {"Content-Type": "application/json"}
        if self.key:
            headers["Authorization"] = f"Bearer {self.key}"
        if idempotency_key:
            headers["Idempotency-Key"] = idempotency_key
        data = json.dumps(body).encode() if body is not None else None
        request = urllib.request.Request(self.base + path, data, headers, method=method)
        try:
            with urllib.request.urlopen(request, timeout=TIMEOUT_S) as answer:
                return json.loads(answer.read())
        except urllib.error.HTTPError as error:
            raise ApiError(error.code, _plain(error.read())) from None


def wait_for(what: str, ask: Callable[[], Any], timeout_s: float) -> Any:
    """Ask until the answer is truthy; servers that are not there yet count as no answer."""
    ends_s = time.monotonic() + timeout_s
    while time.monotonic() < ends_s:
        try:
            found = ask()
        except (OSError, ApiError):
            found = None
        if found:
            return found
        time.sleep(POLL_S)
    raise NeverCame(f"{what} did not happen within {timeout_s:.0f} s.")


def _plain(body: bytes) -> Any:
    try:
        return json.loads(body)
    except json.JSONDecodeError:
        return body.decode("utf-8", "replace")
