"""Gateways: enrolment, their spaces, their health, and the commands on their way to them."""

import json
from collections.abc import Sequence
from datetime import datetime

from sqlmodel import Session, col, select

from cloud.core.claims import reserved
from cloud.core.reasons import Refusal, refuse
from cloud.tables import Alarm, Booking, Command, Gateway, Space
from cloud.usecases import (
    booking_grants,
    filing,
    gateway_keys,
    gateway_places,
    plate_vault,
    stay_asks,
)
from contracts.ledger.hashing import keccak
from contracts.wire.messages import Reply, Status
from contracts.wire.types import to_ms

MAX_COMMANDS = 200
# An alarm that was acknowledged is shown again if its cause is reported after so long.
AGAIN_MS = 24 * 3_600_000
# The calls that say whose a key is: by enrolment, by a change, by its end.
KEY_CALLS = ("gateway", "rekey", "unkey")
LOOK = "Check its power and network."


def enrol(
    session: Session,
    gateway_id: str,
    signer: str,
    place: tuple[str, Sequence[str]],
    now: datetime,
    replace_key: bool = False,
) -> Gateway | Refusal:
    """Give a gateway its key and spaces (`place`: lot, spaces); the key goes on the chain.

    From `now` on these are its own; another's word on them counts for what was before.
    """
    if reserved(gateway_id):
        return refuse("reserved_name")
    lot, names = place
    rows = [session.get(Space, name) for name in names]
    spaces = [row for row in rows if row is not None]
    if len(spaces) < len(rows):
        return refuse("unknown_space")
    if any(space.lot != lot for space in spaces):
        return refuse("unknown_lot")
    gateway = session.get(Gateway, gateway_id)
    rekeyed = gateway is not None and gateway.signer != signer
    if rekeyed and not replace_key:
        return refuse("other_key")
    if refusal := gateway_keys.fits(session, gateway_id, signer):
        return refusal
    if gateway is None or rekeyed:
        gateway = gateway or Gateway(id=gateway_id, signer=gateway_keys.NO_KEY, lot=lot)
        gateway_keys.put(session, gateway, signer, to_ms(now))
        clear_alarm(session, f"revoked:{gateway_id}", f"revoked_key:{gateway_id}")
    gateway.lot = lot
    session.add(gateway)
    taken = gateway_places.assign(session, gateway_id, spaces, to_ms(now))
    _register(session, "rekey" if rekeyed else "gateway", (gateway_id, signer, True))
    if taken:
        _hand_over(session, gateway, taken, now)
    return gateway


def revoke(session: Session, gateway_id: str, why: str, now: datetime) -> Gateway | Refusal:
    """Its key is believed no more, from its next event on; what came before stays as it is.

    `enrolling.revoke` files first what was proven by it.
    """
    gateway = session.get(Gateway, gateway_id)
    if gateway is None:
        return refuse("not_enrolled")
    signer = gateway.signer
    if signer == gateway_keys.NO_KEY:
        return refuse("revoked_already")
    gateway_keys.revoke(session, gateway, why, to_ms(now))
    gateway.online = False
    session.add(gateway)
    for space in session.exec(select(Space).where(Space.gateway == gateway_id)):
        space.occupancy, space.occupancy_ms = "unknown", to_ms(now)
        session.add(space)
    _register(session, "unkey", (gateway_id, signer, False))
    sentence = f"The key of gateway {gateway_id} is revoked ({why}). Its spaces are unknown."
    raise_alarm(
        session, f"revoked:{gateway_id}", "gateway_revoked", _first(session, gateway), sentence, now
    )
    return gateway


def revoked(session: Session, gateway_id: str) -> bool:
    gateway = session.get(Gateway, gateway_id)
    return gateway is not None and gateway.signer == gateway_keys.NO_KEY


def _register(session: Session, kind: str, key: tuple[str, str, bool]) -> None:
    """`key`: gateway, address, whether it is its key from now on.

    Keys come and go, and come back: each is a call of its own.
    """
    gateway_id, signer, active = key
    earlier = sum(filing.count_named(session, f"{it}:{gateway_id}:") for it in KEY_CALLS)
    args = ["0x" + keccak(gateway_id.encode()).hex(), signer, active]
    call = f"{kind}:{gateway_id}:{earlier + 1}"
    filing.queue(session, call, ("registry", "set_gateway"), args, "registrar")


def _hand_over(session: Session, gateway: Gateway, taken: Sequence[Space], now: datetime) -> None:
    """Whom to let in there, and the question what it sees."""
    booking_grants.tell_again(session, gateway.id, now)
    for space in taken:
        stay_asks.snapshot(session, space.id, f"given-{space.number}-{to_ms(now)}", now)


def heard(session: Session, status: Status, now: datetime) -> bool:
    """True if it was away and came back without a boot: it must then be asked what it sees.

    After a boot it tells by itself, as soon as its detectors know. Either way it is told again
    whom to let in: it may have missed a command, or lost its store.
    """
    gateway = session.get(Gateway, status.gateway)
    if gateway is None or gateway.signer == gateway_keys.NO_KEY:
        return False
    booted = _boot_of(gateway) != status.boot_id
    away = status.online and (booted or not gateway.online)
    back = away and not booted
    gateway.online = status.online
    gateway.seen_ms = to_ms(now)
    gateway.status = status.model_dump_json()
    session.add(gateway)
    if status.online:
        clear_alarm(session, f"silent:{gateway.id}")
    if away:
        booking_grants.tell_again(session, gateway.id, now)
    return back


