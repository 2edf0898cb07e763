"""One request and its answer: what may be sent again is, so often; what must not be never is."""

from collections import OrderedDict
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from threading import Event
from typing import Any

import httpx

from cloud.client.problem import Problem, problem_of

TRIES = 4
FIRST_WAIT_S, MAX_WAIT_S = 0.2, 10.0
MAX_KEPT = 64
MAX_PAGES = 100_000
# Not done, and said so: the same request may be sent again.
LATER = (429, 503)


class Unreachable(ConnectionError):
    """No answer came. Without an idempotency key nobody can say whether it was done."""


def wait(seconds: float) -> None:
    Event().wait(seconds)


@dataclass(slots=True)
class Sending:
    """`wait` is how a pause is made; the last answers are kept by their tags, so many."""

    http: httpx.Client
    key: str = ""
    tries: int = TRIES
    wait: Callable[[float], None] = wait
    kept: OrderedDict[str, tuple[str, Any]] = field(default_factory=OrderedDict)

    def get(self, path: str) -> Any:
        return self.page(path)[0]

    def page(self, name: str) -> tuple[Any, str | None]:
        """The body, and where the next page is."""
        tag, body = self.kept.get(name, ("", None))
        headers = {"if-none-match": tag} if tag else {}
        answer = self.send("GET", name, headers=headers)
        following = answer.links.get("next", {}).get("url")
        if answer.status_code == 304:
            self.kept.move_to_end(name)
            return body, following
        found = answer.json()
        if "etag" in answer.headers:
            self.kept[name] = (answer.headers["etag"], found)
            while len(self.kept) > MAX_KEPT:
                self.kept.popitem(last=False)
        return found, following

    def rows(self, path: str, limit: int) -> Iterator[Any]:
        """Every row of every page, each page when it is needed."""
        following: str | None = f"{path}?limit={limit}"
        for _ in range(MAX_PAGES):
            if following is None:
                return
            found, following = self.page(following)
            yield from found
        raise AssertionError(f"more than {MAX_PAGES} pages")

    def post(self, path: str, body: Mapping[str, Any], key: str = "", **more: str) -> Any:
        """`key`: of idempotency; with it the request may be sent again."""
        headers = {"idempotency-key": key} if key else {}
        headers |= {name.replace("_", "-"): value for name, value in more.items()}
        return self.send("POST", path, dict(body), headers, again=bool(key)).json()

    def send(
        self,
        method: str,
        path: str,
        body: Any = None,
        headers: Mapping[str, str] | None = None,
        again: bool = True,
        data: bytes | None = None,
    ) -> httpx.Response:
        """`data`: a file, in place of a body.

        Raises Problem where the API says no, Unreachable where nothing answers.
        """
        told = {**self.signed(), **(headers or {})}
        pause_s = FIRST_WAIT_S
        for left in range(self.tries - 1, -1, -1):
            try:
                answer = self.http.request(method, path, json=body, content=data, headers=told)
            except httpx.TransportError as error:
                if not again or not left:
                    raise Unreachable(str(error)) from error
            else:
                if answer.is_success or answer.status_code == 304:
                    return answer
                if answer.status_code not in LATER or not again or not left:
                    raise problem_of(answer)
                pause_s = max(pause_s, _asked_s(answer))
            self.wait(min(pause_s, MAX_WAIT_S))
            pause_s *= 2
        raise AssertionError("the last try has returned or raised")

    def signed(self) -> dict[str, str]:
        return {"authorization": f"Bearer {self.key}"} if self.key else {}


def _asked_s(answer: httpx.Response) -> float:
    said = answer.headers.get("retry-after", "")
    return float(said) if said.isdigit() else 0.0


__all__ = ["Problem", "Sending", "Unreachable"]
