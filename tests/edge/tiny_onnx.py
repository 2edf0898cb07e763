"""ONNX models of a few operators, written by hand: the package `onnx` need not be installed.

The format is protobuf (onnx.proto3); only the fields that are used here are known.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

FLOAT, INT64 = 1, 7
ATTRIBUTE_INT, ATTRIBUTE_STRING, ATTRIBUTE_INTS = 2, 3, 7


def model(
    nodes: Sequence[bytes],
    inputs: Mapping[str, Sequence[int | str]],
    outputs: Mapping[str, Sequence[int | str]],
    constants: Mapping[str, Any] | None = None,
    about: Mapping[str, str] | None = None,
) -> bytes:
    """The file's bytes. A side of a shape is a number or a name; `about` is its metadata."""
    graph = b"".join(
        [
            *(_sub(1, node) for node in nodes),
            _text(2, "tiny"),
            *(_sub(5, _tensor(name, array)) for name, array in (constants or {}).items()),
            *(_sub(11, _value(name, shape)) for name, shape in inputs.items()),
            *(_sub(12, _value(name, shape)) for name, shape in outputs.items()),
        ]
    )
    props = [_sub(14, _text(1, key) + _text(2, told)) for key, told in (about or {}).items()]
    return b"".join([_int(1, 8), _sub(7, graph), _sub(8, _text(1, "") + _int(2, 17)), *props])


def node(kind: str, inputs: str, outputs: str, **attributes: Any) -> bytes:
    """`inputs` and `outputs`: names with spaces between."""
    return b"".join(
        [
            *(_text(1, name) for name in inputs.split()),
            *(_text(2, name) for name in outputs.split()),
            _text(4, kind),
            *(_sub(5, _attribute(name, value)) for name, value in attributes.items()),
        ]
    )


def _attribute(name: str, value: Any) -> bytes:
    if isinstance(value, str):
        return _text(1, name) + _text(4, value) + _int(20, ATTRIBUTE_STRING)
    if isinstance(value, int):
        return _text(1, name) + _int(3, value) + _int(20, ATTRIBUTE_INT)
    return _text(1, name) + b"".join(_int(8, one) for one in value) + _int(20, ATTRIBUTE_INTS)


def _tensor(name: str, array: Any) -> bytes:
    whole = np.asarray(array)
    kind = INT64 if whole.dtype.kind == "i" else FLOAT
    raw = whole.astype("<i8" if kind == INT64 else "<f4").tobytes()
    dims = b"".join(_int(1, side) for side in whole.shape)
    return dims + _int(2, kind) + _text(8, name) + _sub(9, raw)


def _value(name: str, shape: Sequence[int | str]) -> bytes:
    dims = (_sub(1, _int(1, one) if isinstance(one, int) else _text(2, one)) for one in shape)
    return _text(1, name) + _sub(2, _sub(1, _int(1, FLOAT) + _sub(2, b"".join(dims))))


def _varint(value: int) -> bytes:
    value &= 2**64 - 1
    said = bytearray()
    while value > 0x7F:
        said.append(value & 0x7F | 0x80)
        value >>= 7
    return bytes([*said, value])


def _int(field: int, value: int) -> bytes:
    return _varint(field << 3) + _varint(value)


def _sub(field: int, data: bytes) -> bytes:
    return _varint(field << 3 | 2) + _varint(len(data)) + data


def _text(field: int, value: str) -> bytes:
    return _sub(field, value.encode())
