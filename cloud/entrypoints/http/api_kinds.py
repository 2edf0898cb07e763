"""Which papers an owner may be asked for."""

from typing import Any

from fastapi import APIRouter, Request
from fastapi.responses import Response
from pydantic import BaseModel

from cloud.adapters.clock import Clock
from cloud.adapters.db import Database
from cloud.entrypoints.http.api_tools import tagged
from cloud.usecases import document_kinds

TEXTS = ("sentence_en", "sentence_zh", "remedy_en", "remedy_zh")


class KindShape(BaseModel):
    kind: str
    in_force: bool
    sentence_en: str
    sentence_zh: str
    remedy_en: str
    remedy_zh: str


def add_kinds(router: APIRouter, db: Database, clock: Clock) -> None:
    @router.get("/document-kinds", responses={200: {"model": list[KindShape]}})
    def kinds(request: Request) -> Response:
        """What may stand as `kind` of a paper, from the rules in force and those to come."""
        now = clock.now()
        return tagged(
            request, [_shown(one) for one in db.read(lambda s: document_kinds.listed(s, now))]
        )


def _shown(one: document_kinds.Kind) -> dict[str, Any]:
    said = {name: getattr(one.reason, name) for name in TEXTS}
    return {"kind": one.kind, "in_force": one.in_force, **said}
