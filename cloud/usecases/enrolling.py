"""A gateway gets its key, or loses it. Either waits until the stays of the key before are filed:

whoever checks a receipt asks the registry whose the key was in the block of its batch.
"""

from collections.abc import Sequence
from datetime import datetime

from sqlmodel import Session

from cloud.core.reasons import Refusal
from cloud.tables import Gateway
from cloud.usecases import gateways, settlements, stay_intake

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
        apply_stored(session, gateway_id, now)
        _file(session, now)
    return gateways.enrol(session, gateway_id, signer, place, now, replace_key)


def revoke(session: Session, gateway_id: str, why: str, now: datetime) -> Gateway | Refusal:
    """What came before stays valid, and is filed; the next event by its key is refused."""
    if not gateways.revoked(session, gateway_id):
        apply_stored(session, gateway_id, now)
        _file(session, now)
    return gateways.revoke(session, gateway_id, why, now)


def apply_stored(session: Session, gateway_id: str, now: datetime) -> None:
    """Events that are acknowledged and wait are of the key before: all of them are applied now.

    As many as are stored; the key's change and they are one commit.
    """
    gateway = session.get(Gateway, gateway_id)
    if gateway is not None:
        stored = gateway.kept_seq - gateway.seq
        stay_intake.apply_waiting(session, gateway_id, stored, now)


def _file(session: Session, now: datetime) -> None:
    for _ in range(MAX_BATCHES):
        if settlements.batch(session, now) is None:
            break