def told_all(gateway: Gateway) -> bool:
    """It can be heard, by its last word nothing that it saw is still on its way, and all that

    came of it is applied.
    """
    if gateway.kept_seq > gateway.seq:
        return False
    return gateway.online and json.loads(gateway.status).get("unacknowledged", 0) == 0


def heard_again(gateway: Gateway) -> None:
    """By an event, before it said itself how much it has to tell: there is more, it must be."""
    gateway.status = json.dumps(json.loads(gateway.status) | {"unacknowledged": 1})
    gateway.online = True


def _boot_of(gateway: Gateway) -> str | None:
    found = json.loads(gateway.status).get("boot_id")
    return found if isinstance(found, str) else None


def silence(session: Session, now: datetime, limit_ms: int) -> list[str]:
    """Gateways unheard for longer than the limit: offline, and their spaces honestly unknown."""
    now_ms = to_ms(now)
    quiet = [
        gateway
        for gateway in session.exec(select(Gateway))
        if gateway.seen_ms < now_ms - limit_ms or not gateway.online
    ]
    changed = [gateway.id for gateway in quiet if gateway.online]
    for gateway in quiet:
        gateway.online = False
        session.add(gateway)
        if gateway.seen_ms and gateway.signer != gateway_keys.NO_KEY:
            _raise_silent(session, gateway, now)
        for space in session.exec(select(Space).where(Space.gateway == gateway.id)):
            if space.occupancy != "unknown":
                space.occupancy, space.occupancy_ms = "unknown", now_ms
                session.add(space)
                changed.append(space.id)
    return changed


def pending(session: Session) -> list[Command]:
    """Only for gateways that listen: what waits for a silent one must not hold up the others."""
    waiting = (
        select(Command)
        .join(Gateway, col(Gateway.id) == col(Command.gateway))
        .where(Command.status == "pending", col(Gateway.online).is_(True))
    )
    # Of those of one moment the grant goes before what revokes it.
    order = (col(Command.created_ms), col(Command.kind), col(Command.id))
    return [
        _in_clear(session, row)
        for row in session.exec(waiting.order_by(*order).limit(MAX_COMMANDS))
    ]


def _in_clear(session: Session, row: Command) -> Command:
    """As it goes out, and is never written back."""
    if row.kind == "grant":
        payload = plate_vault.opened_grant(session, row)
        session.expunge(row)
        row.payload = payload
    return row


def drop_stale(session: Session) -> int:
    """Grants whose booking is over: nobody needs them any more."""
    over = ("completed", "settled", "cancelled", "no_show")
    stale = (
        select(Command)
        .join(Booking, col(Booking.id) == col(Command.subject))
        .where(Command.status == "pending", Command.kind == "grant")
        .where(col(Booking.state).in_(over))
    )
    rows = list(session.exec(stale))
    for row in rows:
        row.status = "stale"
        session.add(row)
    return len(rows)


def answered(session: Session, reply: Reply, now: datetime) -> Command | None:
    """The command this reply ends; None for a stranger's or a second answer."""
    command = session.get(Command, reply.to)
    if command is None or command.gateway != reply.gateway or command.status != "pending":
        return None
    if revoked(session, reply.gateway):
        return None
    command.status = "accepted" if reply.accepted else "refused"
    command.answer = f"{reply.code} {reply.sentence}".strip()
    session.add(command)
    if not reply.accepted:
        raise_alarm(session, f"command:{command.id}", "command_refused", None, command.answer, now)
    return command


def _raise_silent(session: Session, gateway: Gateway, now: datetime) -> None:
    first, sentence = _first(session, gateway), f"Gateway {gateway.id} is silent. {LOOK}"
    raise_alarm(session, f"silent:{gateway.id}", "gateway_silent", first, sentence, now)


def _first(session: Session, gateway: Gateway) -> str | None:
    """Of its spaces, for an alarm of the whole gateway to be shown at its lot."""
    mine = select(Space.id).where(Space.gateway == gateway.id).order_by(col(Space.number))
    return session.exec(mine).first()


def has_alarm(session: Session, alarm_id: str) -> bool:
    return session.get(Alarm, alarm_id) is not None


def clear_alarm(session: Session, *alarm_ids: str) -> None:
    for alarm in session.exec(select(Alarm).where(col(Alarm.id).in_(alarm_ids))).all():
        session.delete(alarm)
    session.flush()


def raise_alarm(
    session: Session, alarm_id: str, code: str, space: str | None, sentence: str, now: datetime
) -> None:
    row = session.get(Alarm, alarm_id)
    if row is None:
        row = Alarm(id=alarm_id, code=code, space=space, sentence=sentence, at_ms=to_ms(now))
    elif row.acknowledged_ms is not None and row.acknowledged_ms + AGAIN_MS <= to_ms(now):
        row.code, row.space, row.sentence = code, space, sentence
        row.at_ms, row.acknowledged_ms = to_ms(now), None
    else:
        return
    session.add(row)
    session.flush()
