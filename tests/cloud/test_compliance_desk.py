"""The desk and every re-check: new rules, other titles, documents, offers, a person's word."""

import json
from datetime import timedelta
from pathlib import Path

import pytest
from sqlmodel import Session, select
from typer.testing import CliRunner

from cloud.adapters.document_memory import MemoryDocuments
from cloud.audit_tables import AuditEntry, Notice
from cloud.cli_rules import rules as commands
from cloud.compliance_tables import Registration, Review
from cloud.core.compliance_rules import BadRules, shipped
from cloud.core.reasons import Refusal
from cloud.entrypoints.compliance_sweep import ComplianceSweep
from cloud.tables import ChainCall, Title
from cloud.usecases import audit, checking, documents, rechecking, registrations, reviews, rules
from cloud.usecases.reviews import Decision
from contracts.ledger.hashing import keccak
from contracts.ledger.records import space_key
from tests.cloud.rig import Rig, title_rows
from tests.cloud.test_documents import JPEG, PDF, sent

PAPERS = shipped(2)[0].replace("2027-01-01", "2020-01-01")
BY = "account:1"


BOTH_ENGINES = pytest.mark.parametrize("engine", ["sqlite", "postgresql"])


def ready(rig: Rig, changes: dict[str, dict[str, str]] | None = None) -> None:
    rig.import_titles(title_rows(changes))
    rig.enrol(("S1", "S2", "S3"))


def turn(rig: Rig) -> None:
    ComplianceSweep(rig.db, rig.clock, MemoryDocuments(), {}).check()
    rig.sweeps.drive()


def now_of(rig: Rig, row: Registration) -> Registration:
    return rig.db.read(lambda s: registrations.get(s, row.id))


def status(rig: Rig, row: Registration) -> str:
    return now_of(rig, row).status


def codes(text: str) -> list[str]:
    return [reason["code"] for reason in json.loads(text)]


def asked(rig: Rig) -> list[dict[str, object]]:
    return rig.db.read(reviews.waiting)


def decide(
    rig: Rig, accepted: bool, number: object = None, reason: str = "Seen."
) -> Review | Refusal:
    chosen = number or asked(rig)[0]["number"]
    decision = Decision(accepted, BY, reason)
    return rig.db.write(lambda s: reviews.decide(s, int(str(chosen)), decision, rig.clock.at))


def adopt(rig: Rig, text: str = PAPERS) -> object:
    return rig.db.write(
        lambda s: rules.adopt(s, text, "rules.yaml", audit.cli("root"), rig.clock.at)
    )


def told(rig: Rig, account: int) -> list[str]:
    rows = select(Notice.code).where(Notice.account == account).order_by("id")
    return list(rig.db.read(lambda s: s.exec(rows).all()))


def shared(rig: Rig, space: str = "S1") -> bool:
    return bool(rig.chain.read("registry", "is_shared", space_key(space)))


def test_nearly_the_same_name_waits_for_a_person_who_sees_both(rig: Rig) -> None:
    ready(rig)
    operator = rig.account("operator")
    row = rig.register(holder="王玮")
    assert (row.status, codes(row.doubts), row.reasons) == ("doubtful", ["holder_mismatch"], "[]")
    (found,) = asked(rig)
    assert isinstance(found["title"], dict)
    assert isinstance(found["claim"], dict)
    assert (found["title"]["holder"], found["claim"]["holder"]) == ("王伟", "王玮")
    assert "salt" not in found["title"]
    rig.sweeps.drive()
    assert not shared(rig)
    decide(rig, True)
    rig.sweeps.drive()
    assert status(rig, row) == "shared"
    assert shared(rig)
    assert told(rig, operator) == ["desk_new"]
    assert told(rig, rig.owner) == ["registration_doubtful", "registration_accepted"]


@BOTH_ENGINES
def test_a_refused_doubt_is_told_with_the_persons_reason(rig: Rig) -> None:
    ready(rig)
    row = rig.register(holder="王玮")
    decide(rig, False, reason="The identity card says another name.")
    held = now_of(rig, row)
    assert (held.status, codes(held.reasons)) == ("refused", ["holder_mismatch", "reviewed_no"])
    assert "The identity card says" in json.loads(held.reasons)[1]["sentence_en"]
    assert told(rig, rig.owner)[-1] == "registration_refused"
    rig.sweeps.drive()
    assert not shared(rig)


