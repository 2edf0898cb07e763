"""Every alarm has its words, its remedy and its line in docs/alarms.md."""

from pathlib import Path

import pytest

from cloud.entrypoints.http.words import WORDS
from cloud.usecases import stay_changes
from contracts.wire.types import FaultCode
from tests.tools.alarm_table import PAGE, main, raised, table

# Chosen when they are raised: by a key's fault, by how a stay ended, by what the chain said.
CHOSEN = (
    stay_changes.UNPROVEN[0],
    stay_changes.UNCONFIRMED[0],
    *(f"sensor_{fault}" for fault in FaultCode.__args__),  # type: ignore[attr-defined]
    *("sensor_fault", "unknown_gateway", "wrong_key", "number_reused", "revoked_key"),
    *("call_failed", "account_not_open", "wrong_role", "wrong_chain", "not_then", "absurd_time"),
)
FOUND = sorted({(file, code) for file, code in raised() if code})


def test_alarms_are_found_where_they_are_raised() -> None:
    assert len(FOUND) >= 20
    assert ("cloud/usecases/gateways.py", "gateway_silent") in FOUND


@pytest.mark.parametrize("code", sorted({code for _, code in FOUND} | set(CHOSEN)))
def test_an_alarm_says_what_it_is_and_what_to_do_in_both_languages(code: str) -> None:
    for key in (f"alarm.{code}", f"alarm.{code}.do"):
        assert key in WORDS, f"{key} has no words"
        assert all(WORDS[key])


def test_the_page_of_alarms_is_the_one_that_the_words_make() -> None:
    assert PAGE.read_text("utf-8") == table(), "run: python -m tests.tools.alarm_table"


def test_the_page_names_every_alarm(tmp_path: Path) -> None:
    main(tmp_path / "alarms.md")
    text = (tmp_path / "alarms.md").read_text("utf-8")
    assert all(f"| `{code}` |" in text for code in {code for _, code in FOUND} | set(CHOSEN))
