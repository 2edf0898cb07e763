"""The description as a page of ours: works without a script, without a network, on a phone."""

from typing import Any

from fastapi import APIRouter, FastAPI, Request
from fastapi.responses import HTMLResponse, Response

from cloud.entrypoints.http.docs_codes import catalogue_said
from cloud.entrypoints.http.docs_shown import groups, ticked, types
from cloud.entrypoints.http.docs_words import ABOUT, ABOUT_ZH, PAGE, TAGS
from cloud.entrypoints.http.pages_render import page, speech_for
from cloud.entrypoints.http.problems import CATALOGUE, TITLES

View = dict[str, Any]


def docs_router(app: FastAPI) -> APIRouter:
    router = APIRouter(include_in_schema=False, default_response_class=HTMLResponse)

    @router.get("/docs")
    def docs(request: Request) -> Response:
        s = speech_for(request)
        zh, schema = s.lang == "zh", app.openapi()
        shown = list(groups(schema, TAGS, zh))
        held = types(schema, zh)
        return page(request, "docs.html", s, w=_words(s.lang), groups=shown, types=held)

    @router.get(CATALOGUE)
    def problems(request: Request) -> Response:
        s = speech_for(request)
        zh = s.lang == "zh"
        rows = [
            {
                "code": reason.code,
                "status": status,
                "title": TITLES[status][zh],
                "sentence": ticked(reason.sentence_zh if zh else reason.sentence_en),
                "remedy": ticked(reason.remedy_zh if zh else reason.remedy_en),
            }
            for status, reason in catalogue_said()
        ]
        return page(request, "problems.html", s, rows=rows, w=_words(s.lang))

    return router


def _words(lang: str) -> View:
    zh = lang == "zh"
    said: View = {name: both[zh] for name, both in PAGE.items()}
    text = (ABOUT_ZH if zh else ABOUT).strip()
    return said | {"about": [ticked(part) for part in text.split("\n\n")]}
