"""Steps of the Hypothesis machines: bookings on the real database, the ledger's contract."""

from __future__ import annotations

from typing import Any

from hypothesis import HealthCheck, settings
from hypothesis.stateful import RuleBasedStateMachine, invariant, run_state_machine_as_test

from bench.gate_parts import Told, Verdict, row
from tests.cloud.test_booking_model import Life
from tests.ledger_checks.test_random_calls import Ledger

STEPS = 250_000
# Of all steps; one on the database takes many times as long as one on the contract.
SHARES: tuple[tuple[type[RuleBasedStateMachine], float], ...] = ((Ledger, 0.98), (Life, 0.02))
STEPS_EACH = 50
EXAMPLES = 40
MAX_ROUNDS = 10_000


def counting(machine: type[RuleBasedStateMachine], steps: list[int]) -> Any:
    """The same machine; every step of it counts."""

    def counted(_self: object) -> None:
        steps[0] += 1

    return type(f"Counted{machine.__name__}", (machine,), {"counted": invariant()(counted)})


def part(share: float, told: Told) -> Verdict:
    wanted, done, wrong = STEPS * share, 0, []
    for machine, of_all in SHARES:
        steps = [0]
        counted = counting(machine, steps)
        for _ in range(MAX_ROUNDS):
            if steps[0] >= wanted * of_all or wrong:
                break
            try:
                run_state_machine_as_test(counted, settings=_settings())  # type: ignore[no-untyped-call]
            except AssertionError as error:
                wrong.append(f"{machine.__name__}: {error}")
            told((done + steps[0]) / wanted)
        done += steps[0]
    return Verdict([row("gate.stateful.steps", done, "steps", STEPS)], wrong)


def _settings() -> settings:
    return settings(
        max_examples=EXAMPLES,
        stateful_step_count=STEPS_EACH,
        deadline=None,
        database=None,
        derandomize=False,
        suppress_health_check=list(HealthCheck),
    )
