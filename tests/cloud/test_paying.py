"""Our books' rule for one settlement is the contract's: case by case, then against its model."""

from hypothesis import given, settings
from hypothesis import strategies as st

from cloud.core import money
from cloud.core.paying import MOST_MINOR, Paid, Payment, pay
from tests.ledger_checks.model import BY_CLAIM, CREDIT, Books, Model

DRIVER, OWNER, CLOSED = 1, 2, 9


def paid(word: Payment, balances: dict[int, int], fees_minor: int = 0) -> tuple[Paid, list[int]]:
    told = pay(word, balances, fees_minor)
    return told, [balances[number] for number in sorted(balances)]


def test_a_covered_stay_is_paid_whole() -> None:
    assert paid(Payment(DRIVER, OWNER, 290), {1: 1_000, 2: 5}) == (Paid(290, 290, 0, 0), [710, 295])


def test_a_short_balance_pays_what_it_has_and_the_rest_is_missing() -> None:
    assert paid(Payment(DRIVER, OWNER, 290), {1: 100, 2: 0}) == (Paid(100, 100, 0, 190), [0, 100])


def test_the_fee_is_the_platforms_part_of_what_was_paid_rounded_down() -> None:
    whole = Payment(DRIVER, OWNER, 399, fee_bps=250)
    assert paid(whole, {1: 1_000, 2: 0}) == (Paid(399, 390, 9, 0), [601, 390])
    assert paid(whole, {1: 79, 2: 0}) == (Paid(79, 78, 1, 320), [0, 78])
    assert paid(whole, {1: 39, 2: 0}) == (Paid(39, 39, 0, 360), [0, 39])


def test_a_credit_gives_back_the_owners_part_and_the_platforms() -> None:
    credit = Payment(OWNER, DRIVER, 400, fee_bps=250, credit=True)
    assert paid(credit, {1: 0, 2: 390}, fees_minor=10) == (Paid(390, 400, -10, 0), [400, 0])


def test_a_credit_with_fees_short_gives_back_what_the_platform_has() -> None:
    credit = Payment(OWNER, DRIVER, 400, fee_bps=250, credit=True)
    assert paid(credit, {1: 0, 2: 390}, fees_minor=3) == (Paid(390, 393, -3, 7), [393, 0])
    assert paid(credit, {1: 0, 2: 90}, fees_minor=0) == (Paid(90, 90, 0, 310), [90, 0])


def test_who_pays_himself_loses_the_fee_alone() -> None:
    own = Payment(DRIVER, DRIVER, 400, fee_bps=250)
    assert paid(own, {1: 400}) == (Paid(400, 390, 10, 0), [390])
    assert paid(own, {1: 100}) == (Paid(100, 98, 2, 300), [98])


def test_a_payee_without_an_account_gets_nothing_and_all_is_missing() -> None:
    told = paid(Payment(DRIVER, CLOSED, 290, fee_bps=250), {1: 1_000})
    assert told == (Paid(0, 0, 0, 290), [1_000])


def test_a_payee_whose_account_would_overflow_gets_nothing_and_all_is_missing() -> None:
    full = {1: 1_000, 2: MOST_MINOR - 289}
    assert paid(Payment(DRIVER, OWNER, 290), dict(full)) == (Paid(0, 0, 0, 290), [*full.values()])
    room = {1: 1_000, 2: MOST_MINOR - 290}
    assert paid(Payment(DRIVER, OWNER, 290), room)[0] == Paid(290, 290, 0, 0)


def test_a_stay_that_costs_nothing_misses_nothing_even_for_a_closed_account() -> None:
    assert paid(Payment(DRIVER, CLOSED, 0), {1: 5}) == (Paid(0, 0, 0, 0), [5])


def test_an_overdrawn_account_of_our_books_pays_nothing() -> None:
    assert paid(Payment(DRIVER, OWNER, 290), {1: -5, 2: 0}) == (Paid(0, 0, 0, 290), [-5, 0])


def total(postings: list[money.Posting], account: int) -> int:
    return sum(one.amount_minor for one in postings if one.account == account)


@given(amount=st.integers(0, 10**6), held=st.integers(0, 10**6), has=st.integers(0, 10**6))
def test_what_was_paid_is_posted_to_the_three_accounts_it_moves(
    amount: int, held: int, has: int
) -> None:
    told = pay(Payment(DRIVER, OWNER, amount, 250), {DRIVER: has, OWNER: 0}, 0)
    postings = money.post(DRIVER, OWNER, held, told.pays_minor, told.fee_minor)
    moved = [total(postings, account) for account in (DRIVER, OWNER, money.PLATFORM)]
    assert moved == [-told.pays_minor, told.gets_minor, told.fee_minor]


@given(amount=st.integers(0, 10**6), has=st.integers(0, 10**6), fees=st.integers(0, 10**4))
def test_what_was_credited_is_posted_to_the_three_accounts_it_moves(
    amount: int, has: int, fees: int
) -> None:
    told = pay(Payment(OWNER, DRIVER, amount, 250, credit=True), {DRIVER: 0, OWNER: has}, fees)
    postings = money.credit(OWNER, DRIVER, told.pays_minor, -told.fee_minor)
    moved = [total(postings, account) for account in (OWNER, DRIVER, money.PLATFORM)]
    assert moved == [-told.pays_minor, told.gets_minor, told.fee_minor]


AMOUNTS = st.one_of(
    st.integers(0, 50), st.sampled_from((99, 9_999, 10**6, MOST_MINOR, 2**32 - 1)), st.integers(0)
).map(lambda amount: min(amount, 2**32 - 1))
WORDS = st.builds(
    Payment,
    payer=st.integers(1, 5),
    payee=st.integers(1, 6),
    amount_minor=AMOUNTS,
    fee_bps=st.sampled_from((0, 0, 1, 250, 1_000)),
    credit=st.booleans(),
    by_claim=st.booleans(),
)
BALANCES = st.dictionaries(
    st.integers(1, 5), st.one_of(st.integers(0, 500), st.integers(MOST_MINOR - 500, MOST_MINOR))
)


@settings(max_examples=200, deadline=None)
@given(words=st.lists(WORDS, max_size=12), opened=BALANCES, fees=st.integers(0, 60))
def test_a_batch_moves_in_our_books_what_it_moves_in_the_model_of_the_contract(
    words: list[Payment], opened: dict[int, int], fees: int
) -> None:
    model = Model(fee_bps=1_000, books=Books(balances=dict(opened), fees=fees))
    model.owners = dict.fromkeys(opened, 0xA5)
    packed = tuple(_word(stay, word) for stay, word in enumerate(words))
    model.settle_batch(0xA2, 1, 1, packed)
    ours, set_aside, missing = dict(opened), 0, {}
    for stay, word in enumerate(words):
        told = pay(word, ours, fees)
        assert told.pays_minor == told.gets_minor + told.fee_minor
        fees += told.fee_minor
        set_aside += told.gets_minor if word.by_claim else 0
        missing |= {stay: told.missing_minor} if told.missing_minor else {}
    assert ours == model.books.balances
    assert (fees, set_aside) == (model.books.fees, model.books.unclaimed)
    assert missing == model.books.unpaid


def _word(stay: int, word: Payment) -> int:
    tag = word.fee_bps | CREDIT * word.credit | BY_CLAIM * word.by_claim
    ends = word.payer << 224 | word.payee << 192 | stay << 144
    return ends | word.amount_minor << 48 | tag
