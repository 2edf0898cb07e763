"""berth-cloud claim-code, claims, certificates, revoke-gateway: who may be which gateway."""

import getpass
import json
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from cloud.cli_settings import Data, Json, database_of, existing, stop
from cloud.cli_titles import refused
from cloud.config import Config

if TYPE_CHECKING:
    from sqlmodel import Session

    from cloud.adapters.claim_cards import Card
    from cloud.identity_tables import ClaimRow
    from cloud.usecases.certificates import When

Gateway = Annotated[str, typer.Argument(help="The gateway's name.")]
Serial = Annotated[str, typer.Option(help="Of the device: berth-edge serial shows it.")]
Spaces = Annotated[
    list[str] | None,
    typer.Option("--space", help="A space it watches; repeat. Left out: those it has now."),
]
Replace = Annotated[
    bool, typer.Option("--replace-key", help="The gateway is there: another device comes.")
]
Svg = Annotated[Path | None, typer.Option(help="Write a page to print (A5) to this file.")]
Why = Annotated[str, typer.Option(help="Why; it is on record, so no names.")]
KEPT = "Nobody can read it again: pass it on now, and destroy the page after use."


def claim_code(
    gateway: Gateway,
    serial: Serial,
    space: Spaces = None,
    replace_key: Replace = False,
    svg: Svg = None,
    data: Data = None,
    as_json: Json = False,
) -> None:
    """Make a claim code: good once, for the device of that serial, for 24 hours.

    It stands here and on the page only. An open code for the same gateway is void from now on.
    BERTH_URL is the address that the gateway is told.
    """
    from pydantic import ValidationError

    from cloud.entrypoints.http.api_shapes_identity import NewClaim

    config = existing(data)
    try:
        asked = NewClaim(
            gateway=gateway,
            serial=serial,
            spaces=list(space or ()),
            replace_key=replace_key,
        )
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        said = f"{first['loc'][0]} is {first['input']!r}: {first['msg']}."
        stop(said, "Correct it and run the command again.", 2)
    row, card = _made(config, asked.model_dump())
    if svg is not None:
        _write(svg, card)
    print(_told(row, card, as_json))


def claims(data: Data = None, as_json: Json = False) -> None:
    """List the claim codes, the newest first; the codes themselves nobody can read again."""
    from cloud.adapters.clock import SystemClock
    from cloud.entrypoints.http.api_gateways import claim_view
    from cloud.usecases import claims as story

    _list(data, as_json, lambda s: [claim_view(row, SystemClock()) for row in story.listed(s)])


def certificates(data: Data = None, as_json: Json = False) -> None:
    """List the gateways' certificates, the newest first."""
    from cloud.adapters.clock import SystemClock
    from cloud.entrypoints.http.api_gateways import certificate_view
    from cloud.usecases import certificates as story

    clock = SystemClock()
    _list(data, as_json, lambda s: [certificate_view(row, clock) for row in story.listed(s)])


def revoke_gateway(gateway: Gateway, why: Why, data: Data = None, as_json: Json = False) -> None:
    """Shut a gateway out: its certificates and its signing key, from its next event on."""
    from cloud.core.reasons import Refusal
    from cloud.usecases import audit
    from cloud.usecases import certificates as story

    config = existing(data)
    who, when = audit.cli(getpass.getuser()), _when(config)
    db = database_of(config)
    made = db.write(lambda s: story.revoke_all(s, gateway, why, who, when))
    if isinstance(made, Refusal):
        refused(made)
    told = {"gateway": gateway, "revoked": True}
    print(json.dumps(told) if as_json else f"Gateway {gateway} is revoked ({why}).")


def _made(config: Config, asked: dict[str, Any]) -> "tuple[ClaimRow, Card]":
    from cloud.adapters.clock import new_id
    from cloud.adapters.identity_choice import authority_of, url_of
    from cloud.core.reasons import Refusal
    from cloud.entrypoints.http.api_gateways import card_of, new_code
    from cloud.errors import AuthorityBroken
    from cloud.usecases import audit
    from cloud.usecases import claims as story
    from contracts.wire.claim_codes import spelled

    try:
        code = new_code(authority_of(config))
    except OSError as error:
        stop(f"The authority's files: {error}.", AuthorityBroken.remedy, 1)
    who = audit.cli(getpass.getuser())
    made = story.Made(new_id("c"), code.address(), who, _when(config))
    db = database_of(config)
    row = db.write(lambda s: story.make(s, story.Wanted(**asked), made))
    if isinstance(row, Refusal):
        refused(row)
    return row, card_of(row, spelled(code), url_of(config))


def _when(config: Config) -> "When":
    from cloud.adapters.clock import SystemClock, clock_for
    from cloud.usecases.certificates import When

    return When(clock_for(config.clock).now(), SystemClock().now())


def _write(svg: Path, card: "Card") -> None:
    """For its user alone: whoever reads it can be this gateway."""
    from cloud.adapters.claim_cards import page
    from cloud.adapters.keys import write_secret

    try:
        write_secret(svg, page(card).rstrip("\n"))
    except OSError as error:
        stop(f"{svg} cannot be written ({error.strerror}).", "Name another with --svg.", 2)


def _told(row: "ClaimRow", card: "Card", as_json: bool) -> str:
    from cloud.adapters.claim_cards import in_terminal
    from contracts.wire.types import format_instant

    ends_at = format_instant(card.ends_at)
    if as_json:
        told = {"id": row.id, "gateway": row.gateway, "serial": row.serial, "ends_at": ends_at}
        return json.dumps(told | {"code": card.code, "command": card.command})
    return "\n".join(
        (
            in_terminal(card),
            card.command,
            f"For {row.gateway}, device {row.serial}; good once, until {ends_at}. {KEPT}",
        )
    )


def _list(
    data: Path | None, as_json: bool, story: "Callable[[Session], list[dict[str, Any]]]"
) -> None:

    for row in database_of(existing(data)).read(story):
        if as_json:
            print(json.dumps(row, ensure_ascii=False))
            continue
        name = row.get("id") or row["serial"]
        words = (name, row["gateway"], row["state"], f"until {row['ends_at']}", row.get("why", ""))
        print("  ".join(words).rstrip())
