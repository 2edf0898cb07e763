"""The cloud's tables. Times are whole milliseconds since 1970 UTC; money is minor units.

JSON columns hold values of contracts/ as their canonical text: what was agreed, byte for byte.
"""

from sqlalchemy import BigInteger, Column, ForeignKey, Index, LargeBinary, String, text
from sqlmodel import Field, SQLModel

from cloud import (
    account_tables,
    api_tables,
    audit_tables,
    identity_tables,
    search_tables,
    table_rules,
    title_tables,
)
from cloud.booking_tables import Booking as Booking
from cloud.charge_tables import ChargeRow as ChargeRow
from cloud.compliance_tables import Registration as Registration
from cloud.credit_tables import CreditRow as CreditRow
from cloud.offer_tables import Offer as Offer
from cloud.place_tables import Assignment as Assignment
from cloud.place_tables import GatewayKey as GatewayKey
from cloud.privacy_tables import PersonKey as PersonKey
from cloud.stay_tables import Stay as Stay


def _big(**extra: object) -> Column[int]:
    return Column(BigInteger, **extra)  # type: ignore[arg-type]


class Setting(SQLModel, table=True):
    """Facts of this installation that outlive a process, such as the contracts' addresses."""

    key: str = Field(primary_key=True)
    value: str


class Account(SQLModel, table=True):
    number: int | None = Field(default=None, primary_key=True)
    name: str
    role: str
    token_hash: str = Field(unique=True)
    address: str
    created_ms: int = Field(sa_column=_big(nullable=False))


class Entry(SQLModel, table=True):
    """One side of a posting: append-only; the amounts of one transfer sum to zero."""

    id: int | None = Field(default=None, primary_key=True)
    transfer: str = Field(index=True)
    account: int = Field(index=True)
    bucket: str
    amount_minor: int = Field(sa_column=_big(nullable=False))
    currency: str
    at_ms: int = Field(sa_column=_big(nullable=False))


class Balance(SQLModel, table=True):
    """The sum of an account's entries up to `entry`, the last: kept by a trigger of theirs."""

    account: int = Field(primary_key=True)
    bucket: str = Field(primary_key=True)
    currency: str = Field(primary_key=True)
    sum_minor: int = Field(sa_column=_big(nullable=False))
    entry: int = Field(sa_column=_big(nullable=False))


class NoRow(SQLModel, table=True):
    """Never has a row: what points here is refused at the commit."""

    transfer: str = Field(primary_key=True)


class TransferSum(SQLModel, table=True):
    """Of a transfer that is being written; kept by a trigger of `entry`, gone once it is 0."""

    __table_args__ = {"sqlite_with_rowid": False}

    transfer: str = Field(
        sa_column=Column(
            String,
            ForeignKey("norow.transfer", deferrable=True, initially="DEFERRED"),
            primary_key=True,
        )
    )
    currency: str = Field(primary_key=True)
    sum_minor: int = Field(sa_column=_big(nullable=False))


class Lot(SQLModel, table=True):
    id: str = Field(primary_key=True)
    name: str
    tz: str = "Asia/Shanghai"


class Space(SQLModel, table=True):
    id: str = Field(primary_key=True)
    number: int = Field(unique=True)
    lot: str = Field(index=True)
    lat: float
    lon: float
    gateway: str | None = Field(default=None, index=True)
    occupancy: str = "unknown"
    occupancy_ms: int = Field(default=0, sa_column=_big(nullable=False))


class TitleVersion(SQLModel, table=True):
    version: int | None = Field(default=None, primary_key=True)
    file_sha256: str
    root: str
    count: int
    status: str = "importing"
    imported_ms: int = Field(sa_column=_big(nullable=False))


class Title(SQLModel, table=True):
    """The current row of one space in the title library; `position` is its leaf in the tree."""

    space: str = Field(primary_key=True)
    version: int = Field(index=True)
    position: int
    record: str
    leaf: bytes = Field(sa_column=Column(LargeBinary, nullable=False))


class Gateway(SQLModel, table=True):
    id: str = Field(primary_key=True)
    signer: str
    lot: str
    online: bool = False
    seen_ms: int = Field(default=0, sa_column=_big(nullable=False))
    status: str = "{}"
    epoch: int = Field(default=0, sa_column=_big(nullable=False))
    seq: int = Field(default=0, sa_column=_big(nullable=False))
    # The last number that is stored without a gap: those beyond `seq` wait to be applied.
    kept_seq: int = Field(default=0, sa_column=_big(nullable=False))


