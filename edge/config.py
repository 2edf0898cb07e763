"""The gateway's settings: read once, frozen. A mistake is one sentence with its line and column."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any
from urllib.parse import urlsplit

import yaml
from pydantic import AfterValidator, BaseModel, Field, ValidationError
from pydantic_core import ErrorDetails

from contracts.wire.signing import Domain
from contracts.wire.types import Address, Frozen, Name
from edge.core.space import StaySettings
from edge.core.window import WindowSettings
from edge.errors import ConfigMissing, ConfigWrong

MAX_BYTES = 65_536


def _broker(url: str) -> str:
    # The value is not shown: it may hold a password.
    sentence = "must be written like mqtt://host:1883 or mqtt://user:password@host:1883"
    try:
        parts = urlsplit(url)
        good = parts.scheme == "mqtt" and parts.hostname and parts.path in ("", "/")
        if not good or parts.port == 0:
            raise ValueError(sentence)
    except ValueError:
        raise ValueError(sentence) from None
    return url


class Ledger(Frozen):
    chain_id: Annotated[int, Field(ge=1, le=2**53 - 1)]
    address: Address


class Timing(Frozen):
    heartbeat_s: Annotated[float, Field(ge=1, le=3600)] = 10.0
    keepalive_s: Annotated[int, Field(ge=5, le=3600)] = 30
    plate_wait_s: Annotated[float, Field(ge=0, le=60)] = 5.0
    plate_before_s: Annotated[float, Field(ge=0, le=300)] = 15.0
    seen_every_s: Annotated[float, Field(ge=1, le=600)] = 30.0
    boot_known_s: Annotated[float, Field(ge=5, le=3600)] = 60.0
    ack_timeout_s: Annotated[float, Field(ge=0.1, le=60)] = 2.0
    ack_timeout_max_s: Annotated[float, Field(ge=1, le=3600)] = 30.0
    drain_s: Annotated[float, Field(ge=0, le=3600)] = 30.0


class Limits(Frozen):
    window_events: Annotated[int, Field(ge=1, le=200)] = 20
    keep_acked_events: Annotated[int, Field(ge=0, le=1_000_000)] = 10_000
    inbox_items: Annotated[int, Field(ge=10, le=100_000)] = 1_000


class Config(Frozen):
    gateway: Name
    data: str
    broker: Annotated[str, AfterValidator(_broker)]
    ledger: Ledger
    spaces: Annotated[list[Name], Field(max_length=500)] | None = None
    timing: Timing = Timing()
    limits: Limits = Limits()

    @property
    def data_path(self) -> Path:
        return Path(self.data)

    @property
    def domain(self) -> Domain:
        return Domain(self.ledger.chain_id, self.ledger.address)

    @property
    def stay(self) -> StaySettings:
        timing = self.timing
        return StaySettings(
            plate_wait_s=timing.plate_wait_s,
            plate_before_s=timing.plate_before_s,
            boot_known_s=timing.boot_known_s,
            seen_every_s=timing.seen_every_s,
        )

    @property
    def window(self) -> WindowSettings:
        return WindowSettings(
            self.limits.window_events, self.timing.ack_timeout_s, self.timing.ack_timeout_max_s
        )


def read_config(path: Path) -> Config:
    try:
        with path.open("rb") as file:
            raw = file.read(MAX_BYTES + 1)
    except (FileNotFoundError, IsADirectoryError):
        raise ConfigMissing(f"Looked for {path}.") from None
    if len(raw) > MAX_BYTES:
        raise ConfigWrong(f"{path}:1:1", f"The file is longer than {MAX_BYTES} bytes.")
    return parse_config(raw, str(path), str(path.parent))


def parse_config(raw: bytes, name: str, folder: str = ".") -> Config:
    """`name` stands before line and column; a relative data folder starts at `folder`."""
    root = _compose(raw, name)
    if not isinstance(root, yaml.MappingNode):
        raise ConfigWrong(f"{name}:1:1", "A configuration is a list of `key: value` lines.")
    _plain_keys(root, name)
    try:
        values = yaml.SafeLoader("").construct_document(root)
    except (yaml.YAMLError, ValueError) as error:
        raise ConfigWrong(f"{name}:1:1", f"This does not read as YAML: {error}.") from None
    if isinstance(values.get("data"), str):
        values["data"] = str(Path(folder) / values["data"])
    try:
        return Config.model_validate(values)
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        raise ConfigWrong(_place(root, first, name), _sentence(first)) from None


def _compose(raw: bytes, name: str) -> yaml.Node | None:
    try:
        return yaml.compose(raw, Loader=yaml.SafeLoader)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark
        place = f"{name}:{mark.line + 1}:{mark.column + 1}" if mark else f"{name}:1:1"
        raise ConfigWrong(place, f"This does not read as YAML: {error.problem}.") from None
    except (yaml.YAMLError, UnicodeDecodeError, RecursionError):
        raise ConfigWrong(f"{name}:1:1", "This does not read as YAML.") from None


def _plain_keys(node: yaml.Node, name: str) -> None:
    """Keys are words, each once, and nothing is an alias: what is read is what is written."""
    todo, seen_nodes = [node], set()
    while todo:
        node = todo.pop()
        if id(node) in seen_nodes:
            raise ConfigWrong(_at(node, name), "Aliases (& and *) are not used here.")
        seen_nodes.add(id(node))
        if isinstance(node, yaml.SequenceNode):
            todo += node.value
        if isinstance(node, yaml.MappingNode):
            _words(node, name)
            todo += [value for _, value in node.value]


def _words(node: yaml.MappingNode, name: str) -> None:
    seen = set()
    for key, _ in node.value:
        if key.tag != "tag:yaml.org,2002:str":
            raise ConfigWrong(_at(key, name), "A setting's name is a plain word.")
        if key.value in seen:
            raise ConfigWrong(_at(key, name), f"{key.value} is set twice; keep one of them.")
        seen.add(key.value)


def _place(root: yaml.Node, error: ErrorDetails, name: str) -> str:
    """The value's place; of an unknown key the key's; of a missing key its section's."""
    node: yaml.Node = root
    for part in error["loc"]:
        found = _child(node, part)
        if found is None:
            break
        key, node = found
        if error["type"] == "extra_forbidden" and part == error["loc"][-1]:
            node = key
    return _at(node, name)


