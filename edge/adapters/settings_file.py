"""Writes one calibration into the settings file and leaves every other character as it was."""

from __future__ import annotations

import json
from pathlib import Path

import yaml

from edge.config import CalibrationSpec, parse_config
from edge.config.whole_file import replace_whole
from edge.errors import EdgeError, SettingsUnwritable

BACKUP = ".bak"
SECTION = "calibration"


def write_calibration(path: Path, space: str, spec: CalibrationSpec) -> Path:
    """The backup that was made. Raises SettingsUnwritable, and then the file is as it was."""
    backup = path.with_name(path.name + BACKUP)
    try:
        text = path.read_text("utf-8")
        changed = with_calibration(text, space, spec)
        parse_config(changed.encode(), str(path), str(path.parent))
        _replace(backup, text, path)
        _replace(path, changed, path)
    except (OSError, UnicodeDecodeError) as error:
        raise SettingsUnwritable(f"{path}: {error}.") from None
    except (EdgeError, yaml.YAMLError) as error:
        said = f"What would stand in {path} then cannot be read: {error}"
        raise SettingsUnwritable(said) from None
    return backup


def with_calibration(text: str, space: str, spec: CalibrationSpec) -> str:
    """`text` is a settings file that reads; so does what comes back."""
    line = f"{space}: {as_yaml(spec)}"
    root = yaml.compose(text, Loader=yaml.SafeLoader)
    section = _child(root, SECTION)
    if section is None:
        return f"{text.rstrip(chr(10))}\n{SECTION}:\n  {line}\n"
    _, value = section
    if not isinstance(value, yaml.MappingNode) or not value.value:
        return _replaced(text, value, f"\n  {line}")
    found = _child(value, space)
    if found is not None:
        return _replaced(text, found[1], as_yaml(spec))
    if value.flow_style:
        at = value.start_mark.index + 1
        return f"{text[:at]}{line}, {text[at:]}"
    at = _end_of_line(text, _end(value))
    indent = " " * value.value[0][0].start_mark.column
    gap = "" if text[:at].endswith("\n") else "\n"
    return f"{text[:at]}{gap}{indent}{line}\n{text[at:]}"


def as_yaml(spec: CalibrationSpec) -> str:
    """On one line; what was not measured is left out."""
    parts = []
    for name, value in spec.model_dump(exclude_none=True).items():
        if isinstance(value, str):
            parts.append(f"{name}: {json.dumps(value)}")
            continue
        numbers = value if isinstance(value, list | tuple) else [value]
        shown = ", ".join(f"{float(number):.4g}" for number in numbers)
        parts.append(f"{name}: [{shown}]" if len(numbers) > 1 else f"{name}: {shown}")
    return "{" + ", ".join(parts) + "}"


def _child(node: yaml.Node | None, name: str) -> tuple[yaml.Node, yaml.Node] | None:
    if not isinstance(node, yaml.MappingNode):
        return None
    return next(((key, value) for key, value in node.value if key.value == name), None)


def _replaced(text: str, node: yaml.Node, new: str) -> str:
    return text[: node.start_mark.index] + new + text[_end(node) :]


def _end(node: yaml.Node) -> int:
    """Of the last thing written in it: the mark of a block is behind the comments that follow."""
    block = isinstance(node, yaml.CollectionNode) and not node.flow_style
    if not block or not node.value:
        return int(node.end_mark.index)
    last = node.value[-1]
    return _end(last[1] if isinstance(last, tuple) else last)


def _end_of_line(text: str, at: int) -> int:
    found = text.find("\n", at)
    return len(text) if found < 0 else found + 1


def _replace(path: Path, text: str, like: Path) -> None:
    """Root calibrates, too: the file stays the service's own."""
    replace_whole(path, lambda file: file.write(text.encode()), like=like)
