"""Both languages are complete, and nothing is translated that no page says."""

import re
from pathlib import Path
from string import Formatter
from typing import get_args

import pytest

from cloud.core.booking import State
from cloud.entrypoints.http.pages_render import HERE
from cloud.entrypoints.http.words import LANGUAGES, STATES, WORDS
from cloud.entrypoints.http.words_proof import LINKS_EN
from cloud.entrypoints.http.words_receipt import LINKS_ZH
from cloud.usecases import stay_changes
from cloud.usecases.views import ENDED, STEPS
from contracts.ledger import onchain
from contracts.ledger.pricing import Line
from contracts.ledger.receipt import CHECKS
from contracts.wire.messages import EventKind

SOURCES = [
    *HERE.glob("pages*.py"),
    HERE / "api_alarms.py",
    *(HERE / "templates").glob("*.html"),
]
TEXT = "\n".join(path.read_text() for path in SOURCES)
LITERAL = set(re.findall(r"""\bt\(\s*["']([a-z_.]+)["']\s*[,)]""", TEXT))
# t("state." ~ name), t(f"chain.{...}"), known("alarm", ...): every word below the prefix counts.
PREFIXES = {
    *re.findall(r"""\bt\(\s*["']([a-z]+\.)["'] ~""", TEXT),
    *re.findall(r"""\bt\(\s*f["']([a-z]+\.)\{""", TEXT),
    *(f"{name}." for name in re.findall(r"""known\(\s*["']([a-z]+)["']""", TEXT)),
}
ON_CHAIN = re.findall(r"""[Ll]ink\(\s*["']([a-z ]+)["']""", Path(onchain.__file__).read_text())
LINKS = {"format", *(name for name, _ in CHECKS), *ON_CHAIN}
# Chosen between in an expression inside the call's argument.
CHOSEN = {"hours", "hours.minutes"}


def test_every_word_that_a_page_says_is_there() -> None:
    assert len(LITERAL) > 60
    assert LITERAL - set(WORDS) == set()


def test_no_word_is_unused() -> None:
    unused = {
        key
        for key in set(WORDS) - LITERAL - CHOSEN
        if not any(key.startswith(prefix) for prefix in PREFIXES)
    }
    assert unused == set()


@pytest.mark.parametrize("key", WORDS)
def test_both_languages_say_it_and_fill_in_the_same(key: str) -> None:
    said = WORDS[key]
    assert len(said) == len(LANGUAGES)
    assert all(words.strip() for words in said)
    names = [{field for _, field, _, _ in Formatter().parse(words) if field} for words in said]
    assert names[0] == names[1]


def test_what_others_name_has_its_word() -> None:
    line_codes = get_args(Line.model_fields["code"].annotation)
    chain = ("waiting", "queued", "signed", "sent", "mined", "final", "failed")
    wanted = {
        *(f"{kind}.{state}" for kind in ("state", "sign", "means") for state in STATES),
        *(f"booking.{state}" for state in get_args(State)),
        *(f"{tense}.{step}" for step, _ in STEPS for tense in ("step", "ahead")),
        *(f"step.{state}" for state in ENDED),
        *(f"line.{code}" for code in line_codes),
        *(f"link.{name}" for name in LINKS),
        *(f"event.{kind}" for kind in get_args(EventKind)),
        *(f"chain.{status}" for status in chain),
    }
    assert wanted - set(WORDS) == set()


def test_every_link_is_explained_in_chinese() -> None:
    assert len(LINKS) == 19
    assert set(LINKS) == set(LINKS_ZH)


def test_the_browsers_verifier_has_its_links_in_both_languages() -> None:
    """It asks about no ledger that its reader named: that one is of `berth-verify` alone."""
    assert set(LINKS_EN) == LINKS - {"ledger"}


def test_every_alarm_that_the_cloud_raises_says_what_to_do() -> None:
    cloud = HERE.parents[1]
    text = "\n".join(path.read_text() for path in cloud.rglob("*.py") if path.parent != HERE)
    raised = re.findall(r"""_alarm\(\s*\w+,\s*f?"[^"]*",\s*"([a-z_]+)\"""", text)
    raised += re.findall(r"""Alarm\(\s*id=[^"]*?code="([a-z_]+)\"""", text)
    raised += [stay_changes.UNPROVEN[0], stay_changes.UNCONFIRMED[0], "overstay_met_next"]
    refused = re.findall(r"""_refused\(session, body, "([a-z_]+)\"""", text)
    assert len(set(raised + refused)) >= 8
    for code in raised + refused:
        assert f"alarm.{code}" in WORDS
        assert f"alarm.{code}.do" in WORDS