def _child(node: yaml.Node, part: int | str) -> tuple[yaml.Node, yaml.Node] | None:
    if isinstance(node, yaml.MappingNode):
        return next(((key, value) for key, value in node.value if key.value == part), None)
    if isinstance(node, yaml.SequenceNode) and isinstance(part, int) and part < len(node.value):
        return node.value[part], node.value[part]
    return None


def _at(node: yaml.Node, name: str) -> str:
    return f"{name}:{node.start_mark.line + 1}:{node.start_mark.column + 1}"


def _sentence(error: ErrorDetails) -> str:
    key = ".".join(str(part) for part in error["loc"])
    if error["type"] == "missing":
        return f"{key} is missing."
    if error["type"] == "extra_forbidden":
        known = ", ".join(_model(error["loc"][:-1]).model_fields)
        return f"{key} is not a setting; here there are {known}."
    if error["type"] == "model_type":
        return f"{key} must be a section of `key: value` lines."
    if error["type"] == "value_error":
        return f"{key} {error['msg'].removeprefix('Value error, ')}."
    return f"{key} is {_shown(error['input'])}, but {_allowed(error)}."


def _model(loc: Sequence[int | str]) -> type[BaseModel]:
    sections: dict[str, type[BaseModel]] = {"ledger": Ledger, "timing": Timing, "limits": Limits}
    return sections.get(str(loc[0]), Config) if loc else Config


def _shown(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= 40 else text[:37] + "..."


def _allowed(error: ErrorDetails) -> str:
    if error["type"].startswith("string_type"):
        return "must be a text: put it in quotes"
    if error["type"] == "string_pattern_mismatch":
        return f"must look like {error.get('ctx', {}).get('pattern')}"
    *section, key = error["loc"]
    field = _model(section).model_fields.get(str(key))
    marks = field.metadata if field else []
    low = next((mark.ge for mark in marks if hasattr(mark, "ge")), None)
    high = next((mark.le for mark in marks if hasattr(mark, "le")), None)
    if low is not None and high is not None:
        kind = "a whole number" if field and field.annotation is int else "a number"
        return f"must be {kind} from {low} to {high}"
    return error["msg"][0].lower() + error["msg"][1:]


TEMPLATE = """\
# Settings of one Berth gateway. `berth-edge check-config` says what is wrong with them.

gateway: {gateway}   # its name; the cloud and the topics know it by this
data: .   # folder for the signing key and the outbox, from this file's folder
broker: {broker}   # mqtt://host:1883 or mqtt://user:password@host:1883

ledger:   # where its signatures count; elsewhere they mean nothing
  chain_id: {chain_id}
  address: "{ledger}"

# spaces: [S1, S2]   # only these; without it, all that the readings name

# timing:
#   heartbeat_s: 10         # status messages, 1 to 3600
#   keepalive_s: 30         # MQTT keepalive, 5 to 3600
#   plate_wait_s: 5         # how long an arrival waits for its plate, 0 to 60
#   plate_before_s: 15      # plate reads this long before an arrival count, 0 to 300
#   seen_every_s: 30        # how often what was seen is written, 1 to 600
#   boot_known_s: 60        # a space still unknown then is reported as unknown, 5 to 3600
#   ack_timeout_s: 2        # without the cloud's acknowledgement, send again, 0.1 to 60
#   ack_timeout_max_s: 30   # doubled at each try up to this, 1 to 3600
#   drain_s: 30             # at the end of the readings, wait so long for it, 0 to 3600

# limits:
#   window_events: 20           # sent and not yet acknowledged, 1 to 200
#   keep_acked_events: 10000    # kept for the cloud to ask for again, 0 to 1000000
#   inbox_items: 1000           # read ahead, 10 to 100000
"""
