"""`init` on a terminal: at most six questions, each with a default; a wrong one is asked again."""

import os
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from contracts.wire.types import checksummed
from edge.adapters.finding import find_magnetometers, machine_zone
from edge.commands.asking import ask_for, give_spaces, questions
from edge.config import Answers, FoundSensor, parse_config, write_settings
from edge.errors import OptionsWrong

LEDGER = checksummed("ab" * 20)
NOTHING: dict[str, str | None] = dict.fromkeys(("gateway", "broker", "chain_id", "ledger", "data"))
ASKED = questions("lot-7.example", "berth")


@dataclass
class Person:
    """Types these, one after the other; an empty line takes the default."""

    answers: list[str]
    heard: list[tuple[str, str]] = field(default_factory=list)
    told: list[str] = field(default_factory=list)

    def ask(self, question: str, default: str) -> str:
        self.heard.append((question, default))
        return self.answers.pop(0)

    def say(self, sentence: str) -> None:
        self.told.append(sentence)


def test_defaults_do_for_all_but_the_ledger_and_the_result_reads_as_settings() -> None:
    person = Person(["", "", "", LEDGER, ""])
    answers = ask_for(ASKED, NOTHING, person.ask, person.say)
    assert answers == {
        "gateway": "lot-7",
        "broker": "mqtt://localhost:1883",
        "chain_id": "31337",
        "ledger": LEDGER,
        "data": "berth",
    }
    answers.pop("data")
    assert parse_config(write_settings(Answers(**answers)).encode(), "f").gateway == "lot-7"
    assert person.told == []


def test_with_sensors_found_there_are_six_questions_and_never_more() -> None:
    person = Person(["", "", "", LEDGER, "", "S4"])
    ask_for(ASKED, NOTHING, person.ask, person.say)
    found = [FoundSensor("mag0", "qmc5883l", "", 1, 0x0D), FoundSensor("mag1", "x", "", 1, 0x2C)]
    given = give_spaces(found, person.ask)
    assert [sensor.space for sensor in given] == ["S4", ""]
    assert len(person.heard) == 6
    assert "qmc5883l at 0x0D" in person.heard[-1][0]
    assert give_spaces([], person.ask) == []


def test_an_option_answers_in_advance() -> None:
    person = Person([""])
    given = {**NOTHING, "gateway": "gw-9", "chain_id": "5", "ledger": LEDGER, "data": "d"}
    assert ask_for(ASKED, given, person.ask, person.say)["gateway"] == "gw-9"
    assert [question for question, _ in person.heard] == ["Broker of the operator's cloud"]


def test_a_wrong_answer_is_told_in_the_words_of_the_settings_and_asked_again() -> None:
    person = Person(["gw 1", "gw-1", "http://x", "mqtt://h", "", LEDGER, ""])
    answers = ask_for(ASKED, NOTHING, person.ask, person.say)
    assert (answers["gateway"], answers["broker"]) == ("gw-1", "mqtt://h")
    assert person.told[0].startswith("--gateway is 'gw 1', but must be 1 to 64 letters")
    assert person.told[1].startswith("--broker is 'http://x', but must be written like mqtt://")


def test_after_three_wrong_answers_it_gives_up_and_says_why() -> None:
    person = Person(["", "", "", "0x12", "0x34", "0x56"])
    with pytest.raises(OptionsWrong, match=r"--ledger is '0x56', but must be 0x and 40 hex"):
        ask_for(ASKED, NOTHING, person.ask, person.say)


@pytest.mark.parametrize(
    ("host", "name"), [("pi", "pi"), ("my pi!.local", "my-pi"), ("---", "gw-1"), ("", "gw-1")]
)
def test_the_default_name_is_the_hosts_as_far_as_it_is_a_name(host: str, name: str) -> None:
    assert questions(host, "berth")[0].default == name


@dataclass(frozen=True)
class Chip:
    kind: str
    address: int


def raising(error: Exception) -> Callable[[int], list[Chip]]:
    def probe(_bus: int) -> list[Chip]:
        raise error

    return probe


def test_magnetometers_are_named_in_the_order_of_their_addresses() -> None:
    found = find_magnetometers(lambda bus: [Chip("qmc5883p", 0x2C), Chip("qmc5883l", 0x0D)])
    assert [(sensor.name, sensor.kind, sensor.bus) for sensor in found] == [
        ("mag0", "qmc5883l", 1),
        ("mag1", "qmc5883p", 1),
    ]


@pytest.mark.parametrize("error", [OSError("no bus"), ImportError("smbus2")])
def test_a_bus_that_is_off_finds_none(error: Exception) -> None:
    assert find_magnetometers(raising(error)) == []


def test_the_zone_is_where_localtime_points(tmp_path: Path) -> None:
    link = tmp_path / "localtime"
    assert machine_zone(link) == "UTC"
    os.symlink("/usr/share/zoneinfo/Asia/Shanghai", link)
    assert machine_zone(link) == "Asia/Shanghai"
