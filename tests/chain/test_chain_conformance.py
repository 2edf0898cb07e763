"""One suite for every chain: what the contracts promise, seen through the port."""

import pytest
from chain_bench import START_S, UNIT, WITHDRAW_DELAY_S, Bench, word

from cloud.ports.chain import Call, ChainRefused, Outcome
from contracts.ledger.hashing import keccak
from contracts.ledger.merkle import Tree, leaf_hash

SPACES = [keccak(b"space %d" % number) for number in range(5)]
TITLES = [keccak(b"title %d" % number) for number in range(5)]
TREE = Tree([leaf_hash(space + title) for space, title in zip(SPACES, TITLES, strict=True)])
DECISION = keccak(b"decision")
ROOT = keccak(b"detail root")
NOWHERE = "0x" + "00" * 20
SOMEBODY = "0x000000000000000000000000000000000000dEaD"


def publish(bench: Bench) -> None:
    bench.do("registry", "publish", TREE.root, 5, keccak(b"library"), sender="registrar")


def refusal(bench: Bench, contract: str, function: str, *args: object, sender: str) -> str:
    with pytest.raises(ChainRefused) as caught:
        bench.do(contract, function, *args, sender=sender)  # type: ignore[arg-type]
    return caught.value.code


def two_accounts(bench: Bench, funds: int = 1_000) -> None:
    bench.open(1, SOMEBODY)
    bench.open(2, bench.address("admin"))
    bench.fund(1, funds, keccak(b"top-up 1"))


def test_a_published_root_is_the_registrys_and_raises_its_version(bench: Bench) -> None:
    outcome = bench.do("registry", "publish", TREE.root, 5, keccak(b"lib"), sender="registrar")
    assert outcome.ok and outcome.final and outcome.reason is None
    assert bench.chain.read("registry", "root") == TREE.root
    assert bench.chain.read("registry", "version") == 1
    [event] = outcome.events
    assert (event.contract, event.name, event.args["count"]) == ("registry", "Published", 5)


def test_only_the_registrar_may_publish(bench: Bench) -> None:
    code = refusal(bench, "registry", "publish", TREE.root, 5, DECISION, sender="settler")
    assert code == "REGISTRAR"


def test_every_title_shares_by_its_proof_and_may_do_so_again(bench: Bench) -> None:
    publish(bench)
    for at, (space, title) in enumerate(zip(SPACES, TITLES, strict=True)):
        proof = tuple(TREE.proof(at))
        assert bench.chain.read("registry", "verify", space, title, proof)
        bench.do("registry", "share", space, title, proof, DECISION, sender="registrar")
        bench.do("registry", "share", space, title, proof, DECISION, sender="registrar")
        assert bench.chain.read("registry", "is_shared", space)
    assert bench.chain.read("registry", "shared", SPACES[0]) == DECISION


def test_a_wrong_proof_shares_nothing(bench: Bench) -> None:
    publish(bench)
    wrong = tuple(TREE.proof(1))
    args = (SPACES[0], TITLES[0], wrong, DECISION)
    assert refusal(bench, "registry", "share", *args, sender="registrar") == "PROOF"
    assert not bench.chain.read("registry", "is_shared", SPACES[0])


def test_before_any_publication_nothing_is_proven(bench: Bench) -> None:
    assert not bench.chain.read("registry", "verify", SPACES[0], TITLES[0], ())


def test_an_unshared_space_is_no_longer_shared_and_cannot_be_unshared_again(bench: Bench) -> None:
    publish(bench)
    args = (SPACES[0], TITLES[0], tuple(TREE.proof(0)), DECISION)
    bench.do("registry", "share", *args, sender="registrar")
    bench.do("registry", "unshare", SPACES[0], keccak(b"expired"), sender="registrar")
    assert not bench.chain.read("registry", "is_shared", SPACES[0])
    code = refusal(bench, "registry", "unshare", SPACES[0], DECISION, sender="registrar")
    assert code == "NOT_SHARED"


def test_a_gateway_has_one_key_and_a_key_one_gateway(bench: Bench) -> None:
    first, second = keccak(b"gw-1"), keccak(b"gw-2")
    other = bench.address("admin")
    bench.do("registry", "set_gateway", first, SOMEBODY, True, sender="registrar")
    assert bench.chain.read("registry", "gateway_of", SOMEBODY) == first
    args = (second, SOMEBODY, True)
    assert refusal(bench, "registry", "set_gateway", *args, sender="registrar") == "SIGNER"
    bench.do("registry", "set_gateway", first, other, True, sender="registrar")
    assert bench.chain.read("registry", "gateway_of", SOMEBODY) == bytes(32)
    bench.do("registry", "set_gateway", first, other, False, sender="registrar")
    assert bench.chain.read("registry", "gateway_of", other) == bytes(32)
    assert bench.chain.read("registry", "signer_of", first) == NOWHERE


