"""What /docs teaches: every type where it is used, whole examples that are read, words that fit."""

import re
from typing import Any

import pytest

from cloud.core.compliance_rules import shipped
from cloud.entrypoints.http.docs_examples import NAMED
from cloud.entrypoints.http.docs_words import EXAMPLES
from cloud.entrypoints.http.docs_zh import in_chinese
from tests.cloud.test_stays import park
from tests.http.rig import Front, sent
from tests.http.test_description import WHO, operations

V1 = "/api/v1"
# What is in none of the paths that a rig has: answered with 404, and read all the same.
VALUES = {"number": 1, "stay": 1, "lot": "lot-1", "space": "S3", "space_id": "S1", "dispute": "c-1"}
VALUES |= {"offer_id": "offer-1", "event_id": 1}
VALUES |= {"claim_id": "c-1", "certificate": "5e", "gateway_id": "gw-7"}


def body_of(told: Any) -> Any:
    content = told.get("requestBody", {}).get("content", {}).get("application/json", {})
    return content.get("schema", {})


def reached(document: Any, shape: Any) -> set[str]:
    found: set[str] = set()
    waiting = [shape]
    while waiting:
        names = set(re.findall(r"#/components/schemas/(\w+)", str(waiting.pop()))) - found
        found |= names
        waiting += [document["components"]["schemas"][name] for name in names]
    return found


def part_of(page: str, method: str, path: str) -> str:
    anchor = f"{method.lower()}{path}".replace("/", "-").replace("{", "").replace("}", "")
    return page.split(f'id="{anchor}"')[1].split("</details>")[0]


@pytest.mark.parametrize("lang", ["en", "zh"])
def test_every_type_of_a_request_is_described_where_it_is_used(shared: Front, lang: str) -> None:
    document, page = shared.app.openapi(), shared.get(f"/docs?lang={lang}").text
    looked_at = 0
    for method, path, told in operations(shared):
        part = part_of(page, method, path)
        for name in reached(document, body_of(told)):
            for field in document["components"]["schemas"][name].get("properties", {}):
                assert f"<code>{field}</code>" in part, (path, name, field)
                looked_at += 1
    assert looked_at > 100


def test_every_type_of_an_answer_has_a_place_that_its_name_leads_to(shared: Front) -> None:
    page = shared.get("/docs").text
    linked = set(re.findall(r'href="#(type-\w+)"', page))
    assert {"type-BookingShape", "type-Line", "type-Recommended"} <= linked
    assert linked <= set(re.findall(r'id="(type-\w+)"', page))


def test_every_example_of_a_request_is_read_and_none_answered_with_422(front: Front) -> None:
    park(front.rig)
    asked = 0
    for method, path, told in operations(front):
        where = (method, path)
        if where not in EXAMPLES:
            continue
        values = (
            VALUES | {"booking_id": front.booked(f"key-of-{asked}", plate="沪B00001")}
            if ("{booking_id}" in path and asked == 0)
            else VALUES | {"booking_id": "b-1"}
        )
        who = WHO.get(told["tags"][0], "operator")
        if path.endswith("/role"):
            # Of somebody whose role no other example needs.
            who, values = "admin", values | {"number": front.numbers["other_driver"]}
        for body in (EXAMPLES[where], *(one[2] for one in NAMED.get(where, {}).values())):
            key = f"key-of-example-{asked}"
            answer = front.post(path.format(**values), who, body, idempotency_key=key)
            assert answer.status_code in (200, 201, 202, 404, 409), (path, answer.text)
            asked += 1
    assert asked > len(EXAMPLES)


def test_offers_by_the_week_and_by_the_hour_are_made_as_their_examples_say(front: Front) -> None:
    examples = NAMED[("POST", f"{V1}/offers")]
    for number, (name, (_, _, body)) in enumerate(examples.items()):
        made = front.post(f"{V1}/offers", "owner", body, idempotency_key=f"key-offer-{number}")
        assert made.status_code == 201, (name, made.text)
        shown = front.get(f"{V1}/offers/{made.json()['id']}", "owner").json()
        assert shown["tariff"]["per_hour_minor"] == body["price"]["per_hour_minor"]
    bodies = [body for _, _, body in examples.values()]
    weeks = [body["schedule"] for body in bodies if body.get("schedule")]
    assert any(row.get("holidays") for week in weeks for row in week["weekly"])
    assert any(week.get("exceptions") and week["weekly"] for week in weeks)
    assert any(len(body["price"].get("elements", ())) > 1 for body in bodies)
    document = front.app.openapi()["paths"][f"{V1}/offers"]["post"]["requestBody"]
    told = document["content"]["application/json"]["examples"]
    assert [one["value"] for one in told.values()] == [EXAMPLES[("POST", f"{V1}/offers")], *bodies]
    page = front.get("/docs").text
    assert page.count("exceptions&#34;") >= 1


