"""gateway.yaml, read as it is written: every mistake is found before one is told."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import yaml
from pydantic import ValidationError
from pydantic_core import ErrorDetails

from edge.config.rules import clashes
from edge.config.settings import Config
from edge.config.words import BAD_KEY, Loc, dotted, key_text, sentence, short, shown
from edge.errors import ConfigMissing, ConfigWrong, Mistake

MAX_BYTES = 65_536
YAML = "tag:yaml.org,2002:"
TEXT = f"{YAML}str"
SCALARS = {TEXT, *(f"{YAML}{kind}" for kind in ("int", "float", "bool", "null"))}
SHAPES: dict[type[yaml.Node], str] = {
    yaml.MappingNode: f"{YAML}map",
    yaml.SequenceNode: f"{YAML}seq",
}


def read_config(path: Path) -> Config:
    try:
        with path.open("rb") as file:
            raw = file.read(MAX_BYTES + 1)
    except (FileNotFoundError, IsADirectoryError, NotADirectoryError):
        raise ConfigMissing(f"Looked for {path}.") from None
    except OSError as error:
        said = f"The file cannot be read: {error.strerror}."
        raise ConfigWrong(str(path), [Mistake(1, 1, said)]) from None
    if len(raw) > MAX_BYTES:
        said = f"The file is longer than {MAX_BYTES} bytes."
        raise ConfigWrong(str(path), [Mistake(1, 1, said)])
    return parse_config(raw, str(path), str(path.parent))


def parse_config(raw: bytes, name: str, folder: str = ".") -> Config:
    """`name` stands before line and column; a relative data folder starts at `folder`."""
    root = _compose(raw, name)
    if not isinstance(root, yaml.MappingNode):
        said = "A configuration is a list of `key: value` lines."
        raise ConfigWrong(name, [Mistake(1, 1, said)])
    mistakes = list(_not_plain(root))
    try:
        values = yaml.SafeLoader("").construct_document(root)
    except (yaml.YAMLError, ValueError) as error:
        raise ConfigWrong(name, mistakes or [_unread(error)]) from None
    if isinstance(values.get("data"), str):
        values["data"] = str(Path(folder) / values["data"])
    told = [_at(_find(root, loc, at_key)[0], said) for loc, at_key, said in clashes(values)]
    try:
        config = Config.model_validate(values)
    except ValidationError as wrong:
        mistakes += [_mistake(root, error) for error in wrong.errors(include_url=False)]
        raise ConfigWrong(name, mistakes + told) from None
    if mistakes or told:
        raise ConfigWrong(name, mistakes + told)
    return config


def _compose(raw: bytes, name: str) -> yaml.Node | None:
    try:
        return yaml.compose(raw, Loader=yaml.SafeLoader)
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise ConfigWrong(name, [_unread(error)]) from None
    except RecursionError:
        said = "This does not read as YAML: it is nested too deeply."
        raise ConfigWrong(name, [Mistake(1, 1, said)]) from None


def _unread(error: Exception) -> Mistake:
    if isinstance(error, yaml.MarkedYAMLError) and error.problem_mark:
        mark, why = error.problem_mark, error.problem
        return Mistake(mark.line + 1, mark.column + 1, f"This does not read as YAML: {why}.")
    return Mistake(1, 1, "This does not read as YAML.")


def _not_plain(root: yaml.Node) -> Iterator[Mistake]:
    """Keys are words, each once, and nothing is an alias: what is read is what is written.

    What was told is read as a text from here on, so that the mistakes beside it are found too.
    """
    todo, seen = [root], set()
    while todo:
        node = todo.pop()
        if id(node) in seen:
            yield _at(node, "Aliases (& and *) are not used here.")
            continue
        seen.add(id(node))
        if isinstance(node, yaml.MappingNode):
            yield from _words(node)
            todo += [value for _, value in node.value]
        elif isinstance(node, yaml.SequenceNode):
            todo += node.value
        if not _reads(node):
            yield _at(node, "This is no plain value; put it in quotes.")
            node.tag = SHAPES.get(type(node), TEXT)


def _reads(node: yaml.Node) -> bool:
    if not isinstance(node, yaml.ScalarNode):
        return bool(node.tag == SHAPES[type(node)])
    try:
        yaml.SafeLoader("").construct_object(node)
    except (yaml.YAMLError, ValueError, LookupError, AttributeError):
        return False  # an explicit tag before a value that is none of its kind
    return node.tag in SCALARS


def _words(node: yaml.MappingNode) -> Iterator[Mistake]:
    seen = set()
    for key, _ in node.value:
        if key.tag != TEXT or not isinstance(key, yaml.ScalarNode):
            yield _at(key, "A setting's name is a plain word.")
            key.tag = SHAPES.get(type(key), TEXT)
        elif key.value in seen:
            yield _at(key, f"{key_text(key.value)} is set twice; keep one of them.")
        else:
            seen.add(key.value)


def _mistake(root: yaml.Node, error: ErrorDetails) -> Mistake:
    """The value's place; of an unknown key the key's; of a missing key its section's."""
    bad_key = error["loc"][-1] == BAD_KEY
    loc = error["loc"][:-1] if bad_key else error["loc"]
    place, value = _find(root, loc, bad_key or error["type"] == "extra_forbidden")
    as_written = shown(error["loc"], error["input"])
    if isinstance(value, yaml.ScalarNode) and isinstance(error["input"], int | float):
        as_written = short(value.value)  # 0x12 is 0x12, and yes is yes
    return _at(place, sentence(dotted(error["loc"]), as_written, error))


def _find(root: yaml.Node, loc: Loc, key_wanted: bool) -> tuple[yaml.Node, yaml.Node]:
    key = node = root
    for part in loc:
        found = _child(node, part)
        if found is None:
            break
        key, node = found
    return (key if key_wanted else node), node


def _child(node: yaml.Node, part: int | str) -> tuple[yaml.Node, yaml.Node] | None:
    if isinstance(node, yaml.MappingNode):
        # Of a key that is set twice the last counts.
        return next(((k, value) for k, value in reversed(node.value) if k.value == part), None)
    if isinstance(node, yaml.SequenceNode) and isinstance(part, int) and part < len(node.value):
        return node.value[part], node.value[part]
    return None


def _at(node: yaml.Node, said: str) -> Mistake:
    return Mistake(node.start_mark.line + 1, node.start_mark.column + 1, said)