def test_an_account_opens_once_for_one_owner(bench: Bench) -> None:
    bench.open(1, SOMEBODY)
    bench.open(1, SOMEBODY)
    assert bench.chain.read("ledger", "owner_of", 1) == SOMEBODY
    args = (1, bench.address("admin"))
    assert refusal(bench, "ledger", "open_account", *args, sender="registrar") == "OWNER"
    zero = refusal(bench, "ledger", "open_account", 0, SOMEBODY, sender="registrar")
    assert zero == "ACCOUNT"


def test_an_account_of_the_zero_address_is_refused(bench: Bench) -> None:
    assert refusal(bench, "ledger", "open_account", 1, NOWHERE, sender="registrar") == "ADDRESS"
    bench.open(1, SOMEBODY)
    assert refusal(bench, "ledger", "open_account", 1, NOWHERE, sender="registrar") == "ADDRESS"


def test_the_ledger_names_the_registry_it_was_deployed_with(bench: Bench) -> None:
    assert bench.chain.read("ledger", "registry") == bench.chain.deployment().registry


def test_a_deposit_sent_twice_under_one_reference_moves_money_once(bench: Bench) -> None:
    two_accounts(bench, funds=1_000)
    registrar = bench.address("registrar")
    bench.do("token", "mint", registrar, 5 * UNIT, sender="admin")
    again = (1, 1_000, keccak(b"top-up 1"))
    outcome = bench.do("ledger", "deposit", *again, sender="registrar")
    assert outcome.ok and outcome.events == ()
    assert bench.balance(1) == 1_000
    assert bench.chain.read("token", "balanceOf", registrar) == 5 * UNIT
    assert bench.chain.read("token", "balanceOf", bench.chain.deployment().ledger) == 1_000 * UNIT


def test_a_stranger_who_uses_a_reference_first_does_not_use_it_up_for_others(bench: Bench) -> None:
    bench.open(1, SOMEBODY)
    bench.open(2, SOMEBODY)
    ledger, reference = bench.chain.deployment().ledger, keccak(b"top-up 1")
    stranger, custodian = bench.address("settler"), bench.address("registrar")
    bench.do("token", "mint", stranger, 1 * UNIT, sender="admin")
    bench.do("token", "approve", ledger, 1 * UNIT, sender="settler")
    bench.do("ledger", "deposit", 2, 1, reference, sender="settler")
    assert bench.chain.read("ledger", "reference_used", stranger, reference)
    assert not bench.chain.read("ledger", "reference_used", custodian, reference)
    bench.fund(1, 1_000, reference)
    assert bench.chain.read("ledger", "reference_used", custodian, reference)
    assert (bench.balance(1), bench.balance(2)) == (1_000, 1)
    assert bench.chain.read("token", "balanceOf", ledger) == 1_001 * UNIT


def test_a_deposit_without_money_or_account_is_refused(bench: Bench) -> None:
    args = (1, 10, DECISION)
    assert refusal(bench, "ledger", "deposit", *args, sender="registrar") == "ACCOUNT"
    bench.open(1, SOMEBODY)
    assert refusal(bench, "ledger", "deposit", *args, sender="registrar") == "ALLOWANCE"


def test_a_batch_moves_balances_and_names_itself(bench: Bench) -> None:
    two_accounts(bench)
    words = (word(1, 2, 77, 300), word(1, 2, 78, 0))
    outcome = bench.do("ledger", "settle_batch", 1, ROOT, words, sender="settler")
    assert (bench.balance(1), bench.balance(2)) == (700, 300)
    packed = keccak(b"".join(one.to_bytes(32, "big") for one in words))
    head = keccak(bytes(32) + ROOT + packed)
    [event] = outcome.events
    assert dict(event.args) == {"seq": 1, "detail_root": ROOT, "head": head, "words": words}
    assert bench.chain.read("ledger", "head") == head
    assert bench.chain.read("ledger", "seq") == 1
    assert bench.chain.read("ledger", "batch_root", 1) == ROOT
    assert bench.chain.read("ledger", "is_settled", 77)
    assert not bench.chain.read("ledger", "is_settled", 79)


