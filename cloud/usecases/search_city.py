"""The whole city at once: each table read once, from its first row to its last, into arrays.

The same as search_facts.listed() of all spaces: a join of the database would look each of a
million rows up in five tables.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import Select, select
from sqlmodel import Session, col

from cloud.core.search_busy import Bools, Ints, Taken
from cloud.core.search_columns import Column, Names, Texts, all_blurred, hashes, texts
from cloud.core.search_segment import LISTED, ONLINE, Columns, Floats
from cloud.offer_tables import Offer, StandbySpace
from cloud.tables import Gateway, Lot, Registration, Space, Title
from cloud.usecases import search_facts
from cloud.usecases.search_facts import Hours

# Few enough to stay in the processor's cache while they become columns.
AT_ONCE = 2_000
NONE = -1


@dataclass
class _Spaces:
    """Those that a gateway watches; `lot` numbers a row of `lots`, (id, zone)."""

    ids: Texts
    names: Names
    lat: Floats
    lon: Floats
    flags: NDArray[np.uint8]
    lot: NDArray[np.int32]
    lots: list[tuple[str, str]]


@dataclass
class _Offers:
    """Of each space: the number of its hours, or NONE where nothing is offered."""

    hours: NDArray[np.int32]
    heights_cm: NDArray[np.uint16]


def columns(session: Session, hours: Hours) -> tuple[Columns, Names]:
    """Of all that is offered, and where each name stands in it."""
    spaces = _spaces(session)
    offers = _offers(session, spaces, hours)
    rows = np.flatnonzero(offers.hours != NONE)
    ids = spaces.ids[rows]
    found = Columns(
        ids=ids,
        lat=spaces.lat[rows],
        lon=spaces.lon[rows],
        flags=spaces.flags[rows],
        heights_cm=offers.heights_cm[rows],
        offered=hours.all,
        offered_of=offers.hours[rows],
    )
    lat, lon = all_blurred(found.lat, found.lon)
    return replace(found, lat=lat, lon=lon), Names(ids, spaces.names.bits[rows])


def taken(session: Session, names: Names, base_ms: int) -> Taken:
    """Of the spaces that are offered, in the order of their rows."""
    columns = Column(np.int32), Column(np.int64), Column(np.int64)
    for space, *times in _read(session, search_facts.booked(base_ms)):
        rows, there = names.rows(space)
        for column, values in zip(columns, (rows, *times)):
            column.add(np.array(values, np.int64)[there])
    where, starts_ms, ends_ms = (column.array() for column in columns)
    del columns
    order = np.argsort(where, kind="stable")
    # One after another: each takes the place of the one before.
    where, starts_ms = where[order], starts_ms[order]
    ends_ms = ends_ms[order]
    return Taken(where, starts_ms, ends_ms)


def _spaces(session: Session) -> _Spaces:
    lots = [(row[0], row[1]) for row in session.execute(select(Lot.id, Lot.tz))]  # type: ignore[call-overload]
    number = {lot: at for at, (lot, _) in enumerate(lots)}
    online = {row[0]: LISTED | ONLINE * bool(row[1]) for row in session.execute(_GATEWAYS)}
    parts: list[Texts] = [np.empty(0, np.bytes_)]
    columns = [Column(kind) for kind in (np.int64, np.float64, np.float64, np.uint8, np.int32)]
    for ids, lat, lon, occupancy, lot, gateway in _read(session, _SPACES):
        at = np.array([number.get(one, NONE) for one in lot], np.int32)
        there = [online.get(one, 0) for one in gateway]
        flags = np.array(list(map(_flags, there, occupancy)), np.uint8)
        watched = (flags > 0) & (at != NONE)
        parts.append(texts(ids)[watched])
        arrays_of: tuple[NDArray[Any], ...] = (hashes(ids), np.array(lat), np.array(lon), flags, at)
        for column, values in zip(columns, arrays_of):
            column.add(values[watched])
    found, arrays = np.concatenate(parts), [column.array() for column in columns]
    bits, lats, lons, all_flags, in_lot = arrays
    return _Spaces(found, Names(found, bits), lats, lons, all_flags, in_lot, lots)


_GATEWAYS: Select[Any] = select(Gateway.id, Gateway.online)  # type: ignore[call-overload]
_SPACES: Select[Any] = select(  # type: ignore[call-overload]
    Space.id, Space.lat, Space.lon, Space.occupancy, Space.lot, Space.gateway
)


def _flags(watched: int, occupancy: str) -> int:
    return watched and watched | search_facts.seen(occupancy)


def _offers(session: Session, spaces: _Spaces, hours: Hours) -> _Offers:
    count = len(spaces.ids)
    found = _Offers(np.full(count, NONE, np.int32), np.zeros(count, np.uint16))
    shared = _shared(session, spaces.names)
    ends_on = dict[str, str](map(tuple, session.execute(_ending(session, hours.last_day))))
    # All of them, not by an index of the open ones: it would lead to each by itself.
    statement: Select[Any] = select(  # type: ignore[call-overload]
        Offer.space, Offer.owner, Offer.windows, Offer.max_height_cm
    ).where(col(Offer.status).op("||")("") == "open")
    for space, owner, windows, height in _read(session, statement):
        rows, there = spaces.names.rows(space)
        there &= _among(shared, _pairs(rows, owner))
        lots = spaces.lot[rows].tolist()
        for at in np.flatnonzero(there).tolist():
            name = space[at]
            lot = spaces.lots[lots[at]]
            found.hours[rows[at]] = hours.number(name, windows[at], lot, ends_on.get(name))
        found.heights_cm[rows[there]] = np.array([one or 0 for one in height], np.uint16)[there]
    standby: Select[Any] = select(StandbySpace.space)  # type: ignore[call-overload]
    for (space,) in _read(session, standby):
        rows, there = spaces.names.rows(space)
        found.hours[rows[there]] = NONE
    return found


def _ending(session: Session, last_day: str) -> Select[Any]:
    """Titles that end before the times which the index knows."""
    ends_on = search_facts.ends_on(session)
    return select(col(Title.space), ends_on).where(ends_on > "", ends_on <= last_day)


def _shared(session: Session, names: Names) -> Ints:
    """Pairs of a space and its owner, in order."""
    parts = [np.empty(0, np.int64)]
    statement: Select[Any] = select(  # type: ignore[call-overload]
        Registration.space, Registration.owner
    ).where(col(Registration.status).op("||")("") == "shared")
    for space, owner in _read(session, statement):
        rows, there = names.rows(space)
        parts.append(_pairs(rows, owner)[there])
    return np.sort(np.concatenate(parts))


def _pairs(rows: Ints, owners: Sequence[int]) -> Ints:
    """An account's number has less than 32 bits."""
    return (rows << 32) + np.array(owners, np.int64)


def _among(known: Ints, asked: Ints) -> Bools:
    if not len(known):
        return np.zeros(len(asked), np.bool_)
    at = np.minimum(np.searchsorted(known, asked), len(known) - 1)
    found: Bools = known[at] == asked
    return found


def _read(session: Session, statement: Select[Any]) -> Iterator[tuple[Any, ...]]:
    """Columns of some rows at a time, as the driver has them: a city's do not fit as objects."""
    dialect = session.get_bind().dialect
    text = statement.compile(dialect=dialect, compile_kwargs={"literal_binds": True})
    # A server sends all of it at once unless the cursor has a name.
    named = {"name": "city"} if dialect.name == "postgresql" else {}
    cursor = session.connection().connection.cursor(**named)
    try:
        cursor.execute(str(text))
        while rows := cursor.fetchmany(AT_ONCE):
            yield tuple(zip(*rows))
    finally:
        cursor.close()
