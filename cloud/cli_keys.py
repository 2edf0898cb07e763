"""berth-cloud keys and reopen-account: whose addresses ours are, and an account put right."""

import json
from typing import Annotated

import typer

from cloud.cli_settings import Data, Json, config_of, database_of, existing, stop
from cloud.config import Config

FOR = {
    "admin": "deposits, roles, the platform's fee",
    "registrar": "titles, accounts, marks, gateways",
    "settler": "batches and holds",
}
Number = Annotated[int, typer.Argument(min=1, max=2**32 - 1, help="The account's number.")]
Address = Annotated[
    str, typer.Option(help="Its person's address, where the one on record is wrong.")
]


def keys(data: Data = None, as_json: Json = False) -> None:
    """Print the addresses of the three keys, and what each signs; each needs coins for its gas."""
    config = config_of(data=data)
    rows = [{"role": role, "address": at, "for": FOR[role]} for role, at in held(config).items()]
    if as_json:
        print(json.dumps({"published": config.keys is None, "keys": rows}))
        return
    for row in rows:
        print(f"{row['role']:9} {row['address']}  {row['for']}")
    if config.keys is None:
        print("These are the published dev keys, for a dev chain only: see BERTH_KEYS.")


def held(config: Config) -> dict[str, str]:
    """Role -> address."""
    from cloud.adapters.keys import addresses, role_keys

    return {role: address for role, address in addresses(role_keys(config.keys)).items()}


def reopen_account(
    number: Number, address: Address = "", data: Data = None, as_json: Json = False
) -> None:
    """Ask the ledger once more to open an account that it refused (alarm account_not_open).

    The running cloud sends it; the ledger takes it only where the number is free, or the address's.
    """
    from cloud.usecases import accounts
    from contracts.wire.types import parse_address

    try:
        payee = parse_address(address) if address else ""
    except ValueError as error:
        stop(f"{address}: {error}.", "Copy it from the wallet.", 2)
    db = database_of(existing(data))
    if not db.write(lambda s: accounts.reopen(s, number, payee)):
        stop(f"The ledger has not refused account {number}.", "Look at its number again.", 1)
    asked = db.read(lambda s: accounts.get(s, number).address)
    told = f"Account {number} is asked for again for {asked}: berth-cloud serve sends it."
    print(json.dumps({"account": number, "address": asked}) if as_json else told)
