"""berth-cloud fee: what the platform takes of a stay, and where that money goes.

What is written here the running cloud carries to the chain.
"""

import json
from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated

import typer

from cloud.cli_settings import Data, Json, database_of, existing, stop

if TYPE_CHECKING:
    from cloud.usecases.fees import Standing

fees = typer.Typer(no_args_is_help=True, help="The platform's fee.")
# As the contract has it: cloud/usecases/fees.py refuses more.
Bps = Annotated[int, typer.Argument(min=0, max=1000, help="Hundredths of a percent.")]
Amount = Annotated[int, typer.Argument(min=1, help="Minor units.")]
ENDED = "berth-cloud serve carries it to the chain."


@fees.command()
def show(data: Data = None, as_json: Json = False) -> None:
    """Print the fee of bookings confirmed now and since when, what is announced and from when on,

    and what was collected.
    """
    from cloud.usecases import fees as usecase

    db = database_of(existing(data))
    found, collected_minor = db.read(lambda s: (usecase.standing(s), usecase.collected_minor(s)))
    if as_json:
        times = {"since": _instant(found.since_ms), "from": _instant(found.ready_s * 1000)}
        print(json.dumps({**asdict(found), **times, "collected_minor": collected_minor}))
        return
    print("\n".join([*_told(found), f"Collected and not paid out: {collected_minor} minor units."]))


@fees.command("set")
def set_fee(bps: Bps, data: Data = None, as_json: Json = False) -> None:
    """Announce a fee. A lower one counts at once; a higher one for bookings after seven days."""
    from cloud.adapters.clock import clock_for
    from cloud.usecases import fees as usecase

    config = existing(data)
    now = clock_for(config.clock).now()
    made = database_of(config).write(lambda s: usecase.announce(s, bps, now))
    print(json.dumps(asdict(made)) if as_json else "\n".join(_told(made)))


@fees.command("withdraw")
def withdraw(address: str, amount: Amount, data: Data = None) -> None:
    """Pay collected fees out to ADDRESS."""
    from cloud.adapters.clock import clock_for
    from cloud.usecases import fees as usecase
    from contracts.wire.types import parse_address, to_ms

    try:
        payee = parse_address(address)
    except ValueError as error:
        stop(f"{address}: {error}.", "Copy it from the wallet.", 2)
    config = existing(data)
    db, now_ms = database_of(config), to_ms(clock_for(config.clock).now())
    call = db.write(lambda s: usecase.withdraw_fees(s, payee, amount, now_ms))
    if call is None:
        found = db.read(usecase.collected_minor)
        stop(f"Only {found} minor units can be taken out.", "Ask for no more than that.", 1)
    print(f"{amount} minor units to {payee} as {call}: {ENDED}")


def _told(found: "Standing") -> list[str]:
    since = f" since {_instant(found.since_ms)}" if found.since_ms else ""
    lines = [f"Bookings confirmed now carry {_percent(found.carried_bps)}{since}."]
    if found.wanted_bps is not None:
        later = "seven days after the contract was told" if found.wanted_bps > found.bps else "soon"
        if found.ready_s:
            later = f"from {_instant(found.ready_s * 1000)} on"
        told = f"{_percent(found.wanted_bps)} is announced; the contract accepts it {later}."
        lines.append(f"{told} {ENDED}")
    elif found.chain_bps < found.bps:
        lines.append(f"{_percent(found.bps)} was set, but the contract allows less: set it again.")
    return lines


def _percent(bps: int) -> str:
    return f"{bps // 100}.{bps % 100:02d} % ({bps} basis points)"


def _instant(ms: int) -> str | None:
    from contracts.wire.types import format_instant, from_ms

    return format_instant(from_ms(ms)) if ms else None