@BOTH_ENGINES
def test_a_decision_is_made_once_with_a_reason_and_stands_in_the_log(rig: Rig) -> None:
    ready(rig)
    rig.register(holder="王玮")
    number = asked(rig)[0]["number"]
    for reason in ("", " ", "x" * 401, "a\x00b"):
        refused = decide(rig, True, number, reason)
        assert isinstance(refused, Refusal)
        assert refused.reasons[0].code == "review_reason"
    first = decide(rig, True, number)
    assert isinstance(first, Review)
    assert (first.state, first.decided_by, first.decided_ms) == ("accepted", BY, rig.now_ms)
    assert isinstance(decide(rig, True, number), Review)
    late = decide(rig, False, number)
    assert isinstance(late, Refusal)
    assert late.reasons[0].code == "review_over"
    deeds = select(AuditEntry).where(AuditEntry.what == "review.decided")
    (entry,) = rig.db.read(lambda s: s.exec(deeds).all())
    assert (entry.who, json.loads(entry.detail)["state"]) == (BY, "accepted")


def test_the_oldest_question_comes_first_and_a_second_wish_meanwhile_is_refused(rig: Rig) -> None:
    ready(rig)
    rig.register("S2", holder="王玮")
    rig.register("S1", holder="王玮")
    assert codes(rig.register("S2", holder="王玮").reasons) == ["in_review"]
    assert [one["space"] for one in asked(rig)] == ["S2", "S1"]
    first = int(str(asked(rig)[0]["number"]))
    assert [one["space"] for one in rig.db.read(lambda s: reviews.waiting(s, 50, first))] == ["S1"]


@BOTH_ENGINES
def test_what_has_changed_since_it_was_asked_is_asked_anew(rig: Rig) -> None:
    ready(rig)
    row = rig.register(holder="王玮")
    old = asked(rig)[0]["number"]
    rig.import_titles(title_rows({"S1": {"holder": "王炜"}}), name="b")
    late = decide(rig, True, old)
    assert isinstance(late, Refusal)
    assert late.reasons[0].code == "review_over"
    (anew,) = asked(rig)
    assert anew["number"] != old
    assert anew["earlier"][0]["state"] == "overtaken"  # type: ignore[index]
    rig.import_titles(title_rows({"S1": {"holder": "王玮"}}), name="c")
    turn(rig)
    assert status(rig, row) == "shared"
    assert asked(rig) == []


def test_an_accepted_doubt_is_not_asked_again_while_its_facts_stay(rig: Rig) -> None:
    ready(rig)
    row = rig.register(holder="王玮")
    decide(rig, True)
    rig.sweeps.drive()
    for _ in range(3):
        rig.clock.at += timedelta(days=1)
        turn(rig)
    assert (status(rig, row), asked(rig)) == ("shared", [])
    assert json.loads(now_of(rig, row).decided)["doubts"] == ["holder_mismatch"]


def test_a_title_that_passes_to_nearly_the_same_name_ends_the_mark_until_a_person_gives_it_back(
    rig: Rig,
) -> None:
    ready(rig)
    row = rig.register()
    rig.sweeps.drive()
    rig.import_titles(title_rows({"S1": {"holder": "王玮"}}), name="b")
    turn(rig)
    assert status(rig, row) == "withdrawn"
    assert codes(now_of(rig, row).reasons) == ["holder_mismatch"]
    assert not shared(rig)
    (found,) = asked(rig)
    assert found["about"] != row.id
    decide(rig, True)
    rig.sweeps.drive()
    assert shared(rig)


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"holder": "李四"}, "holder_mismatch"),
        ({"encumbrance": "seized"}, "encumbered"),
        ({"use": "fire_lane"}, "public_use"),
        ({"right": "civil_air"}, "right_type"),
        ({"valid_until": "2020-01-01"}, "expired"),
    ],
)
def test_a_title_that_changes_for_the_worse_ends_the_mark_and_the_owner_is_told_why(
    rig: Rig, change: dict[str, str], code: str
) -> None:
    ready(rig)
    row = rig.register()
    rig.sweeps.drive()
    rig.import_titles(title_rows({"S1": change}), name="b")
    turn(rig)
    assert (status(rig, row), codes(now_of(rig, row).reasons)) == ("withdrawn", [code])
    assert not shared(rig)
    turn(rig)
    assert told(rig, rig.owner) == ["registration_withdrawn"]
    deeds = select(AuditEntry.about).where(AuditEntry.what == "registration.withdrawn")
    assert rig.db.read(lambda s: s.exec(deeds).all()) == [row.id]


def test_a_right_that_ends_by_itself_is_told(rig: Rig) -> None:
    ready(rig, {"S1": {"valid_until": "2026-05-03"}})
    row = rig.register()
    rig.sweeps.drive()
    rig.clock.at += timedelta(days=3)
    rig.sweeps.watch()
    assert status(rig, row) == "withdrawn"
    turn(rig)
    assert codes(now_of(rig, row).reasons) == ["expired"]
    assert told(rig, rig.owner) == ["registration_withdrawn"]


