"""berth-cloud account: the first administrator, invitations, and a code for who lost a password.

For whoever has the machine: what is printed here lets somebody in and is told once.
"""

import json
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated

import typer

from cloud.cli_settings import Data, Json, database_of, existing, stop

if TYPE_CHECKING:
    from datetime import datetime

    from cloud.adapters.db import Database
    from cloud.config import Config

account = typer.Typer(no_args_is_help=True, help="Open, invite and let in; roles.")


class RoleName(StrEnum):
    owner = "owner"
    driver = "driver"
    operator = "operator"
    installer = "installer"
    admin = "admin"
    auditor = "auditor"


Number = Annotated[int, typer.Argument(min=1, metavar="NUMBER", help="The account's number.")]


@account.command("open")
def open_(
    name: Annotated[str, typer.Argument(help="Name of the person or firm.")],
    role: RoleName,
    data: Data = None,
    as_json: Json = False,
) -> None:
    """Open an account and print its access key, once; the first administrator comes by this."""
    from cloud.adapters.clock import new_token
    from cloud.adapters.keys import role_keys
    from cloud.usecases import accounts, audit
    from contracts.wire.signing import address_of
    from contracts.wire.types import to_ms

    config, db, now = _ready(data)
    key, address = new_token(), address_of(role_keys(config.keys)["admin"])
    row = db.write(lambda s: accounts.open_account(s, name, role.value, key, address, to_ms(now)))
    about = f"account:{row.number}"
    detail = {"role": role.value, "by": "command"}
    db.write(lambda s: audit.record(s, "command", "account.opened", about, detail, now))
    _told(
        {"number": row.number, "role": role.value, "key": key},
        f"Account {row.number} ({role.value}) is open. Its key, told once: {key}",
        as_json,
    )


@account.command()
def invite(role: RoleName, data: Data = None, as_json: Json = False) -> None:
    """Print a code that opens one account of this role at /sign-up, within seven days."""
    from cloud.adapters.clock import new_token
    from cloud.tables import Account
    from cloud.usecases import sign_up
    from contracts.wire.types import to_ms

    _, db, now = _ready(data)
    code = new_token()
    # Whoever has the machine may give any role; nobody's account stands behind it.
    by = Account(number=0, name="", role="admin", token_hash="", address="", created_ms=0)
    db.write(lambda s: sign_up.invite(s, by, role.value, code, to_ms(now)))
    _told({"role": role.value, "code": code}, f"/sign-up?invitation={code}", as_json)


@account.command()
def reset(number: Number, data: Data = None, as_json: Json = False) -> None:
    """Print a code that chooses a new password at /password-reset, within 30 minutes."""
    from cloud.adapters.clock import new_code
    from cloud.usecases import mailed_codes, sign_in
    from contracts.wire.types import to_ms

    _, db, now = _ready(data)
    name = db.read(lambda s: sign_in.name_of(s, number))
    if not name:
        stop(f"Account {number} has no name to sign in with.", "Look at its number again.", 1)
    code = new_code()
    db.write(lambda s: mailed_codes.reset_code(s, number, name, code, to_ms(now)))
    _told({"number": number, "code": code}, f"The code for {name}: {code}", as_json)


@account.command("role")
def role_(number: Number, role: RoleName, data: Data = None, as_json: Json = False) -> None:
    """Give an account another role; its sessions end. A running cloud knows it within 10 s."""
    from cloud.usecases import audit, people

    _, db, now = _ready(data)
    detail = {"role": role.value, "by": "command"}
    db.write(lambda s: people.give_role(s, number, role.value))
    about = f"account:{number}"
    db.write(lambda s: audit.record(s, "command", "account.role", about, detail, now))
    told = f"Account {number} is now {role.value}."
    _told({"number": number, "role": role.value}, told, as_json)


def _ready(data: "Data") -> "tuple[Config, Database, datetime]":
    from cloud.adapters.clock import clock_for

    config = existing(data)
    return config, database_of(config), clock_for(config.clock).now()


def _told(row: dict[str, object], sentence: str, as_json: bool) -> None:
    print(json.dumps(row, ensure_ascii=False) if as_json else sentence)
