"""What gateways say of their sensors: an alarm for each that fails, until it is well again."""

from datetime import datetime
from typing import get_args

from sqlmodel import Session, col, select

from cloud.tables import Alarm, Gateway, Space
from cloud.usecases.gateways import clear_alarm, raise_alarm
from contracts.wire.messages import ChannelHealth, Telemetry
from contracts.wire.types import FaultCode, format_instant

# It is not signed: who writes on a gateway's topic must not fill the operators' table.
MAX_SENSOR_ALARMS = 200
# One code and one remedy each in words_alarms; a newer gateway may know more of them.
KNOWN_FAULTS = frozenset(get_args(FaultCode))


def take(session: Session, message: Telemetry, now: datetime) -> None:
    """Of a gateway that nobody enrolled, nothing is taken."""
    if session.get(Gateway, message.gateway) is None:
        return
    prefix = f"sensor_fault:{message.gateway}:"
    held = _codes(session, prefix)
    named = {prefix + channel.name: channel for channel in message.channels}
    well = {name for name, channel in named.items() if channel.fault is None}
    gone = held.keys() - named.keys() if message.whole else set()
    for name in held.keys() & (well | gone):
        clear_alarm(session, name)
        del held[name]
    for name, channel in named.items():
        if channel.fault is not None and held.get(name) != _code(channel.fault):
            clear_alarm(session, name)
            held.pop(name, None)
            if len(held) < MAX_SENSOR_ALARMS:
                _raise(session, message.gateway, channel, now)
                held[name] = _code(channel.fault)


def _codes(session: Session, prefix: str) -> dict[str, str]:
    rows = session.exec(select(Alarm).where(col(Alarm.id).startswith(prefix, autoescape=True)))
    return {row.id: row.code for row in rows}


def _code(fault: str) -> str:
    return f"sensor_{fault}" if fault in KNOWN_FAULTS else "sensor_fault"


def _raise(session: Session, gateway: str, channel: ChannelHealth, now: datetime) -> None:
    since = f" since {format_instant(channel.since)}" if channel.since else ""
    sentence = f"Sensor {channel.name} of gateway {gateway}: {channel.fault}{since}."
    space = _shown_at(session, gateway, channel.space)
    alarm = f"sensor_fault:{gateway}:{channel.name}"
    raise_alarm(session, alarm, _code(channel.fault or ""), space, sentence, now)


def _shown_at(session: Session, gateway: str, space: str | None) -> str | None:
    """Its own space; of a sensor for all of them the first, so that it is shown at its lot."""
    of_gateway = select(Space.id).where(Space.gateway == gateway)
    ordered = list(session.exec(of_gateway.order_by(col(Space.number))))
    return space if space in ordered else next(iter(ordered), None)