def test_null_is_said_of_what_may_be_null_and_of_nothing_else(shared: Front) -> None:
    """A word that is told of every field of a name would be wrong for some."""
    for model, shape in shared.app.openapi()["components"]["schemas"].items():
        for name, field in shape.get("properties", {}).items():
            may = any(one.get("type") == "null" for one in field.get("anyOf", ()))
            said = field.get("description", "null" if may else "")
            assert ("null" in said) == may or "each; null" in said, f"{model}.{name}: {said}"


@pytest.mark.parametrize(
    ("field", "never"),
    [
        ("NewContact.address", "chain"),
        ("Notice.from_s", "overstay"),
        ("Assignment.booking", "null"),
        ("Terms.no_show_timeout_s", "null"),
        ("AuditShape.seq", "gateway"),
        ("AlarmShape.sentence", "wrong"),
        ("WhyShape.sentence_en", "wrong"),
        ("TopUp.amount_minor", "bill"),
        ("NewHolder.holder", "as it is written"),
        ("OfferShape.status", "How far"),
    ],
)
def test_what_a_field_means_in_its_own_type_is_told(shared: Front, field: str, never: str) -> None:
    model, name = field.split(".")
    shape = shared.app.openapi()["components"]["schemas"][model]
    assert never not in shape["properties"][name]["description"]


def test_the_kinds_of_papers_are_listed_and_each_is_taken(front: Front) -> None:
    answer = front.get(f"{V1}/document-kinds")
    assert answer.status_code == 200, answer.text
    rows = answer.json()
    assert {row["kind"] for row in rows} >= shipped()[1].documents()
    for number, row in enumerate(rows):
        assert row["sentence_en"] and row["sentence_zh"]
        made = sent(front, kind=row["kind"], data=b"%%PDF-1.7 %d %%%%EOF" % number)
        assert made.status_code == 201, made.text
    kind = front.app.openapi()["paths"][f"{V1}/documents"]["post"]["parameters"]
    (told,) = [one for one in kind if one["name"] == "kind"]
    assert told["example"] in {row["kind"] for row in rows}
    assert "document-kinds" in told["description"]


def test_no_place_for_a_value_and_no_backtick_stands_on_the_pages(shared: Front) -> None:
    for path in ("/docs/problems", "/docs/problems?lang=zh", "/docs", "/docs?lang=zh"):
        text = re.sub(r"<code[^>]*>.*?</code>", "", shared.get(path).text)
        assert "`" not in text, path
        if "problems" in path:
            assert not re.findall(r"\{\w*\}", text)
    document = shared.app.openapi()
    for code, example in document["components"]["examples"].items():
        assert not re.search(r"\{\w*\}", str(example["value"]["reasons"])), code


def test_the_first_page_leads_to_the_description(shared: Front) -> None:
    assert 'href="/docs"' in shared.get("/").text


def sentences(document: Any) -> set[str]:
    """All that the description says of fields, types, operations, parameters and answers."""
    found = [shape.get("description", "") for shape in document["components"]["schemas"].values()]
    for shape in document["components"]["schemas"].values():
        found += [field.get("description", "") for field in shape.get("properties", {}).values()]
    for item in document["paths"].values():
        for told in item.values():
            found.append(told.get("description", ""))
            found += [one.get("description", "") for one in told.get("parameters", ())]
            plain = [one for one in told["responses"].values() if "x-codes" not in one]
            found += [one["description"] for one in plain]
    return {" ".join(text.split()) for text in found} - {""}


def test_every_sentence_of_the_description_is_told_in_chinese(shared: Front) -> None:
    """Where it fails: add the sentence to cloud/entrypoints/http/docs_zh.json."""
    missing = [
        text
        for text in sentences(shared.app.openapi())
        if not re.search(r"[\u4e00-\u9fff]", in_chinese(text)) and in_chinese(text) == text
    ]
    assert missing == []
    page = shared.get("/docs?lang=zh").text
    assert "数量。" in page and "Money in minor units" not in page
