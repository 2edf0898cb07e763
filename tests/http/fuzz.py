"""What schemathesis thinks of, as every role: `python -m tests.http.fuzz [CASES]`.

CASES: of each operation, each sent as every role. Of every answer: no server error, a status and
a body that the description has, and of every refusal a code, a sentence and a remedy in both
languages. Exit 1 names the first that is otherwise. Writes gate.api rows to bench/gate.json.
"""

import json
import sys
import tempfile
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import hypothesis
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from schemathesis.config import SchemathesisConfig

from bench.rows import result
from cloud.entrypoints.http.problems import MEDIA
from tests.http.rig import Front, opened

WHO = ("", "operator", "owner", "driver", "other_owner", "other_driver")
TEXTS = ("sentence_en", "sentence_zh", "remedy_en", "remedy_zh")
GATE = Path(__file__).parents[2] / "bench" / "gate.json"
# Names of things that are there, so that more than strangers' ids is tried.
LIVE = ("lot-1", "S1", "S2", "gw-1")


class Wrong(AssertionError):
    """An answer that the description does not have."""


@dataclass
class Fuzz:
    front: Front
    statuses: Counter[int] = field(default_factory=Counter)

    def operations(self) -> Iterator[Any]:
        config = SchemathesisConfig.from_dict({})
        schema = schemathesis.openapi.from_dict(self.front.app.openapi(), config=config)
        for found in schema.get_all_operations():
            yield found.ok()

    def run(self, cases: int, seed: int | None = None) -> int:
        """How many requests were answered as the description says."""
        for operation in self.operations():
            self._one(operation, cases, seed)
        return self.statuses.total()

    def _one(self, operation: Any, cases: int, seed: int | None) -> None:
        """Each case as everybody, so that what one of them did is there for the next."""

        @settings(
            max_examples=cases,
            deadline=None,
            database=None,
            derandomize=seed is None,
            phases=(Phase.generate,),
            suppress_health_check=list(HealthCheck),
        )
        @given(case=operation.as_strategy())
        def ask(case: Any) -> None:
            for who in WHO:
                self._ask(case, who)

        if seed is not None:
            ask = hypothesis.seed(seed)(ask)
        ask()

    def _ask(self, case: Any, who: str) -> None:
        for name, value in dict(case.path_parameters or {}).items():
            if isinstance(value, str) and len(value) == 1:
                case.path_parameters[name] = LIVE[ord(value) % len(LIVE)]
        asked = case.as_transport_kwargs(base_url="http://testserver")
        headers = {**_plain(asked.pop("headers", {}) or {}), **self.front.headers(who)}
        asked.pop("cookies", None)
        answer = self.front.http.request(
            asked["method"],
            asked["url"],
            params=asked.get("params"),
            json=asked.get("json"),
            content=asked.get("data") if isinstance(asked.get("data"), bytes) else None,
            headers=headers,
        )
        self.statuses[answer.status_code] += 1
        self._judge(case, who, answer)

    def _judge(self, case: Any, who: str, answer: Any) -> None:
        line = f"{case.method} {case.path} as {who or 'nobody'}: {answer.status_code}"
        if answer.status_code >= 500:
            raise Wrong(f"{line} {answer.text}\n{case.as_curl_command()}")
        responses = case.operation.definition.raw["responses"]
        told = responses.get(str(answer.status_code))
        if told is None and answer.status_code not in (304, 404, 405):
            raise Wrong(f"{line} is not described\n{case.as_curl_command()}")
        if answer.status_code >= 400:
            _judge_problem(line, answer, (told or {}).get("x-codes", ()))
        elif answer.headers.get("content-type", "").startswith("application/json"):
            case.operation.schema[case.path][case.method].validate_response(answer)


def _judge_problem(line: str, answer: Any, codes: tuple[str, ...]) -> None:
    if answer.headers["content-type"] != MEDIA:
        raise Wrong(f"{line} is no problem: {answer.text}")
    body = answer.json()
    reasons = body["reasons"]
    if not reasons or not all(reason[name] for reason in reasons for name in TEXTS):
        raise Wrong(f"{line} lacks a sentence: {body}")
    if codes and body["code"] not in codes:
        raise Wrong(f"{line}: {body['code']} is not among {codes}")


def _plain(headers: Any) -> dict[str, str]:
    """What can stand in a header at all: httpx refuses the rest before it is sent."""
    kept = {}
    for name, value in dict(headers).items():
        text = str(value)
        if text.isascii() and text.isprintable() and name.lower() not in ("authorization", "host"):
            kept[str(name)] = text
    return kept


def main(cases: int) -> int:
    with tempfile.TemporaryDirectory() as folder:
        fuzz = Fuzz(opened(Path(folder)))
        fuzz.front.booked()
        done = fuzz.run(cases, seed=1)
    print(f"{done} requests: {dict(sorted(fuzz.statuses.items()))}")
    errors = sum(count for status, count in fuzz.statuses.items() if status >= 500)
    made = [
        result("gate.api.cases", done, "requests", ("nothing", None), 0),
        result("gate.api.server_errors", errors, "answers", ("nothing", None), 0),
    ]
    names = {row["name"] for row in made}
    kept = [row for row in json.loads(GATE.read_text("utf-8")) if row["name"] not in names]
    GATE.write_text(json.dumps([*kept, *made], indent=1) + "\n", "utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main(int(sys.argv[1]) if len(sys.argv) > 1 else 200))
