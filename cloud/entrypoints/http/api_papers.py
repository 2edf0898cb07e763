"""An owner's papers, and what an account is told."""

from datetime import date
from typing import Annotated, Any

from fastapi import APIRouter, Query, Request
from fastapi.responses import Response
from sqlmodel import Session
from starlette.concurrency import run_in_threadpool

from cloud.adapters.clock import Clock, new_id
from cloud.adapters.db import Database
from cloud.compliance_tables import Document
from cloud.core import compliance_papers
from cloud.core.reasons import Refusal
from cloud.entrypoints.http.api_acts import Acts
from cloud.entrypoints.http.api_owner import mine
from cloud.entrypoints.http.api_shapes_market import DocumentShape, NoticeShape
from cloud.entrypoints.http.api_tools import IdText, said, tagged
from cloud.entrypoints.http.roles import Caller
from cloud.errors import Unknown
from cloud.ports.documents import Documents
from cloud.usecases import audit, documents, notices

View = dict[str, Any]
Space = Annotated[str, Query(min_length=1, max_length=64, pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]*$")]
Kind = Annotated[str, Query(min_length=1, max_length=40, pattern=r"^[a-z_]+$")]
BYTES = {
    "requestBody": {
        "required": True,
        "content": {"application/octet-stream": {"schema": {"type": "string", "format": "binary"}}},
    }
}


def add_papers(router: APIRouter, db: Database, clock: Clock, store: Documents) -> None:
    _add_upload(router, db, clock, store)
    _add_documents(router, db, clock, store)
    _add_notices(router, db)


def _add_upload(router: APIRouter, db: Database, clock: Clock, store: Documents) -> None:
    def kept(data: bytes, offered: documents.Offered) -> Document | Refusal:
        """The bytes first: a row never stands for a file that is not there."""
        paper, now = compliance_papers.read(data), clock.now()
        if isinstance(paper, Refusal):
            return paper
        why_not = db.read(lambda s: documents.refusal(s, offered, now))
        if why_not is not None:
            return why_not
        store.put(paper.sha256, data)
        name = new_id("doc")
        return db.write(lambda s: documents.submit(s, name, offered, paper, now))

    @router.post(
        "/documents",
        status_code=201,
        responses={201: {"model": DocumentShape}},
        openapi_extra=BYTES,
    )
    async def upload(
        request: Request, space: Space, kind: Kind, account: Caller, valid_until: date | None = None
    ) -> Response:
        """The body is the file: PDF, JPEG or PNG, at most 5 MB. Its name is not kept."""
        data = await request.body()
        until = valid_until.isoformat() if valid_until else None
        offered = documents.Offered(account.number or 0, space, kind, until)
        made = await run_in_threadpool(kept, data, offered)
        return said(request, made, documents.view, 201)


def _add_documents(router: APIRouter, db: Database, clock: Clock, store: Documents) -> None:
    @router.get("/documents", responses={200: {"model": list[DocumentShape]}})
    def listed(request: Request, account: Caller) -> Response:
        """The caller's own, for the operator everybody's; the newest 100."""
        rows = db.read(lambda s: documents.mine(s, mine(account)))
        return tagged(request, [documents.view(row) for row in rows])

    @router.get("/documents/{document_id}", responses={200: {"model": DocumentShape}})
    def one(request: Request, document_id: IdText) -> Response:
        return tagged(request, documents.view(db.read(lambda s: documents.get(s, document_id))))

    @router.get(
        "/documents/{document_id}/file", responses={200: {"description": "The file as it was sent"}}
    )
    def file(document_id: IdText, account: Caller) -> Response:
        """For its owner and the operator, who is recorded."""
        acts = Acts(clock, account)

        def story(session: Session) -> Document:
            row = documents.get(session, document_id)
            return acts.kept(session, "document.read", document_id, row)

        row = db.write(story)
        data = None if row.erased_ms else store.get(row.sha256)
        if data is None:
            raise Unknown(f"The file of document {document_id}.")
        told = {
            "content-disposition": "attachment",
            "x-content-type-options": "nosniff",
            "cache-control": "no-store",
        }
        return Response(data, 200, told, row.media)

    @router.post("/documents/{document_id}/erasure", responses={200: {"model": DocumentShape}})
    def erase(request: Request, document_id: IdText, account: Caller) -> Response:
        """What was decided by it stands; the file is gone."""
        who, now = audit.account(account.number), clock.now()
        made = db.write(lambda s: documents.erase(s, document_id, who, now))
        if isinstance(made, Document):
            for name in db.read(lambda s: documents.unwanted(s, [made.sha256])):
                store.erase(name)
        return said(request, made, documents.view, 200)


def _add_notices(router: APIRouter, db: Database) -> None:
    @router.get("/notices", responses={200: {"model": list[NoticeShape]}})
    def inbox(request: Request, account: Caller) -> Response:
        """What the account was told, newest first, in its language."""
        return tagged(request, db.read(lambda s: notices.of_account(s, account.number or 0)))
