"""berth-edge init, check-config and address."""

from __future__ import annotations

import json
import os
import socket
import sys
from pathlib import Path
from typing import Annotated

import typer

from contracts.wire.signing import address_of
from edge.adapters.checks import cannot_make
from edge.adapters.finding import find_magnetometers, machine_zone
from edge.adapters.keys import KEY_FILE, load_key, make_key
from edge.commands.asking import ask_for, give_spaces, questions
from edge.commands.options import CONFIG_FILE, ConfigOption, JsonOption
from edge.config import (
    Answers,
    check_options,
    kinds_in,
    parse_config,
    parts_of,
    read_config,
    write_settings,
)
from edge.core.cautions import cautions_of
from edge.core.promises import alike
from edge.errors import ConfigExists, OptionsWrong

NO_FOLDER = "--data is '{}', but this folder cannot be made: {}."
NO_COMMANDS = (
    "commands is not set: whoever writes on this gateway's topic is believed; set it to what the "
    "cloud's /healthz shows under `commands`."
)
DEFAULT_FOLDER = "berth"
# What needs another pin; the rest is `berth-edge wiring`'s to tell.
MOVING_PINS = ("id-eeprom", "pull-up", "boot", "uart", "one-wire-pin")


def init(
    gateway: Annotated[str | None, typer.Option(help="Its name, as the cloud knows it.")] = None,
    broker: Annotated[str | None, typer.Option(help="mqtt://host:1883")] = None,
    chain_id: Annotated[str | None, typer.Option(help="Of `deployed` at /healthz.")] = None,
    ledger: Annotated[str | None, typer.Option(help="Of `deployed` at /healthz: 0x…")] = None,
    data: Annotated[str | None, typer.Option(help="Folder for key, settings, outbox.")] = None,
    commands: Annotated[str | None, typer.Option(help="`commands` of /healthz: 0x…")] = None,
    as_json: JsonOption = False,
) -> None:
    """Make the signing key and a commented gateway.yaml; print the gateway's address.

    Asks for what no option gave; without a terminal all but --json are needed.
    """
    given = dict(gateway=gateway, broker=broker, chain_id=chain_id, ledger=ledger, data=data)
    found = find_magnetometers()
    if sys.stdin.isatty() and None in given.values():
        asked = questions(socket.gethostname(), DEFAULT_FOLDER)
        given = {**given, **ask_for(asked, given, _ask, _say)}
        found = give_spaces(found, _ask)
    given = {**given, "commands": commands}
    _refuse_wrong(given)
    values = {name: value or "" for name, value in given.items()}
    folder = Path(values.pop("data"))
    text = write_settings(Answers(**values, tz=machine_zone(), found=found))
    address, path = _make(folder, text)
    if as_json:
        print(json.dumps({"gateway": values["gateway"], "address": address, "config": str(path)}))
        return
    print(f"Gateway {values['gateway']} signs as {address}")
    print(f"Hand this address to the operator, then: berth-edge doctor --config {path}")


def _ask(question: str, default: str) -> str:
    return str(typer.prompt(question, default=default, show_default=bool(default), err=True))


def _say(sentence: str) -> None:
    print(sentence, file=sys.stderr)


def _refuse_wrong(given: dict[str, str | None]) -> None:
    wrong = check_options(**given)
    data = given["data"]
    if data is not None and (why := cannot_make(Path(data))):
        wrong.append(NO_FOLDER.format(data, why))
    if wrong:
        raise OptionsWrong(wrong)


def _make(folder: Path, text: str) -> tuple[str, Path]:
    """The address of the key and the place of the settings; a key that is there is kept."""
    path = folder / CONFIG_FILE
    parse_config(text.encode(), str(path))
    try:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    except OSError as error:
        raise OptionsWrong([NO_FOLDER.format(folder, error.strerror)]) from None
    if path.exists():
        raise ConfigExists(f"It is {path}.")
    key = load_key(folder) if (folder / KEY_FILE).exists() else make_key(folder)
    # The broker's address may hold a password.
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
        file.write(text)
    return address_of(key), path


def check_config(
    file: Annotated[Path | None, typer.Argument(help="The same as --config.")] = None,
    config: Annotated[Path | None, typer.Option(help="The gateway's settings.")] = None,
) -> None:
    """Say what is wrong with the settings, if anything: a file:line:col for each mistake.

    And what the sensors that they name cannot promise.
    """
    if file and config:
        raise typer.BadParameter("Name the settings once: as FILE, or with --config.")
    path = file or config or Path(CONFIG_FILE)
    settings = read_config(path)
    print(f"{path}: good, gateway {settings.gateway}, data in {settings.data_path}")
    if settings.pinned is None:
        print(f"warning: {NO_COMMANDS}")
    for caution in cautions_of(parts_of(settings)):
        if caution.code in MOVING_PINS:
            print(f"warning: {caution.sentence}")
    if settings.sensors or settings.cameras:
        for spaces, made in alike(kinds_in(settings)):
            for promise in made:
                if promise.limit:
                    print(f"warning: {spaces}: {promise.en}")


def address(config: ConfigOption = Path(CONFIG_FILE), as_json: JsonOption = False) -> None:
    """Print the address that this gateway's signatures recover to."""
    settings = read_config(config)
    found = address_of(load_key(settings.data_path))
    print(json.dumps({"gateway": settings.gateway, "address": found}) if as_json else found)
