"""Operations, fields and types of the description, as the page /docs shows them.

A request's types stand where they are used, each inside the field that holds it. An answer's types
are named, and stand once at the end of the page.
"""

import json
import re
from collections.abc import Iterator, Sequence
from typing import Any

from markupsafe import Markup, escape

from cloud.entrypoints.http.docs_zh import in_chinese

View = dict[str, Any]
TICKED = re.compile(r"`([^`]+)`")
_REF = re.compile(r"#/components/schemas/(\w+)")
# What bounds a value, and how it is shown.
BOUNDS = (
    ("minimum", "≥ {}"),
    ("exclusiveMinimum", "> {}"),
    ("maximum", "≤ {}"),
    ("exclusiveMaximum", "< {}"),
    ("minLength", "length ≥ {}"),
    ("maxLength", "length ≤ {}"),
    ("minItems", "items ≥ {}"),
    ("maxItems", "items ≤ {}"),
)


def ticked(text: str) -> Markup:
    """`names` between backticks as code, all else as it is."""
    parts = TICKED.split(" ".join(text.split()))
    return Markup("").join(
        Markup("<code>{}</code>").format(part) if at % 2 else escape(part)
        for at, part in enumerate(parts)
    )


def groups(schema: View, tags: dict[str, tuple[str, str]], zh: bool) -> Iterator[View]:
    found = [
        _operation(schema, path, method, told, zh)
        for path, item in schema["paths"].items()
        for method, told in item.items()
    ]
    for tag, said in tags.items():
        rows = [row for row in found if row["tag"] == tag]
        yield {"name": tag, "said": said[zh], "operations": rows}


def types(schema: View, zh: bool) -> list[View]:
    """By name, those of requests, too, for whoever follows one."""
    parts: View = schema["components"]["schemas"]
    return [_type(schema, name, zh, ()) for name in sorted(parts)]


def _operation(schema: View, path: str, method: str, told: View, zh: bool) -> View:
    content: View = told.get("requestBody", {}).get("content", {})
    media = next(iter(content), "")
    body: View = content.get(media, {})
    return {
        "tag": told["tags"][0],
        "anchor": f"{method}{path}".replace("/", "-").replace("{", "").replace("}", ""),
        "method": method.upper(),
        "path": path,
        "summary": told["x-summary-zh" if zh else "summary"],
        "description": _said(told.get("description", ""), zh),
        "roles": told["x-roles"],
        "parameters": [_parameter(one, zh) for one in told.get("parameters", ())],
        "media": media,
        "fields": _fields(schema, body.get("schema", {}), zh, ()),
        "examples": list(_examples(body, zh)),
        "answers": [_answer(schema, status, one, zh) for status, one in told["responses"].items()],
    }


def _said(text: str, zh: bool) -> Markup:
    return ticked(in_chinese(text) if zh else text)


def _examples(body: View, zh: bool) -> Iterator[View]:
    if "example" in body:
        yield {"said": "", "text": _json(body["example"])}
    for one in body.get("examples", {}).values():
        yield {"said": one["x-summary-zh" if zh else "summary"], "text": _json(one["value"])}


def _json(value: object) -> str:
    return json.dumps(value, ensure_ascii=False)


def _parameter(one: View, zh: bool) -> View:
    example = one.get("example")
    return {
        "name": one["name"],
        "where": one["in"],
        "needed": one.get("required", False),
        "said": _said(one.get("description", ""), zh),
        "kind": _kind(one["schema"]),
        "bounds": _bounds(one["schema"]),
        "example": "" if example is None else _json(example),
    }


def _answer(schema: View, status: str, one: View, zh: bool) -> View:
    contents: View = one.get("content", {})
    media = next(iter(contents), "")
    codes = one.get("x-codes", ())
    shape: View = contents.get(media, {}).get("schema", {})
    return {
        "status": status,
        "said": _said(one["description"], zh),
        "media": media,
        "codes": codes,
        "kind": "" if codes or not _REF.search(str(shape)) else _kind(shape),
    }


def _type(schema: View, name: str, zh: bool, above: tuple[str, ...]) -> View:
    """`above`: what it stands in; a type inside itself is named only."""
    shape: View = schema["components"]["schemas"][name]
    return {
        "name": name,
        "said": _said(shape.get("description", ""), zh),
        "fields": _fields(schema, shape, zh, (*above, name)),
    }


def _fields(schema: View, shape: View, zh: bool, above: tuple[str, ...]) -> list[View]:
    """With the types inside where it is a request's: `above` then has the request's own name."""
    if "$ref" in shape:
        (name,) = _REF.findall(shape["$ref"])
        shape, above = schema["components"]["schemas"][name], (f"whole {name}", name)
    whole = bool(above) and above[0].startswith("whole ")
    needed = shape.get("required", ())
    return [
        {
            "name": name,
            "kind": _kind(field),
            "bounds": _bounds(field),
            "needed": name in needed,
            "said": _said(field.get("description", ""), zh),
            "example": _like(field.get("examples", ())),
            "inside": [
                _type(schema, inner, zh, above)
                for inner in dict.fromkeys(_REF.findall(str(field)))
                if whole and inner not in above
            ],
        }
        for name, field in shape.get("properties", {}).items()
    ]


def _kind(field: View) -> Markup:
    """`[Line]` is a list of them; the name of a type leads to it."""
    if "$ref" in field:
        (name,) = _REF.findall(field["$ref"])
        return Markup('<a href="#type-{0}">{0}</a>').format(name)
    if "anyOf" in field:
        return Markup(" | ").join(dict.fromkeys(_kind(one) for one in field["anyOf"]))
    if field.get("type") == "array":
        return Markup("[{}]").format(_kind(field.get("items", {})))
    values = field.get("enum") or ([field["const"]] if "const" in field else None)
    if values:
        return escape(" | ".join(_json(value) for value in values))
    kind = str(field.get("type", "any"))
    return escape(f"{kind} ({field['format']})" if "format" in field else kind)


def _like(examples: Sequence[Any]) -> str:
    """An empty one shows nothing."""
    return _json(examples[0]) if examples and examples[0] not in ([], {}, "") else ""


def _bounds(field: View) -> str:
    """Of the value, or of the one that is not null; and what stands where it is left out."""
    plain = next((one for one in field.get("anyOf", ()) if one.get("type") != "null"), field)
    told = [text.format(f"{plain[name]:.10g}") for name, text in BOUNDS if name in plain]
    default = field.get("default")
    if default is not None and default != [] and not isinstance(default, dict):
        told.append(f"= {_json(default)}")
    return ", ".join(told)
