"""The newer code generator's registry does what the older one's does, for less gas."""

from collections import Counter
from pathlib import Path
from random import Random

import pytest

pytest.importorskip("pyrevm", reason="pyrevm has no wheel for this machine")

from tests.ledger_checks.built import built
from tests.ledger_checks.evm import ADMIN, DRIVER, OWNER, address
from tests.ledger_checks.registry import (
    FUNCTIONS,
    ROLES,
    Moves,
    Registry,
    call,
    older_code,
    share_gas,
)

CALLS, EACH_SOME = 8_000, 5
SHARE_AT_MOST = 65_000  # gas


def test_both_code_generators_answer_log_and_keep_the_same_for_random_calls(tmp_path: Path) -> None:
    newer, older = Registry(built("PropertyRegistry").code), Registry(older_code(tmp_path))
    assert newer.code != older.code
    moves, done = Moves(Random(1)), Counter[bytes]()
    for _ in range(CALLS):
        sender, data = moves.move()
        answer = newer.send(sender, data)
        assert answer == older.send(sender, data), (sender, data.hex())
        done[data[:4] if answer[0] == "done" else b""] += 1
    assert newer.kept() == older.kept()
    selectors = {name: call(name, *_any(name))[:4] for name in FUNCTIONS}
    few = [name for name, selector in selectors.items() if done[selector] < EACH_SOME]
    assert not few, f"hardly ever called with success: {few}"
    assert done[b""] > CALLS // 10


def test_a_first_share_with_twenty_siblings_costs_at_most_65_000() -> None:
    costs = [share_gas(seed) for seed in range(6)]
    assert max(costs) <= SHARE_AT_MOST, costs


def test_a_new_admin_is_not_bound_by_what_the_one_before_had_offered() -> None:
    registry = Registry(built("PropertyRegistry").code)
    admin, registrar = ROLES[:2]
    registry.send(ADMIN, call("propose_role", registrar, address(DRIVER)))
    registry.send(ADMIN, call("propose_role", admin, address(OWNER)))
    assert registry.send(OWNER, call("accept_role", admin))[0] == "done"
    assert registry.send(DRIVER, call("accept_role", registrar))[0] == "reverted"
    registry.send(OWNER, call("propose_role", registrar, address(DRIVER)))
    assert registry.send(DRIVER, call("accept_role", registrar))[0] == "done"


def _any(name: str) -> list[object]:
    empty = {"bool": False, "address": "0x" + "00" * 20, "uint256": 0, "bytes32": bytes(32)}
    return [empty.get(str(one["type"]), []) for one in FUNCTIONS[name]["inputs"]]
