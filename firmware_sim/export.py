"""A trace as MCAP (for Foxglove) or Parquet (for notebooks), in bounded memory.

Wall time is the header's clock moved on by the trace's own time; `t_ns` beside it is the trace's.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, datetime, timedelta
from itertools import islice
from pathlib import Path
from typing import Any

from msgspec.json import encode

from edge.core.readings import IMAGE, ChannelKind, PlateRead, Reading
from edge.core.trace_lines import TraceHeader, format_header
from firmware_sim.trace import Truth

ROW_GROUP_ROWS = 65_536
MCAP_CHUNK_BYTES = 1 << 20
METADATA = "berth-trace"
TRUTH_TOPIC = "truth"
UNIX = datetime(1970, 1, 1, tzinfo=UTC)
MAX_WALL_NS = 2**63 - 1

_INTEGER, _NUMBER, _TEXT = {"type": "integer"}, {"type": "number"}, {"type": "string"}
_FAULT = {"t_ns": _INTEGER, "why": _TEXT}
# Every value of a message is optional: a reading without one says why.
FIELDS: dict[ChannelKind, dict[str, dict[str, str]]] = {
    "ultrasonic": {**_FAULT, "echo_us": _NUMBER},
    "magnetic": {**_FAULT, "x": _INTEGER, "y": _INTEGER, "z": _INTEGER, "status": _INTEGER},
    "camera": {**_FAULT, "text": _TEXT, "confidence": _NUMBER, "image": _TEXT},
    "temperature": {**_FAULT, "celsius": _NUMBER},
}
TRUTH_FIELDS = {"t_ns": _INTEGER, "kind": _TEXT, "space": _TEXT, "unc_ms": _INTEGER}
TRUTH_FIELDS |= {"source": _TEXT, "plate": _TEXT, "tags": _TEXT}


class MissingLibrary(ValueError):
    """An export needs a library that is not installed; the argument says which."""


def wall_ns(mono_ns: int, header: TraceHeader) -> int:
    """Unix nanoseconds; what the formats cannot say (before 1970, after 2262) is their bound."""
    zero_ns = (header.wall - UNIX) // timedelta(microseconds=1) * 1000 - header.mono_ns
    return min(max(mono_ns + zero_ns, 0), MAX_WALL_NS)


def export(
    out: Path, header: TraceHeader, readings: Iterable[Reading], truth: Sequence[Truth] | None
) -> int:
    """The number of readings written. ValueError if OUT ends otherwise; MissingLibrary; OSError.

    Parquet's truth is a second file beside it, `*.truth.parquet`; MCAP's is a topic.
    """
    kinds = {".mcap": write_mcap, ".parquet": write_parquet}
    if out.suffix not in kinds:
        raise ValueError(f"{out.name} is to end in .mcap or .parquet")
    try:
        return kinds[out.suffix](out, header, readings, truth)
    except ModuleNotFoundError as error:
        raise MissingLibrary(f"{error.name} is not installed: pip install 'berth[sim]'") from None


def write_mcap(
    out: Path, header: TraceHeader, readings: Iterable[Reading], truth: Sequence[Truth] | None
) -> int:
    from mcap.writer import Writer

    written = 0
    with out.open("wb") as file:
        writer = Writer(file, chunk_size=MCAP_CHUNK_BYTES)
        writer.start(library=METADATA)
        writer.add_metadata(METADATA, {"header": format_header(header)})
        ids = _mcap_channels(writer, header)
        for reading in readings:
            written += 1
            at_ns = wall_ns(reading.mono_ns, header)
            kind = header.channels[reading.channel].kind
            data = encode(_message(reading, kind))
            writer.add_message(ids[reading.channel], at_ns, data, at_ns)
        if truth is not None:
            schema = writer.register_schema("berth.truth", "jsonschema", _schema(TRUTH_FIELDS))
            topic = writer.register_channel(TRUTH_TOPIC, "json", schema)
            for row in truth:
                at_ns = wall_ns(row.mono_ns, header)
                writer.add_message(topic, at_ns, encode(_truth_row(row)), at_ns)
        writer.finish()  # type: ignore[no-untyped-call]
    return written


def _mcap_channels(writer: Any, header: TraceHeader) -> dict[str, int]:
    schemas = {
        kind: writer.register_schema(f"berth.{kind}", "jsonschema", _schema(fields))
        for kind, fields in FIELDS.items()
    }
    about = {
        name: {"space": channel.space or "", "sensor": channel.sensor or ""}
        for name, channel in header.channels.items()
    }
    return {
        name: writer.register_channel(name, "json", schemas[channel.kind], about[name])
        for name, channel in header.channels.items()
    }


def _schema(fields: dict[str, dict[str, str]]) -> bytes:
    return json.dumps({"type": "object", "properties": fields, "required": ["t_ns"]}).encode()


def _message(reading: Reading, kind: ChannelKind) -> dict[str, Any]:
    row = {"t_ns": reading.mono_ns, **_values(reading, kind)}
    if kind == "camera" and reading.why is not None and reading.why.startswith(IMAGE):
        row["image"] = reading.why.removeprefix(IMAGE)
        return row
    return row if reading.why is None else {**row, "why": reading.why}


def _values(reading: Reading, kind: ChannelKind) -> dict[str, Any]:
    """By what the value is, not by what its channel says: a trace may be wrong there."""
    value = reading.value
    if isinstance(value, tuple):
        return {"x": value[0], "y": value[1], "z": value[2], "status": reading.status}
    if isinstance(value, PlateRead):
        return {"text": value.text, "confidence": value.confidence}
    if value is None:
        return {"status": reading.status} if reading.status else {}
    return {"celsius" if kind == "temperature" else "echo_us": value}


def _truth_row(row: Truth) -> dict[str, Any]:
    fields = {"t_ns": row.mono_ns, "kind": row.kind, "space": row.space, "unc_ms": row.unc_ms}
    fields |= {"source": row.source, "plate": row.plate, "tags": ",".join(row.tags)}
    return {name: value for name, value in fields.items() if value is not None}


def write_parquet(
    out: Path, header: TraceHeader, readings: Iterable[Reading], truth: Sequence[Truth] | None
) -> int:
    import pyarrow as pa
    from pyarrow import parquet

    schema = _parquet_schema(pa).with_metadata({METADATA: format_header(header)})
    written = 0
    with parquet.ParquetWriter(out, schema, compression="zstd") as writer:
        for batch in _batches(readings):
            writer.write_batch(pa.record_batch(_columns(batch, header), schema=schema))
            written += len(batch)
    if truth is not None:
        beside = out.with_suffix(".truth.parquet")
        parquet.write_table(_truth_table(pa, truth, header), beside, compression="zstd")
    return written


def _parquet_schema(pa: Any) -> Any:
    """Names and units are the columns' of docs; what a reading has not is null."""
    word = pa.dictionary(pa.int32(), pa.string())
    texts = [("t_ns", pa.int64()), ("wall", pa.timestamp("ns", "UTC"))]
    texts += [(name, word) for name in ("channel", "space", "kind")]
    texts += [("echo_us", pa.float64())]
    texts += [(name, pa.int32()) for name in ("x", "y", "z", "status")]
    texts += [("text", pa.string()), ("confidence", pa.float64()), ("celsius", pa.float64())]
    return pa.schema([*texts, ("why", word)])


