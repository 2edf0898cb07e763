"""Puts what the cloud said into a settings file, and leaves every other character as it was."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path

import yaml

from edge.config import parse_config
from edge.config.whole_file import replace_whole
from edge.errors import EdgeError, SettingsUnwritable


def write_values(path: Path, values: Mapping[str, str | int]) -> bool:
    """`values`: by dotted names, of one or two parts. False if they stood there already.

    Raises SettingsUnwritable, and then the file is as it was.
    """
    try:
        text = path.read_text("utf-8")
        changed = with_values(text, values)
        if changed == text:
            return False
        parse_config(changed.encode(), str(path), str(path.parent))
        replace_whole(path, lambda file: file.write(changed.encode()), like=path)
    except (OSError, UnicodeDecodeError) as error:
        raise SettingsUnwritable(f"{path}: {error}.") from None
    except (EdgeError, yaml.YAMLError) as error:
        said = f"What would stand in {path} then cannot be read: {error}"
        raise SettingsUnwritable(said) from None
    return True


def with_values(text: str, values: Mapping[str, str | int]) -> str:
    """`text` is a settings file that reads. What is not there yet is put at its end."""
    for name, value in values.items():
        text = _with_value(text, name.split("."), json.dumps(value))
    return text


def _with_value(text: str, names: list[str], value: str) -> str:
    node = yaml.compose(text, Loader=yaml.SafeLoader)
    for name in names:
        node = _child(node, name)
    if node is None:
        line = ": {".join(names) + f": {value}" + "}" * (len(names) - 1)
        return f"{text.rstrip(chr(10))}\n\n{line}\n"
    if isinstance(node, yaml.ScalarNode) and node.value == str(json.loads(value)):
        return text
    return text[: node.start_mark.index] + value + text[node.end_mark.index :]


def _child(node: yaml.Node | None, name: str) -> yaml.Node | None:
    if not isinstance(node, yaml.MappingNode):
        return None
    return next((value for key, value in node.value if key.value == name), None)
