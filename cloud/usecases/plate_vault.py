"""Plates into the tables and out of them: sealed where they are written, opened where they are

needed, in memory alone. The vault comes with the session's engine (cloud/adapters/db.py).
"""

import json
from typing import Any

from sqlalchemy import ColumnElement, literal_column
from sqlmodel import Session, func, or_

from cloud.core import plate_vault
from cloud.core.plate_vault import Vault
from cloud.errors import NoPlateKey
from cloud.privacy_tables import Erased, PersonKey
from cloud.tables import Booking, Command, EventRow
from cloud.usecases.many import Asking
from contracts.wire.messages import Event, Grant, PlateProof

STRANGERS = 0
# In the words of its index (cloud/table_rules.py), or the index is not looked into.
_CHARS: Any = literal_column(str(plate_vault.MARK_CHARS))
_KEY = Asking("SELECT wrapped FROM personkey WHERE person = :person")
_WHOSE = Asking('SELECT driver FROM booking WHERE "grant" = :grant')


def vault(session: Session) -> Vault:
    """Raises NoPlateKey."""
    found = session.get_bind().get_execution_options().get(plate_vault.OPTION)
    if not isinstance(found, Vault):
        raise NoPlateKey
    return found


def mark(session: Session, plate: str) -> str:
    """What equal plates have in common, for a question or a comparison."""
    return vault(session).mark(plate)


def seal(session: Session, person: int, plate: str, about: str) -> str:
    """`about`: the one place where it stands, in which alone it opens."""
    return _seal(session, person, (plate, plate), about)


def opened(session: Session, text: str, about: str) -> str:
    """Empty where it was erased. A text of before there were seals is as it is."""
    if not plate_vault.is_sealed(text):
        return text
    key = _KEY.first(session, {"person": plate_vault.person_of(text)})
    return vault(session).opened(key[0], text, about) if key else ""


def same(session: Session, text: str, plate: str) -> bool:
    """Whether a stored text is this plate's."""
    if plate_vault.is_sealed(text):
        return plate_vault.mark_of(text) == mark(session, plate)
    return text == plate


def is_plate(session: Session, column: Any, plate: str) -> ColumnElement[bool]:
    """Of a column of sealed plates: those that are this one, by their marks."""
    return or_(
        func.substr(column, literal_column("1"), _CHARS) == mark(session, plate), column == plate
    )


def of_booking(session: Session, row: Booking) -> str:
    return opened(session, row.plate, in_booking(row.id))


def put(session: Session, row: Booking, plate: str) -> None:
    """Another plate for it."""
    row.plate = seal(session, row.driver, plate, in_booking(row.id))


def in_booking(booking_id: str) -> str:
    return f"booking:{booking_id}"


def sealed_event(session: Session, body: Event, plate: PlateProof | None) -> str | None:
    """Under the key of whoever's grant let the car in; any other car is a stranger's."""
    if plate is None:
        return None
    text = plate.model_dump_json()
    about = in_event(body.gateway, body.epoch, body.seq)
    return _seal(session, _whose(session, body), (plate.text, text), about) or None


def of_event(session: Session, row: EventRow) -> str | None:
    """The plate that came with it, as it was read."""
    proof = proof_of(session, row)
    return proof.text if proof else None


def proof_of(session: Session, row: EventRow) -> PlateProof | None:
    """With its salt: what opens the commitment of the signed event."""
    about = in_event(row.gateway, row.epoch, row.seq)
    text = opened(session, row.plate, about) if row.plate else ""
    return PlateProof.model_validate_json(text) if text else None


def in_event(gateway: str, epoch: int, seq: int) -> str:
    return f"event:{gateway}:{epoch}:{seq}"


def sealed_grant(session: Session, grant: Grant, person: int) -> str:
    """Its JSON as it is kept until its gateway has it, and after."""
    about = _in_command(grant.command)
    sealed = tuple(seal(session, person, plate, about) for plate in grant.plates)
    return grant.model_copy(update={"plates": sealed}).model_dump_json()


def opened_grant(session: Session, row: Command) -> str:
    """The payload as it goes to the gateway."""
    told: dict[str, Any] = json.loads(row.payload)
    about = _in_command(row.id)
    plain = [opened(session, plate, about) for plate in told.get("plates", ())]
    return json.dumps({**told, "plates": plain}, ensure_ascii=False, separators=(",", ":"))


def in_space(space: str) -> str:
    """Of an owner's plate there."""
    return f"owner:{space}"


def _in_command(command: str) -> str:
    return f"grant:{command}"


def _seal(session: Session, person: int, plate: tuple[str, str], about: str) -> str:
    """Of who was erased nothing is kept any more."""
    wrapped = _wrapped(session, person)
    return vault(session).seal(wrapped, person, plate, about) if wrapped else ""


def _wrapped(session: Session, person: int) -> str:
    """Always as the database has it: a key of a transaction that was given up is no key."""
    found = _KEY.first(session, {"person": person})
    if found is not None:
        return str(found[0])
    if session.get(Erased, person) is not None:
        return ""
    made = PersonKey(person=person, wrapped=vault(session).new_wrapped(person))
    session.add(made)
    session.flush()
    return made.wrapped


def _whose(session: Session, body: Event) -> int:
    if body.match != "accepted" or body.grant is None:
        return STRANGERS
    found = _WHOSE.first(session, {"grant": body.grant})
    return STRANGERS if found is None else int(found[0])
