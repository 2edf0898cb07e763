"""berth-cloud credit, credits and charges: pay back of a settled stay; see all that was paid back,

and all that was due without a stay.
"""

import getpass
import json
from typing import Annotated

import typer

from cloud.cli_settings import Data, Json, database_of, existing, stop

Stay = Annotated[int, typer.Argument(help="Number of the stay (in its receipt: record.stay).")]
Amount = Annotated[int, typer.Argument(help="What goes back, in minor units (fen).")]
Why = Annotated[str, typer.Option("--reason", help="A sentence that driver and owner read.")]
Key = Annotated[
    str,
    typer.Option(
        help="The same key again is the same credit. Left out: made of stay, amount and reason.",
    ),
]
MAX_KEY = 80
# Refusals of what was typed; the others are of how things stand.
BAD_INPUT = ("credit_reason", "credit_nothing", "unknown_stay", "key_reused")
MAX_NUMBER = 1 << 40
Before = Annotated[
    int, typer.Option(help="Older than the one of this number.", min=1, max=MAX_NUMBER)
]


def credit(
    stay: Stay, amount: Amount, reason: Why, key: Key = "", data: Data = None, as_json: Json = False
) -> None:
    """Pay back a part or all of a settled stay; the running cloud files it with its next batch.

    The same command twice is one credit: to pay back the same once more, give another --key.
    """
    from cloud.adapters.clock import clock_for
    from cloud.core.reasons import Refusal
    from cloud.usecases import credits

    config = existing(data)
    if len(key) > MAX_KEY or not key.isprintable():
        stop(f"A key is a word of at most {MAX_KEY} characters.", "Give another --key.", 2)
    now = clock_for(config.clock).now()
    asked = credits.Asked(
        f"cli:{key or _made_of(stay, amount, reason)}", stay, amount, reason, _me()
    )
    db = database_of(config)
    known = db.read(lambda s: credits.numbered(s, asked.request_key)) is not None
    made = db.write(lambda s: credits.credit(s, asked, now))
    if isinstance(made, Refusal):
        if as_json:
            print(json.dumps(made.plain(), ensure_ascii=False))
        first = made.reasons[0]
        stop(first.sentence_en, first.remedy_en, 2 if first.code in BAD_INPUT else 1)
    if as_json:
        print(json.dumps({"credit": made, "stay": stay, "amount_minor": amount, "known": known}))
    elif known:
        print(f"Credit {made} was decided before, by this request: nothing more goes back.")
    else:
        print(f"Credit {made}: {amount} minor units of stay {stay} go back with the next batch.")


def credits(
    before: Before = MAX_NUMBER,
    data: Data = None,
    as_json: Json = False,
) -> None:
    """Show the credits, newest first: of which stay, how much, who decided it, why, where filed."""
    from cloud.usecases.credits import listed

    rows = database_of(existing(data)).read(lambda s: listed(s, before=before))
    if as_json:
        print(json.dumps({"credits": rows}, ensure_ascii=False))
        return
    for row in rows:
        filed = f"batch {row['batch']} {row['chain']}" if row["batch"] else "waits for a batch"
        short = row["paid_minor"] is not None and row["paid_minor"] < row["amount_minor"]
        paid = f" (of it paid {row['paid_minor']})" if short else ""
        print(
            f"{row['number']:>5} {row['at']} stay {row['credit_of']}: {row['amount_minor']}{paid}"
        )
        print(f"      {filed}, by {row['by']}: {row['reason']}")
    if not rows:
        print("No credit was decided yet.")


def charges(
    before: Before = MAX_NUMBER,
    data: Data = None,
    as_json: Json = False,
) -> None:
    """Show the charges, newest first: what was due without a stay, from whom to whom, where filed.

    What the platform itself owes, or is owed, moves nothing on the chain and is not among them.
    """
    from cloud.usecases.charges import listed

    rows = database_of(existing(data)).read(lambda s: listed(s, before=before))
    if as_json:
        print(json.dumps({"charges": rows}, ensure_ascii=False))
        return
    for row in rows:
        filed = f"batch {row['batch']} {row['chain']}" if row["batch"] else "waits for a batch"
        short = row["paid_minor"] is not None and row["paid_minor"] < row["amount_minor"]
        paid = f" (of it paid {row['paid_minor']})" if short else ""
        way = f"account {row['payer']} to {row['payee']}"
        print(f"{row['number']:>5} {row['at']} {row['code']}: {row['amount_minor']}{paid}, {way}")
        print(f"      booking {row['booking']}, {filed}, by {row['by']}: {row['reason'] or '-'}")
    if not rows:
        print("Nothing was charged without a stay yet.")


def _made_of(stay: int, amount_minor: int, reason: str) -> str:
    """So that a command typed twice pays back once."""
    from contracts.ledger.hashing import keccak

    same = json.dumps([stay, amount_minor, " ".join(reason.split())])
    return keccak(same.encode()).hex()


def _me() -> str:
    try:
        name = getpass.getuser()
    except (KeyError, OSError, ImportError):
        name = ""
    return f"cli:{name if name.isprintable() and name else '?'}"
