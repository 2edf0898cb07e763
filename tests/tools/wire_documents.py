"""The wire's documents, made from its messages: `python -m tests.tools.wire_documents` writes them.

schema/KIND.json and asyncapi.yaml are generated; examples/KIND.json are one real message each.
"""

import json
from pathlib import Path
from typing import Any

import yaml
from pydantic import BaseModel

from contracts.wire.messages import (
    Ack,
    Ask,
    ChannelHealth,
    Grant,
    PlateProof,
    Reply,
    Revoke,
    SignedEvent,
    Status,
    Telemetry,
)
from contracts.wire.signing import event_digest, plate_commitment, sign
from contracts.wire.topics import DOWN, ROOT, UP
from tests.contracts.making import DOMAIN, KEY, at, event
from tests.tools.tidy import ROOT as TREE

WIRE = TREE / "contracts" / "wire"


def documents() -> dict[Path, str]:
    """Every generated file with its text."""
    files = {WIRE / "asyncapi.yaml": _asyncapi()}
    for kind, model in (UP | DOWN).items():
        files[WIRE / "schema" / f"{kind}.json"] = _json(model.model_json_schema())
    for kind, message in examples().items():
        files[WIRE / "examples" / f"{kind}.json"] = _json(message.model_dump(mode="json"))
    return files


def examples() -> dict[str, BaseModel]:
    salt = bytes(range(32))
    plate = plate_commitment("沪A12345", salt)
    body = event(5, "arrival", "occupied", 300, grant="g-1", match="accepted", plate=plate)
    opening = PlateProof(text="沪A12345", salt="0x" + salt.hex())
    signature = sign(event_digest(body, DOMAIN), KEY)
    return {
        "event": SignedEvent(body=body, signature=signature, plate=opening),
        "status": Status(
            gateway="gw-1",
            online=True,
            at=at(0),
            boot_id="7d3c",
            version="0.1.0",
            clock="synced",
            epoch=1,
            unacknowledged=2,
        ),
        "telemetry": Telemetry(
            gateway="gw-1",
            at=at(60),
            clock="synced",
            channels=(
                ChannelHealth(name="mag0", space="S1", per_minute=600),
                ChannelHealth(name="us0", space="S1", fault="timeout", since=at(30)),
            ),
            waiting=2,
            disk_free_mb=27_000,
            temperature_c=48.5,
            written_mb_a_day=9.5,
        ),
        "reply": Reply(gateway="gw-1", to="cmd-1", accepted=True),
        "ack": Ack(gateway="gw-1", epoch=1, seq=5),
        "grant": Grant(
            command="cmd-1",
            gateway="gw-1",
            id="g-1",
            version=1,
            booking="b-1",
            space="S1",
            plates=("沪A12345",),
            starts_at=at(240),
            ends_at=at(2040),
            early_s=1800.0,
            late_s=3600.0,
            issued_at=at(20),
        ),
        "revoke": Revoke(command="cmd-2", gateway="gw-1", id="g-1", issued_at=at(60)),
        "ask": Ask(command="cmd-3", gateway="gw-1", what="events", epoch=1, first=3, last=4),
    }


def _asyncapi() -> str:
    channels: dict[str, Any] = {}
    operations: dict[str, Any] = {}
    for direction, table in (("up", UP), ("down", DOWN)):
        for kind, model in table.items():
            channels[kind] = {
                "address": f"{ROOT}/{{gateway}}/{direction}/{kind}",
                "parameters": {"gateway": {"description": "the gateway's name"}},
                "messages": {kind: {"payload": {"$ref": f"schema/{kind}.json"}}},
                "description": " ".join((model.__doc__ or "").split()),
            }
            operations[kind] = {
                "action": "receive" if direction == "up" else "send",
                "channel": {"$ref": f"#/channels/{kind}"},
            }
    document = {
        "asyncapi": "3.0.0",
        "info": {"title": "Berth wire, seen from the cloud", "version": "1"},
        "defaultContentType": "application/json",
        "channels": channels,
        "operations": operations,
    }
    return str(yaml.safe_dump(document, sort_keys=False, allow_unicode=True, width=100))


def _json(value: Any) -> str:
    return json.dumps(value, indent=1, ensure_ascii=False, sort_keys=True) + "\n"


if __name__ == "__main__":
    for path, text in documents().items():
        path.parent.mkdir(exist_ok=True)
        path.write_text(text, "utf-8")
