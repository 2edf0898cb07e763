"""The API's description (OpenAPI 3.1): what the routes say, and what one table says of all.

Roles come from roles.py, refusals from docs_codes.py, words and examples from docs_words.py and
docs_fields.py: none of it is written twice, and a test finds what is missing.
"""

import json
from collections.abc import Callable
from typing import Any

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi

from cloud.entrypoints.http.api_paths import V1
from cloud.entrypoints.http.api_shapes import Problem
from cloud.entrypoints.http.csrf import COOKIE
from cloud.entrypoints.http.docs_codes import CODES, REFUSALS, reason_said
from cloud.entrypoints.http.docs_examples import NAMED as MORE
from cloud.entrypoints.http.docs_examples import ONE
from cloud.entrypoints.http.docs_fields import FIELDS, HEADERS, Said, words_of
from cloud.entrypoints.http.docs_words import ABOUT, EXAMPLES, SUMMARIES, TAGS
from cloud.entrypoints.http.problems import MEDIA, TITLES
from cloud.entrypoints.http.roles import RULES, Rule

View = dict[str, Any]
# What FastAPI says of a 422 by itself is not what we answer with.
NOT_OURS = ("HTTPValidationError", "ValidationError")
# Their bodies name things that may not be there.
NAMED = (("POST", f"{V1}/disputes"),)
BROWSERS = "A browser's session, as `sign-in` gives it; what changes something must be our page's."
TOLD = "#/components/schemas/Problem"


def describe(app: FastAPI) -> Callable[[], View]:
    made: View = {}

    def schema() -> View:
        if not made:
            made.update(_described(app))
        return made

    return schema


def written(app: FastAPI) -> str:
    """As it is committed: docs/openapi.json."""
    return json.dumps(app.openapi(), ensure_ascii=False, indent=1, sort_keys=True) + "\n"


def _described(app: FastAPI) -> View:
    found = get_openapi(
        title="Berth",
        version="1",
        openapi_version="3.1.0",
        description=ABOUT,
        routes=app.routes,
        license_info={"name": "Apache-2.0", "identifier": "Apache-2.0"},
        servers=[{"url": "/", "description": "this cloud"}],
    )
    found["paths"] = {path: item for path, item in found["paths"].items() if _rules(path)}
    for path, item in found["paths"].items():
        for method, rule in _rules(path).items():
            _operation(item[method.lower()], (method, path), rule)
    parts = found["components"]
    schemas = parts["schemas"]
    for name in NOT_OURS:
        schemas.pop(name, None)
    schemas["Problem"] = Problem.model_json_schema(ref_template="#/components/schemas/{model}")
    schemas["Problem"].pop("$defs", None)
    for model, schema in schemas.items():
        for name, field in schema.get("properties", {}).items():
            _field(words_of(model, name), field)
    key = {"type": "http", "scheme": "bearer", "description": FIELDS["key"][0]}
    cookie = {"type": "apiKey", "in": "cookie", "name": COOKIE, "description": BROWSERS}
    parts["securitySchemes"] = {"key": key, "session": cookie}
    parts["headers"] = HEADERS
    told = {code: 409 for codes in REFUSALS.values() for code in codes}
    told |= {code: status for status, codes in CODES.items() for code in codes}
    parts["examples"] = {code: _example(told[code], code) for code in sorted(told)}
    found["tags"] = [{"name": name, "description": said[0]} for name, said in TAGS.items()]
    return found


def _rules(path: str) -> dict[str, Rule]:
    return {method: rule for (method, at), rule in RULES.items() if at == path}


def _operation(told: View, where: tuple[str, str], rule: Rule) -> None:
    method = where[0]
    summary, summary_zh, tag = SUMMARIES[where]
    told |= {"summary": summary, "x-summary-zh": summary_zh, "tags": [tag]}
    told["security"] = [{"key": []}, {"session": []}] if rule.roles else []
    told["x-roles"] = sorted(rule.roles)
    for parameter in told.get("parameters", ()):
        said = words_of("", parameter["name"].lower().replace("-", "_"))
        if said is not None:
            parameter |= {"description": said[0], "example": said[1]}
    if where in EXAMPLES:
        told["requestBody"]["content"]["application/json"] |= _examples(where)
    for status, answer in told["responses"].items():
        _answer(answer, int(status), method)
    for status, codes in problems_of(told, where, rule).items():
        told["responses"][str(status)] = _problem(status, codes)
    told["responses"] = dict(sorted(told["responses"].items()))


def _examples(where: tuple[str, str]) -> View:
    """One, or several by their names: OpenAPI has either."""
    more = MORE.get(where, {})
    if not more:
        return {"example": EXAMPLES[where]}
    first = {"one": (*ONE, EXAMPLES[where])}
    return {
        "examples": {
            name: {"summary": said, "x-summary-zh": said_zh, "value": value}
            for name, (said, said_zh, value) in (first | more).items()
        }
    }


def problems_of(told: View, where: tuple[str, str], rule: Rule) -> dict[int, tuple[str, ...]]:
    """Status -> the codes that this operation may answer with."""
    method, path = where
    found: dict[int, tuple[str, ...]] = {429: CODES[429], 500: CODES[500], 503: CODES[503]}
    if rule.roles:
        found |= {401: CODES[401], 403: CODES[403]}
    elif method == "POST":
        found[403] = ("forged",)
    if "{" in path or where in NAMED:
        found[404] = CODES[404]
    if told.get("parameters") or method == "POST":
        found |= {400: CODES[400], 422: CODES[422]}
    if method == "POST":
        found[413] = CODES[413]
    if where in REFUSALS:
        found[409] = REFUSALS[where]
    if any(one["name"] == "if-match" for one in told.get("parameters", ())):
        found[412] = CODES[412]
    return found


def _answer(answer: View, status: int, method: str) -> None:
    names = ["RateLimit", "RateLimit-Policy"]
    if answer["description"] == "Successful Response":
        answer["description"] = "Done." if method == "POST" else "What was asked for."
    if method == "GET" and "application/json" in answer.get("content", {}):
        names += ["ETag", "Link"]
    answer["headers"] = {name: {"$ref": f"#/components/headers/{name}"} for name in names}


def _problem(status: int, codes: tuple[str, ...]) -> View:
    title, title_zh = TITLES[status]
    return {
        "description": f"{title}. Codes: {', '.join(codes)}.",
        "x-title-zh": title_zh,
        "x-codes": list(codes),
        "content": {
            MEDIA: {
                "schema": {"$ref": TOLD},
                "examples": {code: {"$ref": f"#/components/examples/{code}"} for code in codes},
            }
        },
    }


def _example(status: int, code: str) -> View:
    reason = reason_said(code)
    value = {
        "type": f"/docs/problems#{code}",
        "title": TITLES[status][0],
        "status": status,
        "code": code,
        "detail": reason.sentence_en,
        "instance": "/api/v1/bookings",
        "sentence": reason.sentence_en,
        "remedy": reason.remedy_en,
        "reasons": [reason.plain()],
    }
    return {"summary": reason.sentence_en, "value": value}


def _field(said: Said | None, field: View) -> None:
    """A word means the same in every layer; one that has none yet is left as it is."""
    if said is None:
        return
    field.setdefault("description", said[0])
    if "$ref" not in field and said[1] is not None:
        field.setdefault("examples", [said[1]])
