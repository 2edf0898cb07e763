"""Every column of every table is declared: personal or not, whose, and what erasure does to it."""

import re

import pytest
from sqlmodel import SQLModel

import cloud.tables  # noqa: F401
from cloud.charge_tables import CHARGE_NUMBERS
from cloud.core.personal import DELETE, KEEP, TABLES, Held
from cloud.core.plate_vault import MARK_CHARS
from cloud.core.retention import LEAST_DISPUTE_DAYS, RULES, periods
from cloud.table_rules import sqlite_rules
from cloud.usecases.owing import _HERS

DECLARED = {held.table: held for held in TABLES}


def test_no_table_and_no_column_is_left_out_or_made_up() -> None:
    there = {name: {c.name for c in it.columns} for name, it in SQLModel.metadata.tables.items()}
    assert {name: held.columns for name, held in DECLARED.items()} == there
    assert len(DECLARED) == len(TABLES)


@pytest.mark.parametrize("held", TABLES, ids=lambda held: held.table)
def test_what_is_personal_is_explained_and_goes_or_says_why_it_stays(held: Held) -> None:
    assert held.about.endswith(".") and all(it.endswith(".") for it in held.personal.values())
    if held.whose:
        assert held.personal
    if held.personal and held.erased != DELETE:
        assert held.why, "somebody must be able to read why it stays"
    if not isinstance(held.erased, str):
        assert set(held.erased) <= held.columns and held.whose
    if held.erased == DELETE:
        assert held.whose, "or everybody's rows would go"
    assert held.erased in (DELETE, KEEP) or not isinstance(held.erased, str)


def test_conditions_know_no_other_parameters() -> None:
    for held in TABLES:
        named = set(re.findall(r":(\w+)", held.whose))
        assert named <= {"person", "who", "prefix"} and bool(named) == bool(held.whose)


def test_what_finds_other_rows_is_erased_after_them() -> None:
    order = [held.table for held in TABLES]
    for held in TABLES:
        for other in DECLARED:
            searched = re.search(rf"(FROM|JOIN) {other}\b", held.whose)
            goes = KEEP not in (held.erased, DECLARED[other].erased)
            if searched and goes and other != held.table:
                assert order.index(held.table) < order.index(other), (held.table, other)


def test_numbers_that_stand_in_sql_are_those_of_their_modules() -> None:
    marks = [rule for rule in sqlite_rules() if "_plate_mark" in rule]
    assert len(marks) == 2 and all(f"substr(plate, 1, {MARK_CHARS})" in rule for rule in marks)
    assert str(CHARGE_NUMBERS) in _HERS


def test_periods_are_settings_that_keep_disputes_possible() -> None:
    assert periods("")["stay_plates"] == 90
    assert periods("stay_plates=120, notices=400")["stay_plates"] == 120
    for wrong in ("stay_plates=3", "nothing=9", "notices=abc", "notices=99999", "notices"):
        with pytest.raises(ValueError, match=r"is kept for|is none of"):
            periods(wrong)
    for rule in RULES:
        assert rule.least_days <= rule.days
        if rule.name in ("stay_plates", "booking_plates"):
            assert rule.least_days == LEAST_DISPUTE_DAYS
