"""The options of `berth-edge init`, judged by the rules of the file that it writes."""

from __future__ import annotations

from typing import Any

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from edge.config.settings import Config
from edge.config.words import dotted, sentence, shown

OPTIONS = {
    "ledger.chain_id": "--chain-id",
    "ledger.address": "--ledger",
    "commands[0]": "--commands",
}


def check_options(
    gateway: str | None,
    broker: str | None,
    chain_id: str | None,
    ledger: str | None,
    data: str | None,
    commands: str | None = None,
) -> list[str]:
    """A sentence for each option that is missing or wrong."""
    values = _given(gateway=gateway, broker=broker, data=data, commands=commands)
    values["ledger"] = _given(chain_id=_number(chain_id), address=ledger)
    try:
        Config.model_validate(values)
    except ValidationError as wrong:
        errors = wrong.errors(include_url=False)
        order = ["gateway", "broker", "ledger.chain_id", "ledger.address", "data", "commands[0]"]
        errors.sort(key=lambda error: order.index(dotted(error["loc"])))
        return [_said(error) for error in errors]
    return []


def _said(error: ErrorDetails) -> str:
    setting = dotted(error["loc"])
    option = OPTIONS.get(setting, f"--{setting}")
    return sentence(option, shown(error["loc"], error["input"]), error)


def _given(**values: Any) -> dict[str, Any]:
    return {name: value for name, value in values.items() if value is not None}


def _number(text: str | None) -> int | str | None:
    try:
        return int(text) if text is not None else None
    except ValueError:
        return text