def _batches(readings: Iterable[Reading]) -> Iterator[list[Reading]]:
    source = iter(readings)
    while batch := list(islice(source, ROW_GROUP_ROWS)):
        yield batch


def _columns(batch: list[Reading], header: TraceHeader) -> dict[str, list[Any]]:
    channels = [header.channels[reading.channel] for reading in batch]
    values = [_values(reading, channel.kind) for reading, channel in zip(batch, channels)]
    columns: dict[str, list[Any]] = {
        "t_ns": [reading.mono_ns for reading in batch],
        "wall": [wall_ns(reading.mono_ns, header) for reading in batch],
        "channel": [channel.name for channel in channels],
        "space": [channel.space for channel in channels],
        "kind": [channel.kind for channel in channels],
    }
    for name in ("echo_us", "x", "y", "z", "status", "text", "confidence", "celsius"):
        columns[name] = [row.get(name) for row in values]
    columns["why"] = [reading.why for reading in batch]
    return columns


def _truth_table(pa: Any, truth: Sequence[Truth], header: TraceHeader) -> Any:
    columns = [("t_ns", pa.int64()), ("wall", pa.timestamp("ns", "UTC")), ("kind", pa.string())]
    columns += [("space", pa.string()), ("unc_ms", pa.int64()), ("source", pa.string())]
    columns += [("plate", pa.string()), ("tags", pa.list_(pa.string()))]
    rows = [
        {
            **{"t_ns": row.mono_ns, "wall": wall_ns(row.mono_ns, header), "kind": row.kind},
            **{"space": row.space, "unc_ms": row.unc_ms, "source": row.source},
            **{"plate": row.plate, "tags": list(row.tags)},
        }
        for row in truth
    ]
    return pa.Table.from_pylist(rows, schema=pa.schema(columns))
