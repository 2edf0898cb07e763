"""The questions of `berth-edge init`: at most six, each with a sentence and a default."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from edge.config import FoundSensor, check_options
from edge.errors import OptionsWrong

MAX_TRIES = 3
NOT_IN_NAMES = re.compile(r"[^A-Za-z0-9._-]+")
Ask = Callable[[str, str], str]
"""(question, default) -> what was typed; empty for the default."""
Say = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Question:
    option: str
    sentence: str
    default: str


def questions(host: str, folder: str) -> list[Question]:
    name = NOT_IN_NAMES.sub("-", host.split(".")[0]).strip("-._") or "gw-1"
    return [
        Question("gateway", "Name of this gateway, as the operator will know it", name),
        Question("broker", "Broker of the operator's cloud", "mqtt://localhost:1883"),
        Question("chain_id", "Chain id (the cloud's /healthz shows it under `deployed`)", "31337"),
        Question("ledger", "Ledger address (0x..., beside the chain id at /healthz)", ""),
        Question("data", "Folder for the signing key, the settings and the outbox", folder),
    ]


def ask_for(
    asked: Sequence[Question], given: Mapping[str, str | None], ask: Ask, say: Say
) -> dict[str, str]:
    """The options that were given answer in advance; a wrong answer is told and asked again.

    Raises OptionsWrong after three wrong answers in a row.
    """
    answers = {name: value for name, value in given.items() if value is not None}
    for question in asked:
        if question.option not in answers:
            answers[question.option] = _answer(question, ask, say)
    return answers


def _answer(question: Question, ask: Ask, say: Say) -> str:
    wrong = ""
    for _ in range(MAX_TRIES):
        answer = ask(question.sentence, question.default).strip() or question.default
        wrong = _wrong(question.option, answer)
        if not wrong:
            return answer
        say(wrong)
    raise OptionsWrong([wrong])


def _wrong(option: str, answer: str) -> str:
    """What the rules of the settings file say of this one value."""
    values = {name: None for name in ("gateway", "broker", "chain_id", "ledger", "data")}
    said = check_options(**{**values, option: answer})
    return next((line for line in said if " is missing" not in line), "")


def give_spaces(found: Sequence[FoundSensor], ask: Ask) -> list[FoundSensor]:
    """The sixth question, asked only if there is something to give."""
    if not found:
        return []
    names = ", ".join(f"{sensor.kind} at 0x{sensor.address:02X}" for sensor in found)
    said = ask(f"Found {names}: which spaces do they watch, in this order", "S1")
    spaces = [NOT_IN_NAMES.sub("", name).lstrip("._-") for name in (said or "S1").split(",")]
    spaces += [""] * len(found)
    return [
        FoundSensor(sensor.name, sensor.kind, space, sensor.bus, sensor.address)
        for sensor, space in zip(found, spaces)
    ]
