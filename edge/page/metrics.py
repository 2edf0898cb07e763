"""One snapshot in Prometheus' text format (exposition_formats.md, version 0.0.4)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TypeAlias

from edge.page.snapshot import Snapshot

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"
OCCUPANCIES = ("free", "occupied", "unknown")
Sample: TypeAlias = tuple[dict[str, str], float]
Family: TypeAlias = tuple[str, str, str, list[Sample]]


def metrics(snapshot: Snapshot | None) -> str:
    """Empty before the first turn."""
    if snapshot is None:
        return ""
    return "".join(_family(*family) for family in _families(snapshot))


def _families(snapshot: Snapshot) -> Iterator[Family]:
    who = {"gateway": snapshot.gateway, "version": snapshot.version}
    yield "berth_gateway_info", "gauge", "Who this is.", [(who, 1)]
    yield from _of_spaces(snapshot)
    yield from _of_sensors(snapshot)
    yield "berth_cloud_connected", "gauge", "1 while connected.", [({}, snapshot.connected)]
    yield "berth_events_waiting", "gauge", "Not yet acknowledged.", [({}, snapshot.waiting)]
    if snapshot.acked_s is not None:
        ago_s = snapshot.real_s - snapshot.acked_s
        text = "Since the cloud last acknowledged."
        yield "berth_ack_age_seconds", "gauge", text, [({}, ago_s)]
    text = "1 while it runs on the last good settings."
    yield "berth_safe_mode", "gauge", text, [({}, snapshot.safe_mode)]
    yield "berth_clock_synced", "gauge", "1 if synced.", [({}, snapshot.clock == "synced")]
    machine = snapshot.machine
    for name, text, value in (
        ("berth_disk_free_megabytes", "Of the data folder's disk.", machine.disk_free_mb),
        ("berth_processor_celsius", "Its temperature.", machine.temperature_c),
        ("berth_written_megabytes_a_day", "Towards the disk.", machine.written_mb_a_day),
    ):
        if value is not None:
            yield name, "gauge", text, [({}, value)]


def _of_spaces(snapshot: Snapshot) -> Iterator[Family]:
    views = snapshot.spaces
    told: list[Sample] = [
        ({"space": view.space, "occupancy": name}, view.occupancy == name)
        for view in views
        for name in OCCUPANCIES
    ]
    yield "berth_space_occupancy", "gauge", "1 for what was told last.", told
    metres: list[Sample] = [
        ({"space": view.space}, view.distance_m) for view in views if view.distance_m is not None
    ]
    yield "berth_space_distance_metres", "gauge", "Newest echo, if anything is near.", metres
    change: list[Sample] = [
        ({"space": view.space}, view.change_ut) for view in views if view.change_ut is not None
    ]
    text = "How far the field is from that of the empty space."
    yield "berth_space_field_change_microtesla", "gauge", text, change
    passes: list[Sample] = [({"space": name}, n) for name, n in sorted(snapshot.passes.items())]
    yield "berth_space_passes_total", "counter", "Vehicles that went by.", passes


def _of_sensors(snapshot: Snapshot) -> Iterator[Family]:
    states = snapshot.channels
    well: list[Sample] = [
        ({"channel": it.name, "space": it.space or ""}, it.fault is None) for it in states
    ]
    yield "berth_sensor_well", "gauge", "0 if the sensor has a fault.", well
    faults: list[Sample] = [
        ({"channel": it.name, "fault": it.fault}, 1) for it in states if it.fault is not None
    ]
    text = "1 for the fault of a sensor: docs/alarms.md, sensor_FAULT, says what to do."
    yield "berth_sensor_fault", "gauge", text, faults
    rates: list[Sample] = [({"channel": it.name}, it.per_minute) for it in states]
    text = "Measurements in the last whole minute."
    yield "berth_sensor_readings_per_minute", "gauge", text, rates


def _family(name: str, kind: str, text: str, samples: list[Sample]) -> str:
    if not samples:
        return ""
    lines = [f"# HELP {name} {text}", f"# TYPE {name} {kind}"]
    lines += [f"{name}{_labels(labels)} {float(value):g}" for labels, value in samples]
    return "\n".join(lines) + "\n"


def _labels(labels: dict[str, str]) -> str:
    if not labels:
        return ""
    return "{" + ",".join(f'{key}="{_escaped(value)}"' for key, value in labels.items()) + "}"


def _escaped(text: str) -> str:
    return text.replace("\\", r"\\").replace('"', r"\"").replace("\n", r"\n")
