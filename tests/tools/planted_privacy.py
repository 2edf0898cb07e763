"""The bugs that `make mutants` plants in how plates are sealed, kept and erased."""

from tests.tools.planted import Mutant

SEALING = "tests/cloud/test_plate_sealing.py"
PRIVACY = (
    Mutant(
        "a booking's plate is stored in clear",
        "cloud/usecases/bookings.py",
        '"plate": plate_vault.seal(session, asked.driver, asked.plate, place),',
        '"plate": asked.plate,',
        SEALING,
    ),
    Mutant(
        "what was asked holds the plate in clear",
        "cloud/usecases/bookings.py",
        "plate = plate_vault.mark(session, asked.plate)",
        "plate = asked.plate",
        SEALING,
    ),
    Mutant(
        "a grant that waits for its gateway is stored in clear",
        "cloud/usecases/plate_vault.py",
        'return grant.model_copy(update={"plates": sealed}).model_dump_json()',
        "return grant.model_dump_json()",
        SEALING,
    ),
    Mutant(
        "a sealed plate opens in any booking",
        "cloud/usecases/plate_vault.py",
        'return f"booking:{booking_id}"',
        'return f"booking:{len(booking_id) < 0}"',
        SEALING,
    ),
    Mutant(
        "a cloud whose plates key is gone makes another",
        "cloud/adapters/plate_keys.py",
        "vault = opened(path, known is None)",
        "vault = opened(path, True)",
        SEALING,
    ),
    Mutant(
        "only the first old plates of each table are sealed",
        "cloud/usecases/plate_sealing.py",
        "more = len(found) == limit",
        "more = len(found) > limit",
        SEALING,
    ),
    Mutant(
        "who is erased keeps her key",
        "cloud/core/personal_rows/people.py",
        '            "secret": "wrapped",\n            "erased": "delete",\n',
        '            "secret": "wrapped",\n            "why": "kept.",\n',
        "tests/cloud/test_erasing.py",
    ),
    Mutant(
        "one with an open dispute is erased",
        "cloud/usecases/erasing.py",
        '    "erasure_disputes": _disputed,\n',
        "",
        "tests/cloud/test_erasing.py",
    ),
    Mutant(
        "what is disputed is deleted by its age",
        "cloud/core/retention.py",
        "WHERE d.state = 'open' AND (d.stay = s.number OR d.booking = s.booking)",
        "WHERE d.state = 'none' AND (d.stay = s.number OR d.booking = s.booking)",
        "tests/cloud/test_retention.py",
    ),
    Mutant(
        "what goes leaves no proof",
        "cloud/usecases/retention.py",
        "    if done:\n",
        "    if done and limit < 0:\n",
        "tests/cloud/test_retention.py",
    ),
    Mutant(
        "a person is shown another's rows",
        "cloud/core/personal_rows/stays.py",
        'MINE = "IN (SELECT id FROM booking WHERE driver = :person)"',
        'MINE = "IN (SELECT id FROM booking WHERE driver >= :person)"',
        "tests/cloud/test_erasing.py",
    ),
    Mutant(
        "an account is erased for whoever named no number",
        "cloud/entrypoints/http/api_privacy.py",
        "if asked.confirm != number:",
        "if asked.confirm == 0:",
        "tests/http/test_privacy.py",
    ),
)
