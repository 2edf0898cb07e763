"""What the API answers with about lots, and their alarms."""

from typing import Literal

from pydantic import BaseModel

from cloud.entrypoints.http.api_shapes import Moment

Occupancy = Literal["free", "occupied", "unknown", "unwatched", "held", "closed", "owner"]


class LotRow(BaseModel):
    id: str
    name: str
    tz: str


class SpaceShape(BaseModel):
    id: str
    number: int
    x_m: float
    y_m: float
    state: Occupancy
    since: Moment | None
    shared: bool


class GatewayShape(BaseModel):
    id: str
    online: bool
    seen_at: Moment | None
    epoch: int
    seq: int


class AlarmShape(BaseModel):
    id: str
    code: str
    space: str | None
    sentence: str
    at: Moment | None
    title_en: str
    title_zh: str
    remedy_en: str
    remedy_zh: str


class OutOfOrder(BaseModel):
    space: str
    since: Moment


class LotShape(BaseModel):
    id: str
    name: str
    tz: str
    now: Moment
    spaces: list[SpaceShape]
    gateways: list[GatewayShape]
    out_of_order: list[OutOfOrder]
