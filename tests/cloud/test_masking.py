"""Nothing that lets anybody in, and no plate, is written into a log."""

import ast
import io
import json
from pathlib import Path
from typing import Any

import pytest
import structlog
from hypothesis import given
from hypothesis import strategies as st

from cloud.adapters.clock import new_code, new_token
from cloud.adapters.masking import mask
from cloud.core.masking import HIDDEN, masked, secret, text

ROOT = Path(__file__).parents[2]
DIGEST = "0x" + "5e" * 32


def logged(**entry: Any) -> str:
    """As the cloud writes an entry (cloud/cli.py)."""
    out = io.StringIO()
    processors = [
        structlog.processors.format_exc_info,
        mask,
        structlog.processors.JSONRenderer(ensure_ascii=False),
    ]
    log = structlog.wrap_logger(structlog.PrintLogger(out), processors=processors)
    log.info("something", **entry)
    return out.getvalue()


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("password", "three plain words"),
        ("new_password", "three plain words"),
        ("Authorization", "Bearer abc"),
        ("set-cookie", "x"),
        ("plate", "anything"),
        ("plates", ["anything"]),
        ("key", "anything"),
        ("private_key", b"anything"),
        ("claim_code", "anything"),
    ],
)
def test_what_stands_under_the_name_of_a_secret_is_hidden(name: str, value: Any) -> None:
    assert HIDDEN in logged(**{name: value}) and "anything" not in logged(**{name: value})
    assert "three plain" not in logged(headers={"inner": {name: value}})


@pytest.mark.parametrize(
    "said",
    [
        "GET /x with Bearer {token}",
        "cookie: berth_session={token}; lang=en",
        "key {token} is wrong",
        "smtp://user:{token}@host:587",
        "password={token}&name=li",
        "the code {code} was sent",
        "car 沪A12345 stands there",
        "car 沪A·D12345 stands there",
        "car 粤BD12345 stands there",
    ],
)
def test_a_secret_is_hidden_wherever_it_stands(said: str) -> None:
    token, code = new_token(), new_code()
    whole = said.format(token=token, code=code)
    for line in (logged(error=whole), logged(why=[{"inner": whole}]), logged(error=OSError(whole))):
        assert not any(part in line for part in (token, code, "12345"))
        assert HIDDEN in line


def test_an_exception_with_a_secret_is_written_without_it() -> None:
    token = new_token()
    try:
        raise ValueError(f"no account has {token}")
    except ValueError:
        line = logged(exc_info=True)
    assert "ValueError" in line and token not in line


@pytest.mark.parametrize(
    "entry",
    [
        {"transaction": DIGEST},
        {"booking": "b-4k7m2p9q3r5s8t1v6w0x"},
        {"call": "deposit:7:reference", "gas": 100_000, "code": "overlap"},
        {"at": "2026-05-01T00:01:00.000Z", "space": "S1", "gateway": "gw-1"},
        {"request_key": "c2f1-first-try", "ok": True, "none": None},
        {"address": "0x281AAdF1D9d82B9fbdA26fd9dD0B1e5a2a3c3a12"},
    ],
)
def test_what_an_operator_needs_stays(entry: dict[str, Any]) -> None:
    line = json.loads(logged(**entry))
    assert {name: line[name] for name in entry} == entry


@given(st.text(max_size=40), st.text(max_size=40))
def test_a_token_is_hidden_between_any_texts(before: str, after: str) -> None:
    token = "9f" * 32
    assert token not in text(f"{before} {token} {after}")


@given(
    st.recursive(st.text() | st.integers() | st.none(), lambda inner: st.lists(inner, max_size=3))
)
def test_masking_twice_changes_nothing_more(value: Any) -> None:
    once = masked("", value)
    assert masked("", once) == once


def test_no_log_call_names_a_secret() -> None:
    """Of all the product's own calls: a secret is not handed over in the first place."""
    named, calls = [], 0
    for path in (*(ROOT / "cloud").rglob("*.py"), *(ROOT / "edge").rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if not (isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute)):
                continue
            owner = node.func.value
            if isinstance(owner, ast.Name) and owner.id in ("log", "_log", "logger"):
                calls += 1
                named += [f"{path.name}: {kw.arg}" for kw in node.keywords if secret(kw.arg or "")]
    assert calls > 30
    assert named == []
