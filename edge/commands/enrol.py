"""berth-edge enrol, renew, rotate-key and serial: who this gateway is to its cloud."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Annotated

import typer

from contracts.wire.claim_codes import NoCode, read_code
from contracts.wire.enrolment import Identity
from contracts.wire.types import format_instant
from edge.adapters.checks import cannot_make
from edge.adapters.enrol_errors import CloudRefused, CodeWrong, EnrolmentOpen
from edge.adapters.enrolling import Ask, Device, checked_url, over_http, redeem
from edge.adapters.enrolling import rekey as ask_rekey
from edge.adapters.enrolling import renew as ask_renew
from edge.adapters.finding import find_magnetometers, machine_zone
from edge.adapters.identity import TlsFolder, device_serial, ends_at
from edge.adapters.keys import KEY_FILE, load_key, make_key, new_key, take_key
from edge.adapters.machine_checks import is_running
from edge.adapters.settings_values import write_values
from edge.commands.options import CONFIG_FILE, ConfigOption, JsonOption
from edge.commands.settings import DEFAULT_FOLDER, NO_FOLDER
from edge.config import Answers, Config, read_config, write_settings
from edge.config.whole_file import flush_folder, write_whole
from edge.errors import GatewayRuns, OptionsWrong, SettingsUnwritable

RENEW_BEFORE_DAYS = 30
# The cloud's word for a key in whose place it certified another.
REPLACED = "key_superseded"
SerialOption = Annotated[str | None, typer.Option(help="Of this device, where it says none.")]
UrlOption = Annotated[str | None, typer.Option(help="Of the cloud, where it has moved.")]


def serial(as_json: JsonOption = False) -> None:
    """Print the serial that a claim code for this device is made for."""
    found = device_serial()
    print(json.dumps({"serial": found}) if as_json else found)


def enrol(
    url: Annotated[str, typer.Argument(help="The cloud's address, as on the page.")],
    code: Annotated[list[str], typer.Argument(help="The claim code, as on the page.")],
    data: Annotated[Path, typer.Option(help="Folder for keys and settings.")] = Path(
        DEFAULT_FOLDER
    ),
    serial: SerialOption = None,
    as_json: JsonOption = False,
) -> None:
    """Become a gateway of that cloud: make the keys here, get a certificate, write the settings.

    Run again after a power cut, it goes on with the same code and the same keys.
    """
    enrol_at((url, " ".join(code)), data, serial, over_http, as_json)


def enrol_at(
    typed: tuple[str, str], data: Path, serial: str | None, ask: Ask, as_json: bool
) -> None:
    url = checked_url(typed[0])
    try:
        claim = read_code(typed[1])
    except NoCode as wrong:
        raise CodeWrong(str(wrong)) from None
    config = data / CONFIG_FILE
    settings = read_config(config) if config.exists() else None
    folder = _made(settings.data_path if settings else data)
    key = load_key(folder) if (folder / KEY_FILE).exists() else make_key(folder)
    name = settings.gateway if settings else None
    device = Device(serial or device_serial(), key, name)
    tls = TlsFolder(folder)
    tls_key = tls.prepare(claim.address())
    try:
        found = redeem(url, claim, device, tls_key, ask)
    except CloudRefused:
        tls.forget()
        raise
    tls.keep(found, url)
    _write_settings(config, found)
    flush_folder(data)
    _tell(found, config, as_json)


def renew(
    config: ConfigOption = Path(CONFIG_FILE),
    url: UrlOption = None,
    force: Annotated[bool, typer.Option("--force", help="Even if it is not time.")] = False,
    as_json: JsonOption = False,
) -> None:
    """Get a new certificate, with a new key, if this one ends within 30 days; else do nothing.

    deploy/berth-edge-renew.timer runs it daily; the running gateway uses it at its next connection.
    """
    renew_at(read_config(config), url, (force, datetime.now(UTC)), over_http, as_json)


def renew_at(
    settings: Config, url: str | None, when: tuple[bool, datetime], ask: Ask, as_json: bool
) -> None:
    force, now = when
    tls = TlsFolder(settings.data_path)
    until = ends_at(tls.certificate())
    due = force or until - now <= timedelta(days=RENEW_BEFORE_DAYS)
    if due:
        if tls.asking():
            raise EnrolmentOpen
        cloud = checked_url(url or tls.cloud())
        device = Device("", load_key(settings.data_path), settings.gateway)
        key = tls.prepare(tls.renewal())
        try:
            found = ask_renew(cloud, device, tls.authority(), key, now, ask)
        except CloudRefused as refused:
            if refused.refusal == REPLACED:
                # The files are older than the cloud's: next time another key is made.
                tls.forget()
            raise
        tls.keep(found, cloud)
        until = found.ends_at
    told = {"gateway": settings.gateway, "renewed": due, "ends_at": format_instant(until)}
    said = f"Certificate of {settings.gateway}: good until {told['ends_at']}."
    print(json.dumps(told) if as_json else said)


def rotate_key(
    config: ConfigOption = Path(CONFIG_FILE), url: UrlOption = None, as_json: JsonOption = False
) -> None:
    """Sign with a new key from now on. Stop the gateway first; no car may stand in its spaces.

    Run again after a power cut, it goes on with the same new key.
    """
    rotate_at(read_config(config), url, datetime.now(UTC), over_http, as_json)


def rotate_at(settings: Config, url: str | None, now: datetime, ask: Ask, as_json: bool) -> None:
    data = settings.data_path
    if is_running(data):
        raise GatewayRuns
    tls = TlsFolder(data)
    cloud, authority = checked_url(url or tls.cloud()), tls.authority()
    before, after = load_key(data), new_key(data)
    device = Device("", before, settings.gateway)
    found = ask_rekey(cloud, device, after, authority, now, ask)
    take_key(data)
    told = {"gateway": settings.gateway, "address": found.signer}
    said = f"Gateway {settings.gateway} signs as {found.signer}"
    print(json.dumps(told) if as_json else said)


def _made(folder: Path) -> Path:
    if why := cannot_make(folder):
        raise OptionsWrong([NO_FOLDER.format(folder, why)])
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    return folder


def _write_settings(config: Path, found: Identity) -> None:
    """Into the file that is there, or into a new one: written last, when all else is kept."""
    values: dict[str, str | int] = {
        "broker": found.broker,
        "ledger.chain_id": found.chain_id,
        "ledger.address": found.ledger,
    }
    if found.commands is not None:
        values["commands"] = found.commands
    if config.exists():
        write_values(config, values)
        return
    answers = Answers(
        gateway=found.gateway,
        broker=found.broker,
        chain_id=str(found.chain_id),
        ledger=found.ledger,
        commands=found.commands or "",
        tz=machine_zone(),
        found=find_magnetometers(),
    )
    text = write_settings(answers)
    spaces = "# spaces: [S1, S2]"
    text = text.replace(spaces, f"spaces: {json.dumps(found.spaces)}", 1)
    try:
        write_whole(config, [text.encode()])
    except OSError as error:
        raise SettingsUnwritable(f"{config}: {error.strerror}.") from None


def _tell(found: Identity, config: Path, as_json: bool) -> None:
    told = {
        "gateway": found.gateway,
        "address": found.signer,
        "lot": found.lot,
        "spaces": found.spaces,
        "ends_at": format_instant(found.ends_at),
        "config": str(config),
    }
    if as_json:
        print(json.dumps(told))
        return
    print(f"Gateway {found.gateway} of {found.lot} is enrolled; it signs as {found.signer}")
    print(f"It watches {', '.join(found.spaces)}; its certificate is good until {told['ends_at']}")
    print(f"Next: berth-edge doctor --config {config}")
