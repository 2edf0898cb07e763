"""berth-edge evidence: frames of doubtful arrivals, which only the operator's key opens."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated, Any

import typer

from edge.adapters.evidence import (
    MAX_SEALED_BYTES,
    EvidenceFolder,
    about_of,
    frames_of,
    load_operator_key,
    make_operator_key,
)
from edge.adapters.sealing import NotSealed
from edge.commands.options import CONFIG_FILE, ConfigOption, JsonOption
from edge.config import Config, read_config
from edge.config.whole_file import write_whole
from edge.core.plate_evidence import EvidenceLimits

app = typer.Typer(no_args_is_help=True, help="Encrypted frames of doubtful arrivals.")
OutOption = Annotated[Path, typer.Option(help="Where to; it must not be there yet.")]


@app.command("list")
def list_held(config: ConfigOption = Path(CONFIG_FILE), as_json: JsonOption = False) -> None:
    """What is held, oldest first; exit code 1 if a file is damaged.

    It is erased by itself after `evidence_days`.
    """
    folder, damaged = _folder(read_config(config)), False
    for held in folder.held():
        sealed = folder.sealed(held.name)
        if sealed is None:
            continue  # Erased since.
        try:
            about = about_of(sealed)
        except NotSealed:
            damaged, about = True, {"damaged": True}
        print(_row(held.name, about) if as_json else _line(held.name, about))
    if damaged:
        raise typer.Exit(1)


@app.command()
def take(
    name: Annotated[str, typer.Argument(help="As `list` shows it.")],
    out: OutOption,
    config: ConfigOption = Path(CONFIG_FILE),
) -> None:
    """Hand out one file as it is, encrypted, for the dispute that it belongs to."""
    sealed = _folder(read_config(config)).sealed(name)
    if sealed is None:
        raise typer.BadParameter(f"{name} is not held here; `berth-edge evidence list` names all")
    _write(out, sealed)
    print(f"{out}: only the holder of the operator's key can open it.")


@app.command()
def key(out: OutOption) -> None:
    """Make the operator's key, on the operator's computer; a gateway needs its public half only."""
    try:
        public = make_operator_key(out)
    except OSError as error:
        raise typer.BadParameter(f"{out} cannot be written: {error.strerror}") from None
    print(f"{out}: keep it where no gateway is; without it nothing can be opened.")
    print(f'For `plates:` in the settings:  evidence_key: "{public}"')


@app.command("open")
def open_file(
    file: Annotated[Path, typer.Argument(help="A file that `take` has handed out.")],
    key_file: Annotated[Path, typer.Option("--key", help="The operator's key.")],
    out: Annotated[Path, typer.Option(help="A folder for the frames.")],
) -> None:
    """Open a file on the operator's computer: its frames as JPEG, and which stay they are of."""
    try:
        opener = load_operator_key(key_file)
        sealed = _read(file)
        frames = frames_of(sealed, opener)
    except OSError as error:
        raise typer.BadParameter(f"{error.filename} cannot be read: {error.strerror}") from None
    except NotSealed as wrong:
        raise typer.BadParameter(f"{file}: {wrong}") from None
    except ValueError:
        raise typer.BadParameter(f"{key_file} holds no key") from None
    out.mkdir(parents=True, exist_ok=True)
    for number, frame in enumerate(frames):
        _write(out / f"{number}.jpg", frame)
    print(json.dumps(about_of(sealed), ensure_ascii=False))


def _row(name: str, about: dict[str, Any]) -> str:
    return json.dumps({"name": name, **about}, ensure_ascii=False)


def _line(name: str, about: dict[str, Any]) -> str:
    if "damaged" in about:
        return f"{name}: damaged, and nobody can open it"
    event = f"{about.get('epoch')}/{about.get('seq')}"
    frames = f"{about.get('frames')} frames"
    return f"{name}: space {about.get('space')}, event {event} at {about.get('at')}, {frames}"


def _folder(config: Config) -> EvidenceFolder:
    plates = config.plates
    limits = EvidenceLimits(plates.evidence_days, plates.evidence_stays) if plates else None
    return EvidenceFolder(config.data_path, limits or EvidenceLimits())


def _read(file: Path) -> bytes:
    with file.open("rb") as sealed:
        return sealed.read(MAX_SEALED_BYTES)


def _write(path: Path, data: bytes) -> None:
    if path.exists():
        raise typer.BadParameter(f"{path} is there already")
    try:
        write_whole(path, [data])
    except OSError as error:
        raise typer.BadParameter(f"{path} cannot be written: {error.strerror}") from None
