"""What a detector remembers across a kill, as plain JSON values."""

from __future__ import annotations

from typing import TypeAlias

from edge.core.field import Vector

JSON: TypeAlias = "dict[str, JSON] | list[JSON] | str | int | float | bool | None"


def rounded(value: float | None) -> JSON:
    return None if value is None else round(value, 3)


def as_json(vector: Vector | None) -> JSON:
    return None if vector is None else [round(part, 2) for part in vector]


def as_float(value: JSON) -> float | None:
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        raise ValueError(f"{value!r} in a detector state is not a number")
    return float(value)


def as_vector(value: JSON) -> Vector | None:
    if value is None:
        return None
    if not isinstance(value, list) or len(value) != 3:
        raise ValueError(f"{value!r} in a detector state is not a vector")
    x, y, z = (as_float(part) or 0.0 for part in value)
    return (x, y, z)
