"""A gateway gets its key. A key that takes another's place waits until the other's stays are filed:

whoever checks a receipt asks the registry whose the key was in the block of its batch.
"""

from collections.abc import Sequence
from datetime import datetime

from sqlmodel import Session

from cloud.core.reasons import Refusal
from cloud.tables import Gateway
from cloud.usecases import gateways, settlements

MAX_BATCHES = 50


def enrol(
    session: Session,
    gateway_id: str,
    signer: str,
    place: tuple[str, Sequence[str]],
    now: datetime,
    replace_key: bool = False,
) -> Gateway | Refusal:
    """`place`: lot, spaces. Stays that wait are put into batches queued before the new key."""
    before = session.get(Gateway, gateway_id)
    if replace_key and before is not None and before.signer != signer:
        for _ in range(MAX_BATCHES):
            if settlements.batch(session, now) is None:
                break
    return gateways.enrol(session, gateway_id, signer, place, replace_key)
