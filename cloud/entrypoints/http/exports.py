"""Tables for a spreadsheet: CSV, written as it is read, a bounded number of rows at a time."""

import csv
import io
from collections.abc import Callable, Iterator, Sequence
from typing import Any

from fastapi import APIRouter
from fastapi.responses import Response, StreamingResponse
from sqlmodel import Session

from cloud.adapters.db import Database
from cloud.entrypoints.http.api_owner import mine
from cloud.entrypoints.http.roles import Caller, sees_all
from cloud.tables import Account
from cloud.usecases import listing
from contracts.wire.types import format_instant, from_ms

CHUNK = 500
# What a spreadsheet would read as a formula (OWASP: CSV injection); some read the wide signs, too.
FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")
HEADERS = {"x-content-type-options": "nosniff", "cache-control": "no-store"}
Read = Callable[[Session, int | None, int, int], list[Any]]
Row = Sequence[object]
STAYS = ("stay", "space", "state", "booking", "arrived_at", "departed_at")
SETTLEMENTS = (
    *("stay", "kind", "credit_of", "booking", "space"),
    *("amount_minor", "paid_minor", "batch"),
)
POSTINGS = ("posting", "transfer", "account", "bucket", "amount_minor", "currency", "at")
CSV: dict[int | str, dict[str, Any]] = {
    200: {"content": {"text/csv": {"schema": {"type": "string"}}}}
}


class Csv(Response):
    media_type = "text/csv"


def add_exports(router: APIRouter, db: Database) -> None:
    """Owners get their own, less bookings' ids: files are passed on, and an id opens its page."""

    @router.get("/exports/stays.csv", response_class=Csv, responses=CSV)
    def stays(account: Caller) -> Response:
        return _file(db, account, STAYS, (listing.stays, _stay))

    @router.get("/exports/settlements.csv", response_class=Csv, responses=CSV)
    def settlements(account: Caller) -> Response:
        """Credits and charges, too. What an owner pays, or gives back, stands with a minus: the

        sum of `paid_minor` is what came in, before the platform's fee. `kind`: stay, credit, or a
        charge's code; `credit_of` names the stay that a credit mends.
        """
        return _file(db, account, SETTLEMENTS, (listing.settlements, _settlement))

    @router.get("/exports/postings.csv", response_class=Csv, responses=CSV)
    def postings(account: Caller) -> Response:
        return _file(db, account, POSTINGS, (listing.postings, _posting))


def plain(value: object) -> object:
    """A text that a spreadsheet would run stands behind an apostrophe; numbers stay numbers."""
    if isinstance(value, str) and value.startswith(FORMULA):
        return f"'{value}"
    return "" if value is None else value


def _file(
    db: Database,
    account: Account,
    names: tuple[str, ...],
    read: tuple[Read, Callable[[Any, bool], tuple[int, Row]]],
) -> Response:
    rows, cells = read
    lines = _lines(db, mine(account), rows, lambda row: cells(row, sees_all(account)))
    return StreamingResponse(_written(names, lines), 200, HEADERS, "text/csv; charset=utf-8")


def _lines(
    db: Database, whose: int | None, read: Read, cells: Callable[[Any], tuple[int, Row]]
) -> Iterator[Row]:
    """Each chunk is read by itself: a long table holds no transaction open."""
    after, more = 0, True
    while more:
        found = db.read(lambda s: [cells(row) for row in read(s, whose, after, CHUNK)])  # noqa: B023
        yield from (row for _, row in found)
        more = len(found) == CHUNK
        after = found[-1][0] if found else after


def _written(names: tuple[str, ...], rows: Iterator[Row]) -> Iterator[str]:
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\r\n")
    writer.writerow(names)
    for row in rows:
        writer.writerow([plain(cell) for cell in row])
        if text.tell() > 1 << 14:
            yield text.getvalue()
            text.seek(0)
            text.truncate()
    yield text.getvalue()


def _stay(row: Any, all_of_it: bool) -> tuple[int, Row]:
    stay, _booking = row
    booking = stay.booking if all_of_it else None
    times = (_time(stay.arrived_ms), _time(stay.departed_ms))
    return stay.number, (stay.number, stay.space, stay.state, booking, *times)


def _settlement(row: Any, all_of_it: bool) -> tuple[int, Row]:
    filed, booking, charged, owner = row
    space = booking.space if booking is not None else None
    key = filed.booking if all_of_it else None
    back = filed.credit_of is not None or (charged is not None and charged.payer == owner)
    kind = charged.code if charged else "stay" if filed.credit_of is None else "credit"
    paid_minor = filed.paid_minor
    if back:
        paid_minor = None if paid_minor is None else -paid_minor
    money = (-filed.amount_minor if back else filed.amount_minor, paid_minor)
    return filed.stay, (filed.stay, kind, filed.credit_of, key, space, *money, filed.batch)


def _posting(row: Any, all_of_it: bool) -> tuple[int, Row]:
    """A transfer's name may hold a booking's id: its kind is enough for others."""
    transfer = row.transfer if all_of_it else row.transfer.split(":")[0]
    whose = (row.account, row.bucket, row.amount_minor, row.currency)
    return row.id, (row.id, transfer, *whose, _time(row.at_ms))


def _time(ms: int | None) -> str | None:
    return None if ms is None else format_instant(from_ms(ms))
