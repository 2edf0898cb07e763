"""A charge: what the frozen terms say is due without a stay, between the two whom it concerns."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from typer.testing import CliRunner

from contracts.ledger.charge import Charge, ChargeRecord, due_minor, verify_charge
from contracts.ledger.files import read, unshown, verify_paper
from contracts.ledger.links import Link
from contracts.ledger.onchain import told_by
from contracts.ledger.pending import PendingCharge
from contracts.ledger.pricing import Terms
from contracts.ledger.records import SettlementRecord, word_hex
from contracts.wire.types import to_ms
from tests.contracts import making
from tests.contracts.test_cli import APP

TERMS = Terms(no_show_fee_minor=500, cancel_fee_minor=300, cancel_until_s=3600)
AGREED = making.booking(terms=TERMS)
GENUINE = making.charge(agreed=AGREED)
WHY = "The barrier was broken."
PENDING = {
    "format": "berth-charge",
    "version": 1,
    "status": "pending",
    "booking": "b-1",
    "stay": 2**41 + 1,
    "code": "no_show",
    "amount_minor": 500,
    "currency": "CNY",
    "reason": "",
    "leaf": "0x" + GENUINE.record.leaf().hex(),
    "batch": None,
}


def broken(made: Charge) -> list[str]:
    return [link.name for link in verify_charge(made) if not link.ok]


def changed(**record: Any) -> Charge:
    """Filed with these values; all else as it was."""
    return making.charge(agreed=AGREED, **record)


def test_a_genuine_charge_holds_at_every_link_and_says_who_pays_whom() -> None:
    assert broken(GENUINE) == []
    said = {link.name: link.sentence for link in verify_paper(GENUINE)}
    assert list(said) == ["agreed", "due", "charge", "charge proof"]
    assert said["due"] == "5.00 CNY, no_show: what the agreed terms give."
    assert said["charge"] == f"Number {2**41 + 1}: 5.00 CNY, account 3 to 2."
    assert unshown(GENUINE) == {}


def test_a_charge_reads_back_as_it_was_written_and_so_does_one_that_waits() -> None:
    assert read(GENUINE.model_dump_json()) == GENUINE
    found = read(json.dumps(PENDING))
    assert isinstance(found, PendingCharge) and verify_paper(found) == []


def test_its_word_is_a_settlements_of_no_duration_and_no_tag() -> None:
    word = GENUINE.record.word()
    assert (word >> 224, word >> 192 & 0xFFFFFFFF) == (3, 2)
    assert word >> 144 & (2**48 - 1) == 2**41 + 1
    assert word >> 104 & (2**40 - 1) == to_ms(GENUINE.record.at) // 1000
    assert (word >> 80 & (2**24 - 1), word >> 48 & 0xFFFFFFFF) == (0, 500)
    assert (word >> 16 & 0xFFFFFFFF, word & 0xFFFF) == (1, 0)


def test_no_settlement_of_the_same_word_has_the_leaf_of_a_charge() -> None:
    record = GENUINE.record
    settled = making.receipt().record.model_copy(
        update={
            "stay": record.stay,
            "starts_at": record.at,
            "billed_s": 0,
            "amount_minor": 500,
            "booking": record.booking,
            "lines": record.reason,
        }
    )
    assert isinstance(settled, SettlementRecord)
    assert settled.word() == record.word()
    assert settled.leaf() != record.leaf()


@pytest.mark.parametrize(
    ("link", "changes"),
    [
        ("agreed", {"booking": "0x" + "12" * 32}),
        ("agreed", {"space": "S2"}),
        ("agreed", {"currency": "EUR"}),
        ("due", {"amount_minor": 501}),
        ("due", {"amount_minor": 499}),
        ("due", {"payer_account": 9}),
        ("due", {"payee_account": 9}),
        ("due", {"adds_to": 1}),
        ("due", {"at": making.at(3599.999)}),
        ("due", {"code": "compensation"}),
        ("due", {"code": "correction"}),
    ],
)
def test_a_charge_of_something_else_is_named(link: str, changes: dict[str, Any]) -> None:
    assert broken(changed(**changes)) == [link]


def test_terms_that_the_grant_was_not_made_of_are_named() -> None:
    """The amount fits them, and they are filed: but nobody agreed on them."""
    dear = AGREED.model_copy(update={"terms": Terms(no_show_fee_minor=9_900)})
    assert broken(making.charge(agreed=dear, amount_minor=9_900)) == ["agreed"]


@pytest.mark.parametrize(
    ("ahead_s", "minor", "links"),
    [(3600, 0, ["charge"]), (3599.999, 300, []), (3600, 300, ["due"]), (-60, 300, [])],
)
def test_a_cancellation_costs_after_the_agreed_time_and_not_at_it(
    ahead_s: float, minor: int, links: list[str]
) -> None:
    told = changed(code="cancellation", at=making.at(-ahead_s), amount_minor=minor)
    assert broken(told) == links


@pytest.mark.parametrize(
    ("code", "sides", "more", "links"),
    [
        ("compensation", (2, 3), {}, []),
        ("compensation", (9, 3), {}, ["due"]),
        ("compensation", (3, 2), {}, ["due"]),
        ("reassignment", (9, 2), {}, []),
        ("reassignment", (9, 3), {}, ["due"]),
        ("correction", (3, 2), {"adds_to": 7}, []),
        ("correction", (3, 2), {}, ["due"]),
        ("correction", (3, 2), {"adds_to": 2**41 + 1}, ["charge"]),
        ("correction", (2, 3), {"adds_to": 7}, ["due"]),
    ],
)
def test_what_a_person_decided_is_between_whom_it_may_be_and_has_a_reason(
    code: str, sides: tuple[int, int], more: dict[str, Any], links: list[str]
) -> None:
    payer, payee = sides
    told: dict[str, Any] = {"payer_account": payer, "payee_account": payee, "amount_minor": 123}
    told |= more
    made = making.charge(code, AGREED, WHY, **told)  # type: ignore[arg-type]
    assert broken(made) == links
    silent = making.charge(code, AGREED, "", **told)  # type: ignore[arg-type]
    assert "due" in broken(silent)
    told_otherwise = made.model_copy(update={"reason": "Goodwill."})
    assert set(broken(told_otherwise)) == {*links, "charge"}


@pytest.mark.parametrize("changes", [{"amount_minor": 0}, {"payer_account": 2}])
def test_a_charge_that_moves_nothing_is_named(changes: dict[str, Any]) -> None:
    told = {"payer_account": 9, "payee_account": 2} | changes
    assert broken(making.charge("reassignment", AGREED, WHY, **told)) == ["charge"]


def test_a_charge_that_is_not_filed_is_named() -> None:
    unfiled = GENUINE.model_copy(update={"proof": making.receipt().proof})
    assert broken(unfiled) == ["charge proof"]
    word = GENUINE.chain.model_copy(update={"word": "0x" + "00" * 32})
    assert broken(GENUINE.model_copy(update={"chain": word})) == ["charge"]


def test_times_that_no_date_holds_are_reckoned_with_all_the_same() -> None:
    """Agreed seconds go up to 2**53: no reader may stumble over them."""
    far = making.booking(terms=Terms(cancel_fee_minor=300, cancel_until_s=2**53 - 1))
    made = making.charge("cancellation", far, amount_minor=300)
    assert broken(made) == []
    never = making.booking(terms=Terms(no_show_fee_minor=500, no_show_timeout_s=2**53 - 1))
    assert broken(making.charge("no_show", never)) == ["due"]


def test_a_node_is_asked_for_the_place_of_the_charge_alone() -> None:
    asked: list[str] = []

    def ask(method: str, params: list[Any]) -> Any:
        asked.append(method)
        return "0x7a69" if method == "eth_chainId" else "0x" + "00" * 32

    links = told_by(GENUINE, lambda m, p: None if "Receipt" in m else ask(m, p)).links
    assert [link.name for link in links] == ["chain id", "registry", "batch root", "transaction"]
    assert [link.ok for link in links] == [True, False, False, False]
    assert asked == ["eth_chainId", "eth_call", "eth_call"]


def test_the_command_tells_what_a_charge_proves_and_what_not(tmp_path: Any) -> None:
    file = tmp_path / "charge.json"
    file.write_text(GENUINE.model_dump_json(), "utf-8")
    found = CliRunner().invoke(APP, [str(file)])
    assert found.exit_code == 0
    assert "Charge of booking b-1 (no_show)" in found.stdout
    assert found.stdout.count("PASS  ") == 4
    assert "shows this one charge of booking b-1, and no others." in found.stdout
    file.write_text(changed(amount_minor=501).model_dump_json(), "utf-8")
    assert "FAIL: broken at due." in CliRunner().invoke(APP, [str(file)]).stdout
    file.write_text(json.dumps(PENDING), "utf-8")
    found = CliRunner().invoke(APP, [str(file)])
    assert found.exit_code == 1
    assert f"PENDING: the charge (no_show) of number {2**41 + 1} is not on the" in found.stdout


def test_a_file_that_says_it_is_a_charge_is_told_where_it_does_not_read() -> None:
    plain = json.loads(GENUINE.model_dump_json())
    for wrong in (plain | {"version": 2}, plain | {"note": 1}, plain | {"reason": "x" * 401}):
        found = read(json.dumps(wrong))
        assert isinstance(found, Link) and found.sentence.startswith("Not a charge: at ")


NUMBERS = st.integers(1, 2**32 - 1)


@given(
    st.tuples(NUMBERS, NUMBERS),
    st.integers(1, 2**48 - 1),
    st.integers(0, 2**32 - 1),
    NUMBERS,
    st.integers(0, 2**42),
)
def test_a_word_holds_what_it_was_made_of_and_is_never_a_credits(
    sides: tuple[int, int], stay: int, minor: int, space: int, at_ms: int
) -> None:
    at = making.T0.fromtimestamp(at_ms // 1000, making.T0.tzinfo)
    record = ChargeRecord.model_validate(
        GENUINE.record.model_dump()
        | {"payer_account": sides[0], "payee_account": sides[1], "stay": stay}
        | {"amount_minor": minor, "space_number": space, "at": at}
    )
    word, read_back = record.word(), []
    assert word_hex(word) == f"0x{word:064x}" and word < 2**256
    for bits in (16, 32, 32, 24, 40, 48, 32, 32):
        read_back.append(word & (1 << bits) - 1)
        word >>= bits
    assert read_back == [0, space, minor, 0, at_ms // 1000, stay, sides[1], sides[0]]


@given(st.integers(0, 10**6), st.integers(0, 10**6), st.integers(-(10**6), 10**6))
def test_what_is_due_is_never_below_nothing_and_never_above_what_was_agreed(
    until_s: int, fee_minor: int, at_s: int
) -> None:
    terms = Terms(no_show_fee_minor=7, cancel_fee_minor=fee_minor, cancel_until_s=until_s)
    agreed = making.booking(terms=terms)
    found = due_minor(agreed, "cancellation", making.at(at_s))
    assert found == (fee_minor if -at_s < until_s else 0)
    assert due_minor(agreed, "no_show", making.at(at_s)) == 7
    assert due_minor(agreed, "compensation", making.at(at_s)) == 0
