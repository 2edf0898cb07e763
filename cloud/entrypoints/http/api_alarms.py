"""What an operator should look at in a lot. Nobody else reads it: it names bookings."""

from typing import Any

from fastapi import APIRouter, Request
from fastapi.responses import Response

from cloud.adapters.db import Database
from cloud.entrypoints.http.api_shapes_lots import AlarmShape
from cloud.entrypoints.http.api_tools import IdText, tagged
from cloud.entrypoints.http.pages_speech import Speech
from cloud.entrypoints.http.words import LANGUAGES
from cloud.usecases import alarms_shown

View = dict[str, Any]


def add_alarms(router: APIRouter, db: Database) -> None:
    @router.get("/lots/{lot}/alarms", responses={200: {"model": list[AlarmShape]}})
    def alarms(request: Request, lot: IdText) -> Response:
        """Newest first, each with what to do; those that are of no space stand at every lot."""
        rows = db.read(lambda s: alarms_shown.of_lot(s, lot))
        return tagged(request, [row | _words(row["code"]) for row in rows])


def _words(code: str) -> View:
    made = {}
    for lang in LANGUAGES:
        speech = Speech(lang)
        made[f"title_{lang}"] = speech.known("alarm", code)
        made[f"remedy_{lang}"] = speech.known("alarm", code, ".do")
    return made