@BOTH_ENGINES
def test_new_rules_reach_every_standing_registration_with_reasons_and_notices(rig: Rig) -> None:
    ready(rig, {"S2": {"holder": "李四"}})
    first, second = rig.register("S1"), rig.register("S2", holder="李四")
    turn(rig)
    assert adopt(rig) is not None
    turn(rig)
    for row, space in ((first, "S1"), (second, "S2")):
        held = now_of(rig, row)
        assert (held.status, codes(held.reasons)) == ("withdrawn", ["no_management_consent"])
        assert not shared(rig, space)
    assert told(rig, rig.owner) == ["rules_changed", *["registration_withdrawn"] * 2]
    assert rig.register("S1").status == "refused"


def test_rules_of_a_later_day_wait_for_it(rig: Rig) -> None:
    ready(rig)
    row = rig.register()
    day = (rig.clock.at + timedelta(days=2)).date().isoformat()
    adopt(rig, PAPERS.replace("2020-01-01", day))
    turn(rig)
    assert status(rig, row) == "shared"
    rig.clock.at += timedelta(days=2)
    turn(rig)
    assert status(rig, row) == "withdrawn"


def test_a_walk_over_many_registrations_goes_on_where_it_stopped(rig: Rig) -> None:
    ready(rig)
    made = [rig.register(name) for name in ("S1", "S2", "S3")]
    adopt(rig)
    left = []
    for more in (True, False, False):
        assert rig.db.write(lambda s: rechecking.step(s, rig.clock.at, 2)) == more
        left.append(sum(status(rig, row) != "withdrawn" for row in made))
    assert left == [1, 0, 0]


def test_a_version_is_adopted_once_and_never_an_older_one(rig: Rig) -> None:
    adopt(rig)
    adopt(rig)
    assert [row.version for row in rig.db.read(rules.versions)] == [2]
    other = adopt(rig, PAPERS + "# another text\n")
    assert isinstance(other, Refusal)
    assert other.reasons[0].code == "rules_version"
    assert isinstance(adopt(rig, shipped(1)[0]), Refusal)
    with pytest.raises(BadRules):
        adopt(rig, "version: 9")
    assert rig.db.read(lambda s: rules.in_force(s, rig.clock.at)).version == 2


def test_a_paper_is_asked_for_looked_at_and_then_the_space_is_shared(rig: Rig) -> None:
    ready(rig)
    adopt(rig)
    assert codes(rig.register().reasons) == ["no_management_consent"]
    paper = sent(rig)
    row = rig.register()
    assert (row.status, codes(row.doubts)) == ("doubtful", ["no_management_consent"])
    assert [one["kind"] for one in asked(rig)] == ["document"]
    decide(rig, True)
    rig.sweeps.drive()
    assert status(rig, row) == "shared"
    assert json.loads(now_of(rig, row).decided)["documents"] == [paper.sha256]
    assert "document_accepted" in told(rig, rig.owner)


def test_a_rejected_paper_refuses_what_waited_for_it(rig: Rig) -> None:
    ready(rig)
    adopt(rig)
    sent(rig)
    row = rig.register()
    decide(rig, False, reason="It is of another lot.")
    assert (status(rig, row), codes(now_of(rig, row).reasons)) == (
        "refused",
        ["no_management_consent"],
    )


@BOTH_ENGINES
def test_a_paper_that_runs_out_takes_the_mark_with_it_and_a_newer_one_keeps_it(rig: Rig) -> None:
    ready(rig)
    adopt(rig)
    sent(rig, until=(rig.clock.at + timedelta(days=9)).date().isoformat())
    row = rig.register()
    decide(rig, True)
    rig.sweeps.drive()
    sent(rig, data=JPEG)
    turn(rig)
    assert status(rig, row) == "shared"
    rig.clock.at += timedelta(days=10)
    turn(rig)
    # The newer one was not looked at: its question decides, and the mark stands meanwhile.
    assert (status(rig, row), codes(now_of(rig, row).doubts)) == (
        "shared",
        ["no_management_consent"],
    )
    decide(rig, False)
    rig.sweeps.drive()
    assert status(rig, row) == "withdrawn"
    assert not shared(rig)


def test_a_worse_copy_that_is_rejected_takes_nothing_from_the_accepted_one(rig: Rig) -> None:
    ready(rig)
    adopt(rig)
    sent(rig)
    row = rig.register()
    decide(rig, True)
    sent(rig, data=JPEG)
    decide(rig, False, reason="Too dark to read.")
    turn(rig)
    assert status(rig, row) == "shared"


def test_what_was_decided_by_a_paper_stands_when_its_bytes_are_erased(rig: Rig) -> None:
    ready(rig)
    adopt(rig)
    paper = sent(rig, data=PDF)
    row = rig.register()
    decide(rig, True)
    rig.db.write(lambda s: documents.erase(s, paper.id, BY, rig.clock.at))
    turn(rig)
    assert status(rig, row) == "shared"


