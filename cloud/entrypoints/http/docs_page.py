"""The description as a page of ours: works without a script, without a network, on a phone."""

import json
from collections.abc import Iterator
from typing import Any

from fastapi import APIRouter, FastAPI, Request
from fastapi.responses import HTMLResponse, Response

from cloud.entrypoints.http.docs_codes import catalogue
from cloud.entrypoints.http.docs_words import ABOUT, ABOUT_ZH, PAGE, TAGS
from cloud.entrypoints.http.pages_render import page, speech_for
from cloud.entrypoints.http.problems import CATALOGUE, TITLES

View = dict[str, Any]


def docs_router(app: FastAPI) -> APIRouter:
    router = APIRouter(include_in_schema=False, default_response_class=HTMLResponse)

    @router.get("/docs")
    def docs(request: Request) -> Response:
        s = speech_for(request)
        groups = list(_groups(app.openapi(), s.lang))
        return page(request, "docs.html", s, groups=groups, w=_words(s.lang))

    @router.get(CATALOGUE)
    def problems(request: Request) -> Response:
        s = speech_for(request)
        zh = s.lang == "zh"
        rows = [
            {
                "code": reason.code,
                "status": status,
                "title": TITLES[status][zh],
                "sentence": reason.sentence_zh if zh else reason.sentence_en,
                "remedy": reason.remedy_zh if zh else reason.remedy_en,
            }
            for status, reason in catalogue()
        ]
        return page(request, "problems.html", s, rows=rows, w=_words(s.lang))

    return router


def _words(lang: str) -> View:
    zh = lang == "zh"
    said: View = {name: both[zh] for name, both in PAGE.items()}
    text = (ABOUT_ZH if zh else ABOUT).strip()
    return said | {"about": [" ".join(part.split()) for part in text.split("\n\n")]}


def _groups(schema: View, lang: str) -> Iterator[View]:
    zh = lang == "zh"
    found = [
        _operation(schema, path, method, told, zh)
        for path, item in schema["paths"].items()
        for method, told in item.items()
    ]
    for tag, said in TAGS.items():
        rows = [row for row in found if row["tag"] == tag]
        yield {"name": tag, "said": said[zh], "operations": rows}


def _operation(schema: View, path: str, method: str, told: View, zh: bool) -> View:
    body: View = told.get("requestBody", {}).get("content", {}).get("application/json", {})
    return {
        "tag": told["tags"][0],
        "anchor": f"{method}{path}".replace("/", "-").replace("{", "").replace("}", ""),
        "method": method.upper(),
        "path": path,
        "summary": told["x-summary-zh" if zh else "summary"],
        "description": told.get("description", ""),
        "roles": told["x-roles"],
        "parameters": [_parameter(one) for one in told.get("parameters", ())],
        "fields": _fields(schema, body.get("schema", {})),
        "example": json.dumps(body["example"], ensure_ascii=False) if "example" in body else "",
        "answers": [_answer(schema, status, one) for status, one in told["responses"].items()],
    }


def _parameter(one: View) -> View:
    return {
        "name": one["name"],
        "where": one["in"],
        "needed": one.get("required", False),
        "said": one.get("description", ""),
        "kind": _kind(one["schema"]),
    }


def _answer(schema: View, status: str, one: View) -> View:
    contents: View = one.get("content", {})
    media = next(iter(contents), "")
    content: View = contents.get(media, {})
    codes = one.get("x-codes", ())
    fields = [] if codes else _fields(schema, content.get("schema", {}))
    return {
        "status": status,
        "said": one["description"],
        "media": media,
        "codes": codes,
        "fields": fields,
    }


def _fields(schema: View, shape: View) -> list[View]:
    """Of one level: what is deeper has a name, and is listed with the operation that has it."""
    shape = shape.get("items", shape)
    if "$ref" in shape:
        shape = schema["components"]["schemas"][shape["$ref"].rsplit("/", 1)[1]]
    needed = shape.get("required", ())
    return [
        {
            "name": name,
            "kind": _kind(field),
            "needed": name in needed,
            "said": field.get("description", ""),
            "example": field.get("examples", [None])[0],
        }
        for name, field in shape.get("properties", {}).items()
    ]


def _kind(field: View) -> str:
    if "$ref" in field:
        return str(field["$ref"].rsplit("/", 1)[1])
    if "anyOf" in field:
        return " | ".join(dict.fromkeys(_kind(one) for one in field["anyOf"]))
    if field.get("type") == "array":
        return f"[{_kind(field.get('items', {}))}]"
    values = field.get("enum") or ([field["const"]] if "const" in field else None)
    return " | ".join(map(str, values)) if values else str(field.get("type", "any"))
