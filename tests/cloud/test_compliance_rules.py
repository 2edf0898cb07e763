"""Rules as data: read, refused by file and line; and what the facts of a title come to."""

from dataclasses import replace
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cloud.core.compliance import Claim, Shown, grounds, judge, likeness
from cloud.core.compliance_rules import FACTS, PAPER, BadRules, Rule, parse, shipped
from contracts.ledger.records import TitleRecord

TODAY = date(2026, 5, 1)
TITLE = TitleRecord(
    space="S1", number=1, lot="lot-1", holder="王伟", right="ownership", salt="0x" + "00" * 32
)
CLAIM = Claim("王伟", management_consent=True, co_owner_consent=True, equipped=True)
ONE = """version: 3
valid_from: 2026-05-01
rules:
  - code: public_use
    fact: use
    allowed: [private]
    sentence: {en: "Not this one.", zh: "不行。"}
    remedy: {en: "Another.", zh: "换一个。"}
"""


def codes(rules: tuple[Rule, ...]) -> list[str]:
    return [rule.reason.code for rule in rules]


def judged(title: TitleRecord, claim: Claim, version: int = 1) -> tuple[list[str], list[str]]:
    found = judge(title, claim, TODAY, shipped(version)[1].rules)
    return codes(found.broken), codes(found.doubtful)


@pytest.mark.parametrize("version", [1, 2])
def test_the_shipped_rules_read_and_ask_for_every_fact(version: int) -> None:
    text, found = shipped(version)
    assert found.version == version
    asked = {rule.fact for rule in found.rules if not rule.document}
    assert asked | {"holders"} == set(FACTS)
    assert found.documents() == {"management_consent", "co_owner_consent"}
    assert parse(text, "again") == found


def test_a_file_of_rules_says_what_it_says() -> None:
    found = parse(ONE, "f.yaml")
    (rule,) = found.rules
    assert (found.version, found.valid_from.date()) == (3, TODAY)
    assert (rule.fact, rule.allowed) == ("use", ("private",))
    assert rule.reason.sentence_zh == "不行。"


@pytest.mark.parametrize(
    ("old", "new", "line", "why"),
    [
        ("version: 3", "version: three", 1, "a whole number"),
        ("version: 3\n", "", 1, "version is missing"),
        ("2026-05-01", "soon", 2, "a day (UTC)"),
        ("fact: use", "fact: colour", 5, "colour is no fact"),
        ("[private]", "[hers]", 6, "hers is no value of use"),
        ("[private]", "[]", 6, "list of values"),
        ("[private]", "private", 6, "list of values"),
        ("code: public_use", "code: Public Use", 4, "a code is written like"),
        ("code: public_use", "code: [a, b]", 4, "a single value"),
        (', zh: "不行。"', "", 7, "zh is missing"),
        ('"Another."', '" "', 8, "a sentence of 1 to"),
        ('"Another."', '"A\\x07"', 8, "a sentence of 1 to"),
        ("    fact: use\n", "", 4, "a fact or for a document"),
        ("fact: use", "fact: use\n    document: paper", 4, "a fact or for a document"),
        ("fact: use", "fact: use\n    colour: red", 6, "colour is no key here"),
        ("fact: use", "fact: use\n    fact: use", 6, "fact stands here twice"),
        ("[private]", "[private]\n    doubtful: [public]", 4, "go together"),
        (
            "[private]",
            "[private]\n    doubtful: [private]\n    doubt: {en: a, zh: b}",
            7,
            "and dou",
        ),
        ("fact: use", "fact: use\n    when: {weather: [fine]}", 6, "weather is no key here"),
        ("[private]", "[private", 7, "this is not YAML"),
        ("version: 3", "version: &a 3\nother: *a", 2, "an alias has no place"),
    ],
)
def test_a_mistake_is_told_by_file_and_line(old: str, new: str, line: int, why: str) -> None:
    assert ONE.count(old) == 1
    with pytest.raises(BadRules) as refused:
        parse(ONE.replace(old, new), "f.yaml")
    told = [one for one in refused.value.problems if one.startswith(f"f.yaml:{line}: ")]
    assert any(why in one for one in told), refused.value.problems


def test_every_mistake_is_told_at_once() -> None:
    text = ONE.replace("use\n", "colour\n").replace("2026", "x").replace("3", "0")
    with pytest.raises(BadRules) as refused:
        parse(text, "f.yaml")
    assert len(refused.value.problems) >= 3


def test_two_rules_of_one_code_are_refused() -> None:
    rule = ONE[ONE.index("  - code") :]
    with pytest.raises(BadRules, match="1 mistakes") as refused:
        parse(ONE + rule, "f.yaml")
    assert "earlier rule" in refused.value.problems[0]


