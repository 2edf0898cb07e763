"""JSON read so that every reader reads the same: no name twice in one object (RFC 8259, 4)."""

import json
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError

Model = TypeVar("Model", bound=BaseModel)
# A receipt of 1,000 events, the most there may be, has about 700 KiB.
MAX_BYTES = 1 << 20


def read_strictly(model: type[Model], text: bytes | str) -> Model | str:
    """The value, or the end of a sentence that says where the text does not read."""
    data = text.encode("utf-8", "surrogatepass") if isinstance(text, str) else text
    if len(data) > MAX_BYTES:
        return f"it has more than {MAX_BYTES} bytes."
    try:
        found = model.model_validate_json(text)
        json.loads(text, object_pairs_hook=_once)
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        if first["type"] == "json_invalid":
            return "this file is not JSON text."
        where = ".".join(str(part) for part in first["loc"]) or "receipt"
        return f"at {where}: {first['msg']}."
    except ValueError as error:
        return f"{error}."
    return found


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """A reader may take the first or the last of two: then one file would be two receipts."""
    read = dict(pairs)
    if len(read) != len(pairs):
        raise ValueError("a name stands twice in one object")
    return read
