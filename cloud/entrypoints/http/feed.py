"""`/v1/parking`: the feed for other people's maps, in APDS terms; open, paged, and tagged."""

from fastapi import APIRouter, Depends, Request
from fastapi.responses import Response
from sqlmodel import Session

from cloud.adapters.clock import Clock
from cloud.adapters.db import Database
from cloud.entrypoints.http.api_paths import FEED
from cloud.entrypoints.http.api_shapes_feed import OccupancyShape, PlaceShape, RateShape
from cloud.entrypoints.http.api_tools import Page, View, page_of, paged
from cloud.entrypoints.http.callers import Keys, guarded
from cloud.usecases import feeding, listing


def feed_router(db: Database, clock: Clock, keys: Keys) -> APIRouter:
    router = APIRouter(prefix=FEED, route_class=guarded(keys), tags=["feed"])

    @router.get("/places", responses={200: {"model": list[PlaceShape]}})
    def places(request: Request, page: Page = Depends(page_of)) -> Response:
        """Lots that have a gateway."""

        def story(session: Session) -> list[View]:
            rows = listing.lots(session, page.after(str), page.limit)
            return [feeding.place(session, lot) for lot in rows]

        return paged(request, page, db.read(story), (_same, lambda row: (row["id"],)))

    @router.get("/occupancies", responses={200: {"model": list[OccupancyShape]}})
    def occupancies(request: Request, page: Page = Depends(page_of)) -> Response:
        """Free, held, taken, unknown and unobserved spaces of each place, now."""
        now = clock.now()

        def story(session: Session) -> list[View]:
            rows = listing.lots(session, page.after(str), page.limit)
            return [feeding.occupancy(session, lot, now) for lot in rows]

        rows = db.read(story)
        return paged(
            request, page, rows, (_same, lambda row: (row["place"]["id"],)), but="calculatedAt"
        )

    @router.get("/rates", responses={200: {"model": list[RateShape]}})
    def rates(request: Request, page: Page = Depends(page_of)) -> Response:
        """The price of each open offer."""
        now = clock.now()
        rows = db.read(lambda s: listing.open_offers(s, page.after(str), page.limit))
        shown = [feeding.rate(offer, lot, now) for offer, lot in rows]
        return paged(request, page, shown, (_same, lambda row: (row["id"],)), but="validAt")

    return router


def _same(row: View) -> View:
    return row