def test_a_stay_settled_before_refuses_the_whole_batch(bench: Bench) -> None:
    two_accounts(bench)
    bench.do("ledger", "settle_batch", 1, ROOT, (word(1, 2, 77, 300),), sender="settler")
    args = (2, ROOT, (word(1, 2, 78, 100), word(1, 2, 77, 300)))
    assert refusal(bench, "ledger", "settle_batch", *args, sender="settler") == "REPLAY"
    twice = (2, ROOT, (word(1, 2, 79, 100), word(1, 2, 79, 100)))
    assert refusal(bench, "ledger", "settle_batch", *twice, sender="settler") == "REPLAY"
    assert bench.balance(1) == 700 and not bench.chain.read("ledger", "is_settled", 78)


@pytest.mark.parametrize("seq", [0, 2, 2**64])
def test_a_batch_out_of_turn_is_refused(bench: Bench, seq: int) -> None:
    args = (seq, ROOT, ())
    assert refusal(bench, "ledger", "settle_batch", *args, sender="settler") == "SEQ"


def test_only_the_settler_settles(bench: Bench) -> None:
    code = refusal(bench, "ledger", "settle_batch", 1, ROOT, (), sender="registrar")
    assert code == "SETTLER"


def unpaid(outcome: Outcome) -> list[tuple[int, int, int]]:
    told = [event.args for event in outcome.events if event.name == "Unpaid"]
    assert all(set(args) == {"stay", "driver", "missing"} for args in told)
    return [(args["stay"], args["driver"], args["missing"]) for args in told]


def test_a_short_balance_pays_what_it_has_and_the_batch_goes_on(bench: Bench) -> None:
    two_accounts(bench, funds=100)
    words = (
        word(1, 2, 10, 60),  # whole
        word(1, 2, 11, 41),  # one is missing
        word(1, 2, 12, 7),  # nothing is left
        word(3, 2, 13, 1),  # a driver whose account nobody opened
        word(2, 1, 14, 100),  # whole, from what this batch paid in
    )
    outcome = bench.do("ledger", "settle_batch", 1, ROOT, words, sender="settler")
    assert unpaid(outcome) == [(11, 1, 1), (12, 1, 7), (13, 3, 1)]
    assert (bench.balance(1), bench.balance(2), bench.balance(3)) == (100, 0, 0)
    assert all(bench.chain.read("ledger", "is_settled", stay) for stay in range(10, 15))


def test_a_stay_paid_in_part_is_filed_and_cannot_be_settled_again(bench: Bench) -> None:
    two_accounts(bench, funds=100)
    bench.do("ledger", "settle_batch", 1, ROOT, (word(1, 2, 10, 150),), sender="settler")
    bench.fund(1, 50, keccak(b"top-up 2"))
    args = (2, ROOT, (word(1, 2, 10, 50),))
    assert refusal(bench, "ledger", "settle_batch", *args, sender="settler") == "REPLAY"
    assert (bench.balance(1), bench.balance(2)) == (50, 100)


def test_money_for_an_account_nobody_opened_stays_and_the_batch_goes_on(bench: Bench) -> None:
    two_accounts(bench, funds=400)
    words = (word(1, 9, 77, 300), word(1, 9, 78, 0), word(1, 2, 79, 100), word(1, 9, 80, 2**32 - 1))
    outcome = bench.do("ledger", "settle_batch", 1, ROOT, words, sender="settler")
    assert unpaid(outcome) == [(77, 1, 300), (80, 1, 2**32 - 1)]
    assert (bench.balance(1), bench.balance(2), bench.balance(9)) == (300, 100, 0)
    assert all(bench.chain.read("ledger", "is_settled", stay) for stay in range(77, 81))


def test_a_driver_who_is_the_payee_keeps_what_they_had(bench: Bench) -> None:
    two_accounts(bench)
    bench.do("ledger", "settle_batch", 1, ROOT, (word(1, 1, 5, 400),), sender="settler")
    assert bench.balance(1) == 1_000
    short = bench.do("ledger", "settle_batch", 2, ROOT, (word(1, 1, 6, 1_001),), sender="settler")
    assert unpaid(short) == [(6, 1, 1)]
    assert bench.balance(1) == 1_000


