"""Messages to bytes and back. Any bytes at all give a message or Malformed, nothing else."""

import json
from typing import TypeVar

from pydantic import BaseModel, ValidationError

from contracts.errors import Crossed, Malformed
from contracts.wire.messages import Down, SignedEvent, Up
from contracts.wire.topics import DOWN, UP, Topic, parse_topic

MAX_BYTES = 16_384

M = TypeVar("M", bound=BaseModel)


def encode(message: BaseModel) -> bytes:
    return message.model_dump_json(exclude_defaults=True).encode()


def decode(model: type[M], payload: bytes) -> M:
    if len(payload) > MAX_BYTES:
        raise Malformed(f"It has {len(payload)} bytes; at most {MAX_BYTES} are read.")
    try:
        return model.model_validate_json(payload)
    except ValidationError as error:
        raise Malformed(_first_problem(error)) from None


def decode_up(topic: str, payload: bytes) -> tuple[Topic, Up]:
    """A gateway's report. Refused if it names another gateway than its topic does."""
    parsed = parse_topic(topic)
    if parsed is None or parsed.direction != "up":
        raise Malformed(f"Topic {topic!r} is not one that gateways report on.")
    message = decode(UP[parsed.kind], payload)
    named = message.body.gateway if isinstance(message, SignedEvent) else message.gateway
    if named != parsed.gateway:
        raise Crossed(f"It speaks for gateway {named!r} on the topic of {parsed.gateway!r}.")
    return parsed, message


def decode_down(topic: str, payload: bytes) -> Down:
    parsed = parse_topic(topic)
    if parsed is None or parsed.direction != "down":
        raise Malformed(f"Topic {topic!r} is not one that commands come on.")
    message = decode(DOWN[parsed.kind], payload)
    if message.gateway != parsed.gateway:
        raise Crossed(f"It commands {message.gateway!r} on the topic of {parsed.gateway!r}.")
    return message


def ignored_fields(model: type[BaseModel], payload: bytes) -> list[str]:
    """Top-level fields that this version does not know (a newer gateway's): to be logged."""
    data = json.loads(payload)
    return sorted(set(data) - set(model.model_fields)) if isinstance(data, dict) else []


def _first_problem(error: ValidationError) -> str:
    first = error.errors(include_url=False, include_input=False)[0]
    where = ".".join(str(part) for part in first["loc"]) or "message"
    return f"At {where}: {first['msg']}."
