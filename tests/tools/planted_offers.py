"""The bugs that `make mutants` plants in offers: hours, closed times, compensation, taking back."""

from tests.tools.planted import Mutant

WINDOWS = "tests/cloud/test_offer_windows.py"
RULES = "tests/cloud/test_offer_rules.py"
OFFERS_TEST = "tests/cloud/test_offers.py"
BACK = "tests/cloud/test_offers_back.py"

OFFERS = (
    Mutant(
        "hours that a clock change repeats end the first time",
        "cloud/core/windows_local.py",
        "return first, first if _jump(zone, first, second) == second else second",
        "return first, first",
        WINDOWS,
    ),
    Mutant(
        "hours until a clock goes back last an hour longer",
        "cloud/core/windows_local.py",
        "return first, first if _jump(zone, first, second) == second else second",
        "return first, second",
        WINDOWS,
    ),
    Mutant(
        "a time that a clock change leaves out is taken as it was before",
        "cloud/core/windows_local.py",
        "        return jump, jump\n",
        "        return first, first\n",
        WINDOWS,
    ),
    Mutant(
        "hours over midnight end before they begin",
        "cloud/core/windows.py",
        "over = DAY_MINUTES if hours.to_min <= hours.from_min else 0",
        "over = 0",
        WINDOWS,
    ),
    Mutant(
        "hours that touch stay two windows",
        "cloud/core/windows.py",
        "if merged and begin <= merged[-1][1]:",
        "if merged and begin < merged[-1][1]:",
        WINDOWS,
    ),
    Mutant(
        "a night is a holiday's by its morning",
        "cloud/core/windows_model.py",
        "name, is_holiday = DAYS[day.weekday()], day in holidays",
        "name, is_holiday = DAYS[day.weekday()], day + timedelta(days=1) in holidays",
        WINDOWS,
    ),
    Mutant(
        "a rule of days ends with the calendar's last cycle",
        "cloud/core/windows_rules.py",
        "LAST_YEAR = 9999 - 11",
        "LAST_YEAR = 9999",
        RULES,
    ),
    Mutant(
        "compensation is rounded against the driver",
        "cloud/core/compensation.py",
        "max(-(-quoted_minor * percent // 100), self.minimum_minor)",
        "max(quoted_minor * percent // 100, self.minimum_minor)",
        RULES,
    ),
    Mutant(
        "a place is blurred around itself",
        "cloud/core/places.py",
        "column = (floor(lon / width) + 0.5) * width",
        "column = lon + 0.3 * width",
        RULES,
    ),
    Mutant(
        "the end of a title's term leaves the hours as they are",
        "cloud/usecases/offer_windows.py",
        "return found if ends_at is None else meeting(until(found, ends_at), around)",
        "return found",
        OFFERS_TEST,
    ),
    Mutant(
        "a former owner's offer counts on",
        "cloud/usecases/offers.py",
        "    .where(Registration.owner == Offer.owner)\n",
        "",
        OFFERS_TEST,
    ),
    Mutant(
        "a standby space is offered to everybody",
        "cloud/usecases/offers.py",
        "(_PUBLIC_HERE if here else _PUBLIC)",
        "(_OFFERED_HERE if here else _OFFERED)",
        OFFERS_TEST,
    ),
    Mutant(
        "a closed space can be booked",
        "cloud/usecases/offers.py",
        "    if space.id in closed:\n",
        "    if space.id in ():\n",
        OFFERS_TEST,
    ),
    Mutant(
        "a guest's plate counts for ever",
        "cloud/usecases/offer_plates.py",
        "lasting = or_(always, col(OwnerPlate.ends_ms) > at_ms)",
        "lasting = or_(always, col(OwnerPlate.ends_ms) > 0)",
        OFFERS_TEST,
    ),
    Mutant(
        "what was agreed is not compared with what is so now",
        "cloud/usecases/offer_conflicts.py",
        'return refuse("changed_since") if agreed.token != token else None',
        "return None",
        BACK,
    ),
    Mutant(
        "a space is taken back though its bookings are others now",
        "cloud/usecases/taking_back.py",
        "if shown.token != agreed.token:",
        "if False:",
        BACK,
    ),
    Mutant(
        "a booking is moved to a space that is too low",
        "cloud/usecases/offer_moves.py",
        "is None and _as_roomy(free.limits, needs):",
        "is None:",
        BACK,
    ),
    Mutant(
        "a car that overstays is not in the way",
        "cloud/usecases/offer_conflicts.py",
        "rows = [*session.exec(late), *session.exec(found)]",
        "rows = [*session.exec(found)]",
        BACK,
    ),
)