def test_a_pause_stops_settling_but_no_withdrawal(bench: Bench) -> None:
    two_accounts(bench)
    bench.do("ledger", "settle_batch", 1, ROOT, (word(1, 2, 1, 500),), sender="settler")
    bench.do("ledger", "pause", sender="admin")
    args = (2, ROOT, ())
    assert refusal(bench, "ledger", "settle_batch", *args, sender="settler") == "PAUSED"
    bench.do("ledger", "request_withdraw", 2, 500, sender="admin")
    bench.clock.seconds += WITHDRAW_DELAY_S
    bench.do("ledger", "withdraw", 2, sender="registrar")
    assert bench.chain.read("token", "balanceOf", bench.address("admin")) == 500 * UNIT
    bench.do("ledger", "unpause", sender="admin")
    assert bench.do("ledger", "settle_batch", 2, ROOT, (), sender="settler").ok


def test_a_withdrawal_waits_its_delay_and_is_the_owners_to_ask(bench: Bench) -> None:
    two_accounts(bench)
    bench.do("ledger", "settle_batch", 1, ROOT, (word(1, 2, 1, 500),), sender="settler")
    assert refusal(bench, "ledger", "request_withdraw", 2, 1, sender="registrar") == "OWNER"
    assert refusal(bench, "ledger", "request_withdraw", 2, 501, sender="admin") == "BALANCE"
    assert refusal(bench, "ledger", "withdraw", 2, sender="admin") == "NO_REQUEST"
    bench.do("ledger", "request_withdraw", 2, 500, sender="admin")
    ready_at = START_S + WITHDRAW_DELAY_S
    assert bench.chain.read("ledger", "withdrawal_of", 2) == (500, ready_at)
    bench.clock.seconds = ready_at - 1
    assert refusal(bench, "ledger", "withdraw", 2, sender="admin") == "DELAY"


def test_a_stay_settled_during_the_delay_comes_before_the_withdrawal(bench: Bench) -> None:
    two_accounts(bench)
    bench.do("ledger", "settle_batch", 1, ROOT, (word(1, 2, 1, 500),), sender="settler")
    bench.do("ledger", "request_withdraw", 2, 500, sender="admin")
    bench.do("ledger", "settle_batch", 2, ROOT, (word(2, 1, 2, 200),), sender="settler")
    bench.clock.seconds += WITHDRAW_DELAY_S
    bench.do("ledger", "withdraw", 2, sender="admin")
    assert bench.chain.read("token", "balanceOf", bench.address("admin")) == 300 * UNIT
    assert (bench.balance(1), bench.balance(2)) == (700, 0)


def test_a_record_proves_itself_in_its_batch_alone(bench: Bench) -> None:
    records = Tree([leaf_hash(b"record %d" % number) for number in range(7)])
    bench.do("ledger", "settle_batch", 1, records.root, (), sender="settler")
    leaf, proof = leaf_hash(b"record 6"), tuple(records.proof(6))
    assert bench.chain.read("ledger", "verify_record", 1, leaf, proof)
    assert not bench.chain.read("ledger", "verify_record", 1, leaf_hash(b"record 5"), proof)
    assert not bench.chain.read("ledger", "verify_record", 2, leaf, proof)


def test_a_transaction_sent_twice_succeeds_and_counts_once(bench: Bench) -> None:
    nonce = bench.chain.next_nonce("registrar")
    call = Call("registry", "publish", (TREE.root, 5, DECISION), "registrar")
    tx = bench.chain.sign(call, nonce)
    bench.chain.send(tx)
    bench.chain.send(tx)
    assert bench.chain.next_nonce("registrar") == nonce + 1
    assert bench.chain.read("registry", "version") == 1


def test_a_used_or_skipped_nonce_is_refused(bench: Bench) -> None:
    publish(bench)
    call = Call("registry", "publish", (TREE.root, 6, DECISION), "registrar")
    nonce = bench.chain.next_nonce("registrar")
    for wrong in (nonce - 1, nonce + 1):
        with pytest.raises(ChainRefused, match="NONCE"):
            bench.chain.send(bench.chain.sign(call, wrong))


def test_a_transaction_overtaken_by_another_is_included_but_failed(bench: Bench) -> None:
    settle = Call("ledger", "settle_batch", (1, ROOT, ()), "settler")
    nonce = bench.chain.next_nonce("settler")
    late = bench.chain.sign(settle, nonce + 1)
    bench.chain.send(bench.chain.sign(settle, nonce))
    bench.chain.send(late)
    outcome = bench.chain.outcome(late.hash)
    assert outcome is not None and not outcome.ok
    assert outcome.reason == "SEQ" and outcome.events == ()


def test_a_transaction_that_was_never_sent_has_no_outcome(bench: Bench) -> None:
    assert bench.chain.outcome("0x" + "12" * 32) is None
