"""The audit log, read by operators; `berth-cloud audit verify` walks its chain."""

from fastapi import APIRouter, Depends, Request
from fastapi.responses import Response

from cloud.adapters.db import Database
from cloud.entrypoints.http.api_shapes_cases import AuditShape
from cloud.entrypoints.http.api_tools import Page, page_of, paged
from cloud.usecases import audit


def add_audit(router: APIRouter, db: Database) -> None:
    @router.get("/audit", responses={200: {"model": list[AuditShape]}})
    def entries(request: Request, page: Page = Depends(page_of)) -> Response:
        """Who did what, when, about what; oldest first, each chained to the one before."""
        (after,) = page.after(int) or (0,)
        rows = db.read(lambda s: audit.entries(s, after, page.limit + 1))
        return paged(request, page, rows, (audit.view, lambda row: (row.seq,)))
