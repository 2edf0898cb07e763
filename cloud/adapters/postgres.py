"""PostgreSQL: one writer at a time over all processes, and readers that see one moment.

Every write takes one lock of the database before it reads anything and holds it to its commit, as
SQLite's BEGIN IMMEDIATE does. The other way, SERIALIZABLE and trying again, would run a use case
twice: they decide what goes on the chain and number what they make, and one try is one decision.
Writes are short, and a cloud has one sender anyway.

A cloud that serves holds a second lock as long as the connection it writes by: two clouds would
settle the same stays and share one nonce. Its writes need that connection, so one that lost the
lock to another writes nothing more. Locks are a session's: connect to the server itself, or to a
pooler that pools sessions.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from sqlalchemy import Engine, create_engine, event, make_url, text
from sqlalchemy.exc import (
    DBAPIError,
    InternalError,
    NotSupportedError,
    OperationalError,
    ProgrammingError,
)

from cloud.errors import (
    CloudError,
    DatabaseBusy,
    DatabaseInUse,
    DatabaseUnfit,
    NoDatabase,
    NoDriver,
)

if TYPE_CHECKING:
    from psycopg import Connection

WRITE_LOCK, CLOUD_LOCK = 0x62657274_00000001, 0x62657274_00000002
CONNECT_S = 5
BUSY_MS = 10_000
# A killed cloud's connection is gone by then; that of a machine that vanished, after KEEPALIVE.
TAKE_OVER_MS = 1_000
KEEPALIVE = {"idle": 10, "interval": 5, "count": 3}
READERS, READER_WAIT_S = 15, 30
OLDEST = 140_000  # triggers can be replaced since then
LOCK_NOT_AVAILABLE = "55P03"
SETTINGS = (
    f"SET lock_timeout = {BUSY_MS}",
    # Whatever the server's own setting is: what was committed survives a power cut.
    "SET synchronous_commit = on",
    *(f"SET tcp_keepalives_{name} = {value}" for name, value in KEEPALIVE.items()),
)


def engines(url: str, alone: bool) -> tuple[Engine, Engine]:
    """(writer, reader). `alone`: the writer is a serving cloud, the only one. Raises CloudError."""
    writer = _engine(url, alone, isolation_level="READ COMMITTED", pool_size=1)
    read_only = {"postgresql_readonly": True}
    reader = _engine(
        url, isolation_level="REPEATABLE READ", pool_size=READERS, execution_options=read_only
    )

    @event.listens_for(writer, "begin")
    def wait(connection: object) -> None:
        # Each later statement sees all that was committed, and until ours nobody else commits.
        connection.exec_driver_sql(f"SELECT pg_advisory_xact_lock({WRITE_LOCK})")  # type: ignore[attr-defined]

    return writer, reader


def exists(url: str) -> bool:
    """Whether a cloud's tables are there. Raises CloudError."""
    engine = _engine(url, pool_size=1)
    try:
        with engine.connect() as connection:
            found = connection.execute(text("SELECT to_regclass('chaincall') IS NOT NULL"))
            return bool(found.scalar_one())
    except OperationalError as error:
        raise told(error) from None
    finally:
        engine.dispose()


@contextmanager
def fit() -> Iterator[None]:
    """Tells what the server refuses while the tables are made."""
    try:
        yield
    except (ProgrammingError, InternalError, NotSupportedError) as error:
        raise DatabaseUnfit(_said(error)) from None


def told(error: OperationalError) -> CloudError:
    """Of a connection that could not be made or is gone, or a lock that was not given."""
    if getattr(error.orig, "sqlstate", None) == LOCK_NOT_AVAILABLE:
        return DatabaseBusy(f"For {BUSY_MS // 1000} seconds.")
    return NoDatabase(_said(error))


def _engine(url: str, alone: bool = False, **options: object) -> Engine:
    """Every connection is asked whether it still stands: the server may have been restarted."""
    where = make_url(url).set(drivername="postgresql+psycopg")
    given = {f"keepalives_{name}": value for name, value in KEEPALIVE.items()}
    try:
        engine = create_engine(
            where,
            pool_pre_ping=True,
            # What a statement was given may be a plate's: no error tells it.
            hide_parameters=True,
            max_overflow=0,
            pool_timeout=READER_WAIT_S,
            connect_args={"connect_timeout": CONNECT_S, "client_encoding": "utf8", **given},
            **options,
        )
    except ImportError:
        raise NoDriver from None

    @event.listens_for(engine, "do_connect")
    def connect(dialect: Any, _record: object, given: Any, named: Any) -> Any:
        connection = dialect.connect(*given, **named)
        try:
            _prepare(connection, alone)
        except BaseException:
            connection.close()
            raise
        return connection

    return engine


def _prepare(connection: "Connection[Any]", alone: bool) -> None:
    """Raises CloudError: before anything is asked of a server that is not fit."""
    from psycopg.errors import LockNotAvailable

    version = connection.info.server_version
    if version < OLDEST:
        raise DatabaseUnfit(f"The server is PostgreSQL {version // 10_000}; 14 is the oldest.")
    encoding = connection.info.parameter_status("server_encoding")
    if encoding != "UTF8":
        raise DatabaseUnfit(f"Its encoding is {encoding}; it must be UTF8.")
    for setting in SETTINGS:
        connection.execute(setting)
    connection.commit()
    if not alone:
        return
    try:
        connection.execute(f"SET LOCAL lock_timeout = {TAKE_OVER_MS}")
        connection.execute(f"SELECT pg_advisory_lock({CLOUD_LOCK})")
        connection.commit()
    except LockNotAvailable:
        raise DatabaseInUse from None


def _said(error: DBAPIError) -> str:
    """In the server's own words, which hold no password: their first line."""
    return f"{str(error.orig).strip().partition(chr(10))[0]}."
