"""Asking a gateway what it sees at this moment: a signed snapshot of each of its spaces."""

from datetime import datetime

from sqlmodel import Session

from cloud.tables import Command
from cloud.usecases.booking_grants import gateway_of
from contracts.wire.messages import Ask
from contracts.wire.types import to_ms


def snapshot(session: Session, space: str, command: str, now: datetime) -> str | None:
    """The command, sent until it is answered; None where no gateway watches. Once per command."""
    gateway = gateway_of(session, space)
    if gateway is None:
        return None
    if session.get(Command, command) is None:
        made = Ask(command=command, gateway=gateway, what="snapshot")
        row = Command(
            id=command,
            gateway=gateway,
            kind="ask",
            payload=made.model_dump_json(),
            subject=f"space:{space}",
            # After the grants of the same moment: it is asked whose the car is by those.
            created_ms=to_ms(now) + 1,
        )
        session.add(row)
        session.flush()
    return command