def test_a_right_that_ends_before_the_offer_goes_to_the_desk_and_the_mark_stands(rig: Rig) -> None:
    ready(rig, {"S1": {"valid_until": "2026-12-31"}})
    row = rig.register()
    rig.sweeps.drive()
    ends_ms = rig.now_ms + 300 * 86_400_000
    rig.db.write(lambda s: checking.offered(s, "S1", ends_ms, rig.clock.at))
    assert (status(rig, row), codes(now_of(rig, row).doubts)) == ("shared", ["term_short"])
    decide(rig, True)
    assert codes(now_of(rig, row).doubts) == []
    rig.db.write(lambda s: checking.offered(s, "S1", ends_ms + 86_400_000, rig.clock.at))
    decide(rig, False)
    rig.sweeps.drive()
    assert (status(rig, row), shared(rig)) == ("withdrawn", False)
    assert codes(now_of(rig, row).reasons) == ["term_short", "reviewed_no"]


def test_two_who_wait_for_one_space_do_not_both_get_it(rig: Rig) -> None:
    ready(rig)
    first = rig.register(holder="王玮")
    rig.owner = rig.account("another owner")
    second = rig.register()
    assert second.status == "compliant"
    late = decide(rig, True)
    assert isinstance(late, Refusal)
    assert codes(now_of(rig, first).reasons) == ["already_shared"]


def test_an_owner_who_ends_sharing_loses_the_mark(rig: Rig) -> None:
    ready(rig)
    row = rig.register()
    rig.sweeps.drive()
    rig.db.write(lambda s: registrations.withdraw(s, row.id, BY, rig.clock.at))
    rig.sweeps.drive()
    assert (status(rig, row), shared(rig)) == ("withdrawn", False)
    again = rig.db.write(lambda s: registrations.withdraw(s, row.id, BY, rig.clock.at))
    assert isinstance(again, Refusal)


def test_the_chain_holds_the_digest_of_the_decision_and_no_name(rig: Rig) -> None:
    ready(rig)
    row = rig.register()
    rig.sweeps.drive()
    held = now_of(rig, row)
    decided = json.loads(held.decided)
    assert held.decision == "0x" + keccak(held.decided.encode()).hex()
    assert (decided["rules_version"], decided["rules"]) == (1, shipped()[1].digest)
    assert "王" not in held.decided

    def filed(session: Session) -> str:
        call = select(ChainCall).where(ChainCall.id == f"share:{row.id}")
        return session.exec(call).one().args

    assert held.decision in rig.db.read(filed)


def test_a_space_without_a_title_loses_its_mark(rig: Rig) -> None:
    ready(rig)
    row = rig.register()
    rig.sweeps.drive()

    def revoked(session: Session) -> None:
        session.delete(session.get_one(Title, "S1"))

    rig.db.write(revoked)
    rig.clock.at += timedelta(days=1)
    turn(rig)
    assert codes(now_of(rig, row).reasons) == ["title_revoked"]


def test_the_commands_show_check_and_adopt(file_rig: Rig, tmp_path: Path) -> None:
    assert file_rig.folder == tmp_path
    cli, where = CliRunner(), ["--data", str(tmp_path)]
    shown = cli.invoke(commands, ["show", *where])
    assert shown.stdout.strip() == shipped(1)[0].strip()
    bad, good = tmp_path / "bad.yaml", tmp_path / "good.yaml"
    bad.write_text(PAPERS.replace("fact: use", "fact: colour"), "utf-8")
    good.write_text(PAPERS, "utf-8")
    refused = cli.invoke(commands, ["check", str(bad)])
    assert refused.exit_code == 2
    assert "bad.yaml:" in refused.output
    assert cli.invoke(commands, ["adopt", str(bad), *where]).exit_code == 2
    assert cli.invoke(commands, ["check", str(good)]).exit_code == 0
    adopted = cli.invoke(commands, ["adopt", str(good), *where])
    assert (adopted.exit_code, "Version 2 is in force at once" in adopted.stdout) == (0, True)
    assert json.loads(cli.invoke(commands, ["show", "--json", *where]).stdout)["version"] == 2
    good.write_text(PAPERS.replace('en: "The title', 'en: "A title'), "utf-8")
    assert cli.invoke(commands, ["adopt", str(good), *where]).exit_code == 1


def test_a_mark_that_moves_to_a_newer_title_takes_its_decision_along(rig: Rig) -> None:
    ready(rig)
    row = rig.register()
    rig.sweeps.drive()
    rig.import_titles(title_rows({"S1": {"valid_until": "2049-12-31"}}), name="b")
    rig.sweeps.drive()
    held = now_of(rig, row)
    assert (held.status, held.decision) == ("shared", "0x" + keccak(held.decided.encode()).hex())
    calls = select(ChainCall.args).where(ChainCall.function == "transfer")
    assert held.decision in rig.db.read(lambda s: s.exec(calls).one())
