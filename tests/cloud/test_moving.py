"""Moving to another ledger, as docs/operate.md tells it: close, withdraw at once, begin anew."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from cloud.adapters.chain import Web3Chain, asker
from cloud.adapters.deploying import deploy
from cloud.adapters.dev_keys import dev_role_keys
from cloud.adapters.devchain import DevChainServer
from cloud.usecases import filing
from contracts.ledger.onchain import verify_on_chain
from contracts.ledger.receipt import verify
from contracts.wire.signing import address_of
from tests.cloud.test_settling_withdrawals import UNIT, Owned
from tests.cloud.test_stays import books_equal_chain, park, receipt_of

WEEK_S = 7 * 86_400


@pytest.fixture
def node(tmp_path: Path) -> Iterator[DevChainServer]:
    node = DevChainServer(tmp_path / "chain")
    node.start()
    yield node
    node.stop()


def cloud_on(node: DevChainServer, folder: Path) -> Owned:
    """A cloud of its own, on a ledger of its own, whose withdrawals take a week."""
    folder.mkdir()
    keys = dev_role_keys()
    where = deploy(node.url, keys, UNIT, WEEK_S)
    rig = Owned(folder, chain_type=lambda _now, addresses: Web3Chain(node.url, where, keys))  # type: ignore[arg-type]
    mint: Any = ("token", "mint")
    admin = address_of(keys["admin"])
    rig.db.write(lambda s: filing.queue(s, "setup:own", mint, [admin, 10**15], "admin"))
    rig.open_market()
    rig.sweeps.drive()
    return rig


def test_after_the_close_money_leaves_at_once_and_the_old_receipts_still_hold(
    node: DevChainServer, tmp_path: Path
) -> None:
    old = cloud_on(node, tmp_path / "old")
    before = park(old)
    old.settle()
    new = cloud_on(node, tmp_path / "new")
    old.do(("ledger", "close"), new.deployed.ledger)
    left = old.chain.read("ledger", "balance_of", old.driver)
    old.do(("ledger", "request_withdraw"), old.driver, left)
    old.do(("ledger", "withdraw"), old.driver)
    assert left > 0 and old.chain.read("ledger", "balance_of", old.driver) == 0
    after = park(new)
    new.settle()
    assert books_equal_chain(new)
    for rig, booking_id in ((old, before), (new, after)):
        receipt = receipt_of(rig, booking_id)
        links = verify(receipt) + verify_on_chain(receipt, asker(node.url))
        assert all(link.ok for link in links), links