@given(
    st.text(max_size=60) | st.from_regex(r"(version|rules|[-:{}\[\], \n'\"&*!|>])+", fullmatch=True)
)
def test_whatever_stands_in_a_file_it_is_read_or_refused(text: str) -> None:
    try:
        found = parse(text, "f.yaml")
    except BadRules as refused:
        assert all(problem.startswith("f.yaml:") for problem in refused.problems)
        assert refused.problems
    else:
        assert found.rules


def test_a_file_too_large_or_too_deep_is_refused() -> None:
    for text in ("x" * 200_001, "[" * 1_500):
        with pytest.raises(BadRules):
            parse(text, "f.yaml")


@pytest.mark.parametrize(
    ("title", "claimed", "found"),
    [
        ("王伟", "王 伟", "same"),
        ("王伟", "王玮", "near"),
        ("王伟", "李四", "other"),
        ("王伟", "王", "other"),
        ("欧阳修文", "欧阳文修", "near"),
        ("ＷＡＮＧ Wei", "wang wei", "same"),
        ("Wang Wei", "Wei Wang", "near"),
        ("José Núñez", "Jose Nunez", "same"),
        ("Wang Wei", "Wang Wie", "near"),
        ("Alexander Petrov", "Aleksandr Petrov", "other"),
        ("Alexandra Petrova", "Alexandre Petrov", "near"),
        ("王伟、李四", "李四", "same"),
        ("王伟、李四", "王伟、李四", "same"),
        ("王伟", "", "other"),
    ],
)
def test_names_are_the_same_nearly_so_or_others(title: str, claimed: str, found: str) -> None:
    assert likeness(title, claimed) == found


@given(st.text(min_size=1, max_size=20).filter(lambda name: any(c.isalnum() for c in name)))
def test_a_name_is_the_same_as_itself(name: str) -> None:
    assert likeness(name, name) == "same"


def test_nearly_the_same_name_is_a_question_and_another_one_a_refusal() -> None:
    assert judged(TITLE, replace(CLAIM, holder="王玮")) == ([], ["holder_mismatch"])
    assert judged(TITLE, replace(CLAIM, holder="李四")) == (["holder_mismatch"], [])


def test_a_right_that_ends_before_the_offer_is_a_question() -> None:
    title = TITLE.model_copy(update={"valid_until": "2026-06-01"})
    offered = replace(CLAIM, offered_until=date(2026, 6, 1))
    assert judged(title, offered) == ([], [])
    assert judged(title, replace(CLAIM, offered_until=date(2026, 6, 2))) == ([], ["term_short"])
    over = TITLE.model_copy(update={"valid_until": "2026-04-30"})
    assert judged(over, offered) == (["expired"], [])


@pytest.mark.parametrize(
    ("state", "first", "second"),
    [
        ("none", ([], []), (["no_management_consent"], [])),
        ("submitted", ([], []), ([], ["no_management_consent"])),
        ("accepted", ([], []), ([], [])),
        ("rejected", (["no_management_consent"], []), (["no_management_consent"], [])),
        ("expired", ([], []), (["no_management_consent"], [])),
    ],
)
def test_a_word_is_enough_in_version_1_and_a_paper_is_asked_for_in_version_2(
    state: str, first: tuple[list[str], list[str]], second: tuple[list[str], list[str]]
) -> None:
    assert state in PAPER
    claim = replace(CLAIM, papers={"management_consent": Shown(state, "a" * 64)})
    assert judged(TITLE, claim, 1) == first
    assert judged(TITLE, claim, 2) == second


def test_co_owners_sign_only_where_there_are_several_holders() -> None:
    papers = {"management_consent": Shown("accepted", "a" * 64)}
    claim = replace(CLAIM, papers=papers, co_owner_consent=False)
    assert judged(TITLE, claim, 2) == ([], [])
    several = TITLE.model_copy(update={"holder": "王伟、李四"})
    assert judged(several, claim, 2) == (["no_co_owner_consent"], [])


def test_other_facts_are_another_question() -> None:
    rules = shipped()[1].rules
    near = replace(CLAIM, holder="王玮")
    desk = judge(TITLE, near, TODAY, rules).for_the_desk()
    first = grounds(TITLE, near, desk)
    assert grounds(TITLE, near, desk) == first
    assert grounds(TITLE.model_copy(update={"valid_until": "2050-01-01"}), near, desk) == first
    assert grounds(TITLE.model_copy(update={"holder": "王维"}), near, desk) != first
    assert grounds(TITLE, replace(CLAIM, holder="王炜"), desk) != first


def test_the_remedy_of_a_missing_consent_says_what_helps_once_a_paper_was_rejected() -> None:
    """A person who rejected a paper is not overruled by the owner's word."""
    for version in (1, 2):
        for rule in shipped(version)[1].rules:
            if rule.reason.code in ("no_management_consent", "no_co_owner_consent"):
                assert "new one" in rule.reason.remedy_en, (version, rule.reason.code)
                assert "重新上传" in rule.reason.remedy_zh, (version, rule.reason.code)
