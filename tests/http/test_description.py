"""The description is whole, its examples run, and its page needs nobody else."""

import re
from typing import Any

import jsonschema_rs
import pytest

from cloud.core.reasons import REASONS
from cloud.entrypoints.http.docs_words import EXAMPLES, PAGE, SUMMARIES, TAGS
from cloud.entrypoints.http.roles import RULES
from contracts.wire.signing import address_of
from tests.cloud.test_stays import park
from tests.contracts.making import KEY
from tests.http.rig import Front

NEEDS_MORE = (
    *("/withdrawal", "/decision", "/taking-back", "/closures", "/appeal", "/assignment"),
    "/acknowledgement",
    *("/sign-in", "/passkey", "/passkeys", "/sign-up", "/confirmation", "/password-reset"),
    *("/role", "/erasure"),
    *("/enrolments", "/enrolments/renewals", "/enrolments/keys"),
    *("{certificate}/revocation", "{gateway_id}/revocation"),
    "{claim_id}/voiding",
)
WHO = {"driver": "driver", "owner": "owner"}


def operations(front: Front) -> list[tuple[str, str, Any]]:
    return [
        (method.upper(), path, told)
        for path, item in front.app.openapi()["paths"].items()
        for method, told in item.items()
    ]


def test_every_field_has_words_and_every_plain_one_an_example(shared: Front) -> None:
    schemas = shared.app.openapi()["components"]["schemas"]
    bare = [
        f"{model}.{name}"
        for model, shape in schemas.items()
        for name, field in shape.get("properties", {}).items()
        if not field.get("description")
    ]
    assert bare == []


def test_every_example_of_a_field_is_one(shared: Front) -> None:
    document = shared.app.openapi()
    for model, shape in document["components"]["schemas"].items():
        for name, field in shape.get("properties", {}).items():
            for example in field.get("examples", ()):
                whole = {**field, "components": document["components"]}
                jsonschema_rs.validator_for(whole).validate(example), (model, name)


def test_every_operation_has_words_problems_and_roles(shared: Front) -> None:
    for method, path, told in operations(shared):
        assert told["summary"] and told["x-summary-zh"] and told["tags"][0] in TAGS
        assert set(told["x-roles"]) == RULES[(method, path)].roles
        assert {"429", "500", "503"} <= set(told["responses"])
        for parameter in told.get("parameters", ()):
            assert parameter["description"], (path, parameter["name"])
        for status, answer in told["responses"].items():
            for code in answer.get("x-codes", ()):
                assert code in REASONS or f"error_{code}" in REASONS, (path, status, code)
    assert set(SUMMARIES) == set(RULES)


def test_every_operation_that_takes_a_body_shows_one_that_runs(front: Front) -> None:
    document = front.app.openapi()
    wanted = {
        (method, path)
        for method, path, told in operations(front)
        if "application/json" in told.get("requestBody", {}).get("content", {})
    }
    assert wanted == set(EXAMPLES)
    park(front.rig)
    front.rig.settle()
    front.rig.sweeps.drive()
    values = {"number": front.rig.driver, "stay": 1, "lot": "lot-1", "space": "S3"}
    values["space_id"] = "S1"
    # Once an account has a password, its key alone makes no other way in.
    last = ("POST", "/api/v1/account/password")
    for where, example in sorted(EXAMPLES.items(), key=lambda row: row[0] == last):
        method, path = where
        told = document["paths"][path][method.lower()]
        who = WHO.get(told["tags"][0], "operator")
        if path.endswith("/gateways"):
            # The address of a key that exists here.
            example = {**example, "signer": address_of(KEY)}
        if path.endswith("/bookings"):
            example = {**example, "starts_at": "2026-05-01T10:01:00+08:00"}
            example["ends_at"] = "2026-05-01T11:01:00+08:00"
        if "{booking_id}" in path or path.endswith(NEEDS_MORE):
            # Its own tests run it on a booking, a review or an offer that fits.
            continue
        if "/stays/" in path:
            path = path.format(**values | {"number": 1})
        answer = front.post(path.format(**values), who, example, idempotency_key="example-1")
        assert answer.status_code in (200, 201), (path, answer.text)
        shape = told["responses"][str(answer.status_code)]["content"]["application/json"]["schema"]
        whole = {**shape, "components": document["components"]}
        jsonschema_rs.validator_for(whole).validate(answer.json())


@pytest.mark.parametrize("lang", ["en", "zh"])
def test_the_page_lists_every_operation_and_asks_nobody_else(shared: Front, lang: str) -> None:
    index = ("en", "zh").index(lang)
    text = shared.get(f"/docs?lang={lang}").text
    assert PAGE["title"][index] in text
    for method, path, told in operations(shared):
        assert told["x-summary-zh" if lang == "zh" else "summary"] in text.replace("&#39;", "'")
        anchor = f"{method.lower()}{path}".replace("/", "-").replace("{", "").replace("}", "")
        assert f'id="{anchor}"' in text
    assert not re.search(r"(?:src|href)=\"(?:https?:)?//", text)
    assert not re.search(r"<style|\sstyle=|<script", text)


def test_the_description_is_openapi_3_1_and_names_every_code_it_points_to(shared: Front) -> None:
    document = shared.app.openapi()
    assert document["openapi"].startswith("3.1")
    refs = set(re.findall(r"#/components/(\w+)/([\w-]+)", str(document)))
    assert all(name in document["components"][kind] for kind, name in refs)
