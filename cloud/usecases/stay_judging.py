"""Which events of a gateway that we believe change nothing all the same: of another's space, of a

time at which it was another's, or of no time at all. They are kept, acknowledged, and told to a
person; a gateway that lies, or is wrong, harms no space but its own.
"""

from datetime import datetime

from sqlmodel import Session, col, func, select

from cloud.core import event_times
from cloud.tables import Alarm, Space
from cloud.usecases import gateway_places, stay_asks
from cloud.usecases.gateways import raise_alarm
from contracts.wire.messages import Event
from contracts.wire.types import to_ms

# It may name all the spaces of a city, and names of none: the operators' table is not for that.
MAX_FOREIGN_ALARMS = 20
NOT_THEN = "Gateway {0} tells of {1} at a time when it was not its own. It changes nothing."
ABSURD = "Gateway {0} tells of {1} at a time that cannot be: its clock is wrong. Set it."
LATE = "Gateway {0} tells late of {1}, which another watches by now. Look at its events."
FOREIGN = "Gateway {0} reports on {1}, which is not assigned to it."


def out_of_place(session: Session, space: Space | None, event: Event, now: datetime) -> str | None:
    """The effect of an event that is not to be applied, with its alarm; None: apply it."""
    if space is None:
        return _foreign(session, event, now)
    # A clock that was never set names no time: then it is judged by what is the case now.
    at_ms = to_ms(now if event.clock == "unsynced" else event.at)
    misplaced = gateway_places.judged(session, event.gateway, space, at_ms)
    if misplaced == "foreign_space":
        return _foreign(session, event, now)
    if event_times.absurd(event, to_ms(now)):
        return _told(session, "absurd_time", ABSURD, event, now)
    if misplaced is None:
        return None
    if space.gateway == event.gateway:
        # What it sees now counts; asked once a day at the most.
        day = to_ms(now) // 86_400_000
        stay_asks.snapshot(session, space.id, f"then-{space.number}-{day}", now)
    return _told(session, "not_then", NOT_THEN, event, now)


def of_before(session: Session, space: Space, event: Event, effect: str, now: datetime) -> None:
    """It was its own then and is another's now: how the space is, only that one can say."""
    if effect != "noted":
        command = f"late-{event.epoch}-{event.seq}-{space.number}"
        stay_asks.snapshot(session, space.id, command, now)


def late(session: Session, event: Event, now: datetime) -> str:
    """Somebody else's stay goes on there already: what was before it, a person puts together."""
    return _told(session, "told_late", LATE, event, now)


def _foreign(session: Session, event: Event, now: datetime) -> str:
    prefix = f"foreign:{event.gateway}:"
    mine = select(func.count()).where(col(Alarm.id).startswith(prefix, autoescape=True))
    if session.exec(mine).one() < MAX_FOREIGN_ALARMS:
        sentence = FOREIGN.format(event.gateway, event.space)
        raise_alarm(session, prefix + str(event.space), "foreign_space", event.space, sentence, now)
    return "foreign_space"


def _told(session: Session, code: str, text: str, event: Event, now: datetime) -> str:
    """One alarm a gateway: its first space says enough."""
    sentence = text.format(event.gateway, event.space)
    raise_alarm(session, f"{code}:{event.gateway}", code, event.space, sentence, now)
    return code
