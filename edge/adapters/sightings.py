"""When each space was last seen as it was told. Of most journal turns only this has changed, and it
is kept in one short row: a row for each space again and again wore the memory card out."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from contracts.wire.types import from_ms, to_ms
from edge.core.outputs import PutSpace, SpaceRecord

# What a detector has learned changes with every reading, and may wait this long.
LEVELS_EVERY = timedelta(minutes=30)
UNSEEN = {"seen_at": None, "detector": None}


@dataclass(frozen=True, slots=True)
class Sightings:
    """`records` as their rows are, `seen` = what is later than its row."""

    records: Mapping[str, SpaceRecord] = field(default_factory=dict)
    seen: Mapping[str, datetime] = field(default_factory=dict)

    @classmethod
    def read(cls, rows: Iterable[tuple[str, str]], text: str) -> Sightings:
        records = {name: SpaceRecord.model_validate_json(row) for name, row in rows}
        latest_ms, ages_ms = json.loads(text)
        return cls(records, {name: from_ms(latest_ms - age) for name, age in ages_ms.items()})

    def whole(self) -> dict[str, SpaceRecord]:
        return {
            name: record.model_copy(update={"seen_at": self.seen[name]})
            if name in self.seen
            else record
            for name, record in self.records.items()
        }

    def after(self, puts: Iterable[PutSpace]) -> tuple[Sightings, dict[str, SpaceRecord]]:
        """What is known after these, and the rows to write for it; the last of a space counts."""
        seen, rows = dict(self.seen), {put.space: put.record for put in puts}
        for space, record in list(rows.items()):
            seen.pop(space, None)
            if record.seen_at is not None and _only_seen(self.records.get(space), record):
                seen[space] = record.seen_at
                del rows[space]
        return Sightings({**self.records, **rows}, seen), rows

    def text(self) -> str:
        """Ages before the latest: one line of it for each space would fill several pages."""
        times_ms = {name: to_ms(at) for name, at in self.seen.items()}
        latest_ms = max(times_ms.values(), default=0)
        ages_ms = {name: latest_ms - ms for name, ms in sorted(times_ms.items())}
        return json.dumps([latest_ms, ages_ms], separators=(",", ":"))


NOTHING_SEEN = Sightings().text()


def _only_seen(was: SpaceRecord | None, now: SpaceRecord) -> bool:
    if was is None or was.seen_at is None or now.seen_at is None:
        return False
    if abs(now.seen_at - was.seen_at) >= LEVELS_EVERY:
        return False
    return was.model_copy(update=UNSEEN) == now.model_copy(update=UNSEEN)
