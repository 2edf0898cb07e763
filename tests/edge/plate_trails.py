"""Where a text is found in all that an object holds."""

from collections.abc import Iterator, Mapping
from typing import Any


def found(root: Any, text: str) -> list[str]:
    """The paths to it, in texts and in bytes."""
    seen: set[int] = set()
    waiting, paths = [(root, type(root).__name__)], []
    while waiting:
        held, path = waiting.pop()
        if id(held) in seen:
            continue
        seen.add(id(held))
        if isinstance(held, str | bytes):
            if text in held if isinstance(held, str) else text.encode() in held:
                paths.append(path)
        else:
            waiting += [(part, f"{path}.{name}") for name, part in _parts(held)]
    return paths


def _parts(held: Any) -> Iterator[tuple[str, Any]]:
    if isinstance(held, Mapping):
        yield from (("key", key) for key in held)
        yield from ((str(key)[:12], value) for key, value in held.items())
    elif hasattr(held, "__iter__") and hasattr(held, "__len__"):
        yield from (("part", part) for part in held)
    elif not isinstance(held, type):
        yield from getattr(held, "__dict__", {}).items()
        for name in _slots(held):
            if hasattr(held, name):
                yield name, getattr(held, name)


def _slots(held: Any) -> Iterator[str]:
    for cls in type(held).__mro__:
        slots = cls.__dict__.get("__slots__", ())
        yield from (slots,) if isinstance(slots, str) else slots
    yield from getattr(held, "__struct_fields__", ())