class Command(SQLModel, table=True):
    """A command on its way to a gateway: sent again until it is answered or expires."""

    id: str = Field(primary_key=True)
    gateway: str = Field(index=True)
    kind: str
    payload: str
    subject: str
    status: str = Field(default="pending", index=True)
    answer: str = ""
    created_ms: int = Field(sa_column=_big(nullable=False))


class EventRow(SQLModel, table=True):
    """One signed event, as received. Its number is its identity: a second copy changes nothing."""

    __tablename__ = "event"
    gateway: str = Field(primary_key=True)
    epoch: int = Field(sa_column=_big(primary_key=True))
    seq: int = Field(sa_column=_big(primary_key=True))
    space: str | None = Field(default=None, index=True)
    body: str
    signature: str
    digest: str
    plate: str | None = None
    signer: str = ""
    effect: str = "waiting"


class Settlement(SQLModel, table=True):
    """A credit's counter-record stands here too, beside the stay it corrects (`credit_of`); and a

    charge's record, of a number from CHARGE_NUMBERS on.
    """

    stay: int = Field(primary_key=True)
    booking: str = Field(index=True)
    record: str
    # What the record stands for in its batch: 32 bytes of the tree, and 0x with 64 digits.
    leaf: bytes = Field(sa_column=Column(LargeBinary, nullable=False))
    word: str
    lines: str
    amount_minor: int = Field(sa_column=_big(nullable=False))
    paid_minor: int | None = None
    batch: int | None = Field(default=None, index=True)
    position: int | None = None
    credit_of: int | None = None
    # Of the few that are credits: of all the others an index would tell nothing.
    __table_args__ = (
        Index(
            "settlement_credit_of",
            "credit_of",
            sqlite_where=text("credit_of IS NOT NULL"),
            postgresql_where=text("credit_of IS NOT NULL"),
        ),
    )


class Collected(SQLModel, table=True):
    """What the chain missed of a settlement where our books had it otherwise; the newest counts."""

    __table_args__ = {"sqlite_autoincrement": True}
    id: int | None = Field(default=None, primary_key=True)
    stay: int = Field(index=True)
    missing_minor: int = Field(sa_column=_big(nullable=False))


class Batch(SQLModel, table=True):
    seq: int = Field(primary_key=True)
    root: str
    call: str = Field(unique=True)


class ChainCall(SQLModel, table=True):
    """One transaction of ours. `id` says what it is for, so it can be queued only once.

    `status`: see cloud/core/calls.py. `nonce`, `raw` and `hash` are those of the newest attempt,
    or of the one that was mined.
    """

    number: int | None = Field(default=None, primary_key=True)
    id: str = Field(unique=True)
    contract: str
    function: str
    args: str
    sender: str
    status: str = Field(default="queued", index=True)
    nonce: int | None = None
    raw: bytes | None = Field(default=None, sa_column=Column(LargeBinary, nullable=True))
    hash: str | None = None
    block_number: int | None = None
    block_hash: str | None = None
    reason: str = ""


class ChainAttempt(SQLModel, table=True):
    """Signed bytes of a call, stored before they are sent and kept: it may be mined as any."""

    hash: str = Field(primary_key=True)
    call: int = Field(index=True)
    nonce: int
    raw: bytes = Field(sa_column=Column(LargeBinary, nullable=False))
    max_fee_wei: int = Field(default=0, sa_column=_big(nullable=False))
    tip_wei: int = Field(default=0, sa_column=_big(nullable=False))
    signed_ms: int = Field(sa_column=_big(nullable=False))


class ReceiptRow(SQLModel, table=True):
    __tablename__ = "receipt"
    stay: int = Field(primary_key=True)
    booking: str = Field(index=True)
    text: str


class Alarm(SQLModel, table=True):
    """Something a person should look at; `id` says about what, so it is raised only once.

    Acknowledged, it is shown no more; the row goes with its cause (cloud/usecases/alarms.py).
    """

    id: str = Field(primary_key=True)
    code: str
    space: str | None = None
    sentence: str
    at_ms: int = Field(sa_column=_big(nullable=False))
    acknowledged_ms: int | None = Field(default=None, sa_column=_big(nullable=True))


# Theirs, too: whoever asks for tables gets all of them.
OTHERS = (account_tables, api_tables, audit_tables, identity_tables, search_tables, title_tables)

table_rules.keep(SQLModel.metadata)
