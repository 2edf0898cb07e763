"""The bugs that `make mutants` plants in stays, plates, disputes and trust."""

from tests.tools.planted import Mutant

EDGE = "tests/cloud/test_edge_cases.py"
TIME = "tests/cloud/test_edge_cases_time.py"
DISPUTES = "tests/cloud/test_disputes.py"
STAYS = (
    Mutant(
        "the owner's own car is a car that nobody booked",
        "cloud/usecases/stay_arrivals.py",
        'return Whose("owner")',
        'return Whose("unbooked")',
        EDGE,
    ),
    Mutant(
        "a plate that nearly fits is taken for the booking's",
        "cloud/core/plates.py",
        'return Verdict("accepted" if nearest == 0 else "ambiguous", about, nearest)',
        'return Verdict("accepted", about, nearest)',
        "tests/cloud/test_stay_plates.py",
    ),
    Mutant(
        "one wrong character is somebody else's plate",
        "cloud/core/plates.py",
        "DOUBTFUL = 1.0",
        "DOUBTFUL = 0.9",
        "tests/cloud/test_stay_plates.py",
    ),
    Mutant(
        "an overstay that nothing confirmed is charged",
        "cloud/usecases/stay_overstays.py",
        "if row is None or (stay.departed_ms or 0) <= row.asked_ms + ANSWER_MS:",
        "if True:",
        TIME,
    ),
    Mutant(
        "the driver who is moved pays for who stays",
        "cloud/usecases/stay_overstays.py",
        '"car_before_stays", booking.driver)',
        '"car_before_stays", following.driver)',
        TIME,
    ),
    Mutant(
        "another car in mid-stay goes on as the first",
        "cloud/usecases/stay_changes.py",
        'return event.match == "other" or event.grant not in (None, booking.grant)',
        "return False",
        TIME,
    ),
    Mutant(
        "a moved stay is billed from before the gateway knew its car",
        "cloud/usecases/stay_changes.py",
        "    stay.first_seq = event.seq\n    session.add(stay)",
        "    session.add(stay)",
        EDGE,
    ),
    Mutant(
        "whoever comes late may take a space that was booked since",
        "cloud/usecases/stay_arrivals.py",
        "    if not _free(session, came):\n",
        "    if False:\n",
        EDGE,
    ),
    Mutant(
        "a car waits less than its lot would have it to be told as unbooked",
        "cloud/usecases/stays.py",
        "        Stay.arrived_ms < limit,\n",
        "",
        EDGE,
    ),
    Mutant(
        "anyone may dispute anyone's stay",
        "cloud/usecases/disputes.py",
        'if opening.role != "operator" and opening.by not in _parties(session, stay):',
        "if False:",
        DISPUTES,
    ),
    Mutant(
        "a dispute may be decided twice",
        "cloud/core/disputing.py",
        '    ("open", "decide"): ("decided", ("operator",)),',
        '    ("open", "decide"): ("open", ("operator",)),',
        DISPUTES,
    ),
    Mutant(
        "an assumption forgets what went back already",
        "cloud/usecases/dispute_evidence.py",
        "kept_minor = credits.left_minor(session, settled) if settled else 0",
        "kept_minor = 0",
        DISPUTES,
    ),
    Mutant(
        "'someone is in my space' is believed against the sensors",
        "cloud/usecases/space_taken.py",
        'if here.occupancy == "free":',
        "if False:",
        DISPUTES,
    ),
    Mutant(
        "an upheld appeal changes nothing",
        "cloud/core/trust.py",
        "if one.code in KINDS and not one.appealed]",
        "if one.code in KINDS]",
        "tests/cloud/test_trust.py",
    ),
    Mutant(
        "what went wrong never fades",
        "cloud/core/trust.py",
        "kind.points * 0.5 ** (age_ms / (kind.half_life_days * DAY_MS))",
        "kind.points",
        "tests/cloud/test_trust.py",
    ),
)
