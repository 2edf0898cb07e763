"""Settlements that the chain has not taken yet, by statements that an index answers."""

from collections.abc import Iterator, Sequence
from typing import Any

from sqlmodel import Session, col, select

from cloud.core.calls import Status
from cloud.tables import Batch, Booking, ChainCall, Settlement


def unsettled(
    session: Session, statuses: Sequence[Status], *only: Any
) -> Iterator[tuple[Settlement, Booking]]:
    """Those in no batch, and those whose batch's call has one of these statuses; `only`: what

    else must hold of the settlement or its booking.
    """
    rows = select(Settlement, Booking).join(Booking, col(Booking.id) == col(Settlement.booking))
    yield from session.exec(rows.where(col(Settlement.batch).is_(None), *only))
    batched = (
        rows.join(Batch, col(Batch.seq) == col(Settlement.batch))
        .join(ChainCall, col(ChainCall.id) == col(Batch.call))
        .where(col(ChainCall.status).in_(statuses), *only)
    )
    yield from session.exec(batched)
