"""Types for the client (cloud/client/), written from the description: a TypedDict a schema."""

import re
from collections.abc import Iterable
from types import ModuleType
from typing import Any

from cloud.entrypoints.http import (
    api_privacy,
    api_shapes_accounts,
    api_shapes_cases,
    api_shapes_identity,
    api_shapes_market,
)
from contracts.wire import enrolment

View = dict[str, Any]
PLAIN = {"string": "str", "integer": "int", "number": "float", "boolean": "bool", "null": "None"}
HEAD = '''"""{what}

Written from the description by `python -m tests.http.rewrite`, not by hand.
"""

from typing import {names}
{more}
__all__ = [
{all}
]
'''
WIDTH = 100
PRICE = ("Tariff", "Terms", "Line")
PAID = ("CreditMade", "CreditShape", "ChargeShape")
# What the client's methods take.
ASKED = (
    *("AskedVehicle", "WayIn", "Schedule", "Price", "Compensation", "OfferedLimits"),
    *("NewDispute", "NewContact"),
)
FEED = ("PlaceShape", "OccupancyShape", "RateShape", "SpaceCollection", "TitleProofShape")


def _of(module: ModuleType) -> set[str]:
    return {name for name, kind in vars(module).items() if _is_of(module, kind)}


def _is_of(module: ModuleType, kind: object) -> bool:
    return isinstance(kind, type) and kind.__module__ == module.__name__


def shapes(schema: View) -> dict[str, str]:
    """File name -> text. Prices, and what the feed answers with, have files of their own."""
    parts: View = schema["components"]["schemas"]
    answers = [
        content["schema"]
        for item in schema["paths"].values()
        for told in item.values()
        for answer in told["responses"].values()
        for content in answer.get("content", {}).values()
        if "schema" in content
    ]
    price = _reached(parts, [_ref(name) for name in PRICE])
    feed = _reached(parts, [_ref(name) for name in FEED])
    others = _reached(parts, answers) - feed - price
    asked = _reached(parts, [_ref(name) for name in ASKED]) - price
    # Gateways and those who install them have commands of their own.
    others -= _of(api_shapes_identity) | _of(enrolment)
    # People sign in, and ask for their data, with a browser; a program has its key.
    others -= _of(api_shapes_accounts) | _of(api_privacy)
    market, cases = others & _of(api_shapes_market), others & _of(api_shapes_cases)
    said = _reached(parts, [_ref("ReasonShape")])
    paid = others & set(PAID)
    others -= market | cases | said | paid
    agreed = _reached(parts, [parts[name] for name in market | cases]) & others
    others -= agreed
    known = {"shapes_agreed": agreed, "shapes_paid": paid, "shapes_price": price}
    known["shapes_said"] = said
    first = {"shapes_price": price, "shapes_said": said}
    return {
        "shapes_agreed.py": _file(parts, agreed, "Told by searches and bookings alike.", first),
        "shapes_price.py": _file(parts, price, "Prices and what was agreed beside them.", {}),
        "shapes_feed.py": _file(parts, feed, "What the feed and the maps answer with.", {}),
        "shapes_said.py": _file(parts, said, "What people are told.", {}),
        "shapes_asked.py": _file(parts, asked, "What the API is asked with.", known),
        "shapes_paid.py": _file(parts, paid, "Credits and charges.", {}),
        "shapes_market.py": _file(parts, market, "Search, spaces, lots and papers.", known),
        "shapes_cases.py": _file(parts, cases, "Disputes, trust, titles and the log.", known),
        "shapes.py": _file(parts, others, "What the API answers with.", known),
    }


def _ref(name: str) -> View:
    return {"$ref": f"#/components/schemas/{name}"}


def _reached(parts: View, begin: Iterable[View]) -> set[str]:
    found: set[str] = set()
    waiting = list(begin)
    while waiting:
        names = set(re.findall(r"#/components/schemas/(\w+)", str(waiting.pop()))) - found
        found |= names
        waiting += [parts[name] for name in names]
    return found


def _file(parts: View, names: set[str], what: str, known: dict[str, set[str]]) -> str:
    """Each after what it names, so that no type is a text. `known`: module -> what it holds."""
    ordered: list[str] = []
    waiting = sorted(names)
    while waiting:
        ready = [n for n in waiting if not (_reached(parts, [parts[n]]) & set(waiting)) - {n}]
        ordered += ready
        waiting = [n for n in waiting if n not in ready]
    blocks = [_class(name, parts[name]) for name in ordered]
    body = "".join(f"\n\n{block}\n" for block in blocks)
    used = [word for word in ("Any", "Literal", "NotRequired", "TypedDict") if word in body]
    listed = "\n".join(f'    "{name}",' for name in sorted(names))
    named = set(re.findall(r"\b[A-Z]\w+", body))
    more = "".join(
        f"from cloud.client.{module} import {', '.join(sorted(held & named))}\n"
        for module, held in known.items()
        if held & named
    )
    more = more and f"\n{more}"
    return HEAD.format(what=what, names=", ".join(used), all=listed, more=more) + body


def _class(name: str, shape: View) -> str:
    needed = shape.get("required", ())
    lines = [f"class {name}(TypedDict):"]
    for field, told in shape.get("properties", {}).items():
        kind = _kind(told)
        # A server writes its defaults, too; an older one may lack a newer field.
        line = f"    {field}: {kind if field in needed else f'NotRequired[{kind}]'}"
        lines += [line] if len(line) <= WIDTH else _wrapped(line)
    return "\n".join(lines)


def _wrapped(line: str) -> list[str]:
    """One long list of values, as the formatter writes it."""
    head, inner = line.removesuffix("]").split("[", 1)
    whole = f"        {inner}"
    if len(whole) > WIDTH and inner.endswith("]"):
        kind, values = inner.removesuffix("]").split("[", 1)
        return [f"{head}[", f"        {kind}[", f"            {values}", "        ]", "    ]"]
    rows = [whole] if len(whole) <= WIDTH else [f"        {one}," for one in inner.split(", ")]
    return [f"{head}[", *rows, "    ]"]


def _kind(told: View) -> str:
    if "$ref" in told:
        return str(told["$ref"].rsplit("/", 1)[1])
    if "anyOf" in told:
        return " | ".join(dict.fromkeys(_kind(one) for one in told["anyOf"]))
    if "enum" in told or "const" in told:
        values = told.get("enum", [told.get("const")])
        return f"Literal[{', '.join(_quoted(value) for value in values)}]"
    if told.get("type") == "array":
        return f"list[{_kind(told.get('items', {}))}]" if "prefixItems" not in told else "list[Any]"
    if told.get("type") == "object":
        return "dict[str, Any]"
    return PLAIN.get(str(told.get("type")), "Any")


def _quoted(value: object) -> str:
    return f'"{value}"' if isinstance(value, str) else repr(value)
