"""The bugs that `make mutants` plants in bookings, their writer and their grants."""

from tests.tools.planted import Mutant

CHANGES = "tests/cloud/test_booking_changes.py"
GRANTS = "tests/cloud/test_booking_grants.py"
WRITER = "tests/cloud/test_booking_writer.py"

BOOKINGS = (
    Mutant(
        "a story that failed stays in its group",
        "cloud/adapters/writer.py",
        'self.execute("ROLLBACK" if self.alone else "ROLLBACK TO story")',
        "pass",
        WRITER,
    ),
    Mutant(
        "callers are answered before the commit",
        "cloud/adapters/writer.py",
        '            self.execute("COMMIT")\n',
        "            pass\n",
        WRITER,
    ),
    Mutant(
        "an unbalanced transfer spoils the whole group",
        "cloud/adapters/writer.py",
        "if raw.total_changes != before and",
        "if raw.total_changes == before and",
        WRITER,
    ),
    Mutant(
        "a story finds the objects of the one before it",
        "cloud/adapters/writer.py",
        "    session.expunge_all()\n",
        "",
        WRITER,
    ),
    Mutant(
        "a change keeps the hold of the old quote",
        "cloud/usecases/changing.py",
        "    if more_minor:\n",
        "    if more_minor < 0:\n",
        CHANGES,
    ),
    Mutant(
        "a booking is in its own way",
        "cloud/usecases/changing.py",
        "if w != own))",
        "if True))",
        CHANGES,
    ),
    Mutant(
        "a changed booking keeps the grant of the old terms",
        "cloud/usecases/booking_agreed.py",
        "booking.space, booking.grant = record.space, record.grant",
        "booking.space = record.space",
        CHANGES,
    ),
    Mutant(
        "a key counts for any wish",
        "cloud/usecases/booking_keys.py",
        "    if known.wish != json.dumps(wish):\n",
        "    if False:\n",
        CHANGES,
    ),
    Mutant(
        "a late cancellation is free",
        "contracts/ledger/charge.py",
        "late = to_ms(at) > starts_ms - terms.cancel_until_s * 1000",
        "late = to_ms(at) > starts_ms",
        CHANGES,
    ),
    Mutant(
        "a car is let in early while another booking lasts",
        "cloud/usecases/booking_grants.py",
        "    return agreed_s if ends_ms is None else",
        "    return agreed_s if True else",
        CHANGES,
    ),
    Mutant(
        "the answer to an old grant acknowledges the new one",
        "cloud/usecases/booking_grants.py",
        '        row.status = "stale"\n',
        '        row.status = "pending"\n',
        GRANTS,
    ),
    Mutant(
        "a gateway that was away is not told again",
        "cloud/usecases/gateways.py",
        "        booking_grants.tell_again(session, gateway.id, now)\n",
        "        pass\n",
        GRANTS,
    ),
    Mutant(
        "an old grant is not revoked",
        "cloud/usecases/changing.py",
        '    booking_grants.revoke(session, (old.space, old.grant), booking.id, f"{command}.old", now)\n',  # noqa: E501
        "",
        GRANTS,
    ),
    Mutant(
        "a car that has come may be cancelled",
        "cloud/core/booking.py",
        '    ("active", "acknowledge"): "active",\n',
        '    ("active", "acknowledge"): "active",\n    ("active", "cancel"): "cancelled",\n',
        "tests/cloud/test_booking_states.py",
    ),
    Mutant(
        "a closed loop's callers wait for ever",
        "cloud/adapters/writer.py",
        "            call.done.set_result(None)\n",
        "            pass\n",
        "tests/cloud/test_booking_writer.py",
    ),
    Mutant(
        "a booking may end before it begins",
        "cloud/table_rules.py",
        "(NEW.ends_ms <= NEW.starts_ms\n",
        "(NEW.ends_ms < NEW.starts_ms\n",
        "tests/cloud/test_booking_writer.py",
    ),
)
