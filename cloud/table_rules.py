"""Rules that the database itself keeps, so that no writer can get them wrong; for both engines.

Entries are append-only, every transfer sums to zero and every balance is its entries' sum; what was
agreed in a settlement and a batch never changes; a receipt stays as it is once its block is final;
no two bookings overlap.
"""

from collections.abc import Iterator

from sqlalchemy import DDL, BigInteger, Integer, MetaData, event

# A settlement is placed in a batch once; the rest of it never changes.
_PLACED = ("batch", "position", "paid_minor")
_AGREED = ("stay", "booking", "record", "leaf", "word", "lines", "amount_minor", "credit_of")
_KEYS = {
    "entry": "id",
    "batch": "seq",
    "chainattempt": "hash",
    "settlement": "stay",
    "receipt": "stay",
    "credit": "number",
    "charge": "number",
    "collected": "id",
    "auditentry": "seq",
    "ruleset": "version",
}
_KEPT = (*_KEYS, "norow", "transfersum", "balance")
_FINAL = """EXISTS (SELECT 1 FROM settlement s JOIN batch b ON b.seq = s.batch
  JOIN chaincall c ON c.id = b.call WHERE s.stay = OLD.stay AND c.status = 'final')"""
_UNBALANCED = """(SELECT SUM(e.amount_minor) FROM entry e
  WHERE e.transfer = OLD.transfer AND e.currency = OLD.currency) <> 0"""


# A balance moves by an entry of its own, once, and begins with its first one.
_AMOUNT = """(SELECT e.amount_minor FROM entry e WHERE e.id = NEW.entry AND e.account = NEW.account
  AND e.bucket = NEW.bucket AND e.currency = NEW.currency)"""
_EARLIER = """EXISTS (SELECT 1 FROM entry e WHERE e.account = NEW.account
  AND e.bucket = NEW.bucket AND e.currency = NEW.currency AND e.id < NEW.entry)"""
_THERE = """EXISTS (SELECT 1 FROM balance b WHERE b.account = NEW.account
  AND b.bucket = NEW.bucket AND b.currency = NEW.currency)"""


def _changed(columns: tuple[str, ...], differs: str) -> str:
    return " OR ".join(f"OLD.{name} {differs} NEW.{name}" for name in columns)


def _frozen(differs: str) -> Iterator[tuple[str, str, str]]:
    """(table, verb, when) of every change that is refused."""
    written = ("entry", "batch", "chainattempt", "credit", "charge", "collected", "auditentry")
    # A person's data beside the audit log are erased, never changed.
    for table in (*written, "ruleset", "auditpersonal"):
        yield table, "UPDATE", ""
    for table in _KEPT:
        yield table, "DELETE", _UNBALANCED if table == "transfersum" else ""
    agreed = _changed(_AGREED, differs)
    yield "settlement", "UPDATE", f"({agreed} OR OLD.batch IS NOT NULL)"
    changed = _changed(("stay", "booking", "text"), differs)
    yield "receipt", "UPDATE", f"(({changed}) AND {_FINAL})"
    yield "norow", "INSERT", ""
    # Its row may go only where its entries sum to zero; until then it may not take another's name.
    yield "transfersum", "UPDATE OF transfer, currency", ""
    owned = _changed(("account", "bucket", "currency"), differs)
    by = f"NEW.sum_minor - OLD.sum_minor {differs} {_AMOUNT}"
    yield "balance", "UPDATE", f"({owned} OR NEW.entry <= OLD.entry OR {by})"
    first = f"NEW.sum_minor {differs} {_AMOUNT}"
    yield "balance", "INSERT", f"({_THERE} OR {first} OR {_EARLIER})"


def _replaced() -> Iterator[tuple[str, str, str]]:
    """SQLite's INSERT OR REPLACE would remove the old row without asking its DELETE trigger."""
    for table, key in _KEYS.items():
        there = f"EXISTS (SELECT 1 FROM {table} t WHERE t.{key} = NEW.{key})"
        yield table, "INSERT", there


# Of those that hold a space none overlaps another, so the last that begins before the new one's end
# also ends last: one look, however many came before. This needs times that run forward.
_OVERLAP = """
CREATE TRIGGER booking_no_overlap_{name} BEFORE {verb} ON booking
WHEN NEW.state IN ('confirmed', 'granted', 'active') AND (NEW.ends_ms <= NEW.starts_ms
  OR NEW.starts_ms < (SELECT b.ends_ms FROM booking b
  WHERE b.space = NEW.space AND b.id <> NEW.id AND b.state IN ('confirmed', 'granted', 'active')
  AND b.starts_ms < NEW.ends_ms ORDER BY b.starts_ms DESC LIMIT 1))
BEGIN SELECT RAISE(ABORT, 'booking_overlap'); END
"""
# What was told of one booking is looked for whenever it changes.
_SUBJECTS = "CREATE INDEX IF NOT EXISTS command_subject ON command (subject, kind)"
# The marks of sealed plates (cloud/core/plate_vault.py): their first MARK_CHARS characters.
_MARKS = (
    "CREATE INDEX IF NOT EXISTS booking_plate_mark ON booking (substr(plate, 1, 19))",
    """CREATE INDEX IF NOT EXISTS event_plate_mark ON event (substr(plate, 1, 19))
        WHERE plate IS NOT NULL""",
)
# The row of a transfer points into a table that is always empty, which is looked at when the
# transaction is committed and not before: a transfer has several entries, and its row goes with the
# last of them. {none}: whether the statement before has found no row.
_OF_NEW = "transfer = NEW.transfer AND currency = NEW.currency"
_ADD = f"""UPDATE transfersum SET sum_minor = sum_minor + NEW.amount_minor WHERE {_OF_NEW};
  INSERT INTO transfersum (transfer, currency, sum_minor)
  SELECT NEW.transfer, NEW.currency, NEW.amount_minor WHERE {{none}};
  DELETE FROM transfersum WHERE {_OF_NEW} AND sum_minor = 0"""
_MOVE = """UPDATE balance SET sum_minor = sum_minor + NEW.amount_minor, entry = NEW.id
  WHERE account = NEW.account AND bucket = NEW.bucket AND currency = NEW.currency;
  INSERT INTO balance (account, bucket, currency, sum_minor, entry)
  SELECT NEW.account, NEW.bucket, NEW.currency, NEW.amount_minor, NEW.id WHERE {none}"""
_ENTERED = f"{_ADD}; {_MOVE};"


def sqlite_rules() -> Iterator[str]:
    """Made anew at every start: an older version's rules must not stay beside these."""
    yield _SUBJECTS
    yield from _MARKS
    for verb in ("INSERT", "UPDATE"):
        yield f"DROP TRIGGER IF EXISTS booking_no_overlap_{verb.lower()}"
        yield _OVERLAP.format(name=verb.lower(), verb=verb)
    yield "DROP TRIGGER IF EXISTS entry_sums"
    entered = _ENTERED.format(none="changes() = 0")
    yield f"""CREATE TRIGGER entry_sums AFTER INSERT ON entry BEGIN {entered} END"""
    for table, verb, when in (*_frozen("IS NOT"), *_replaced()):
        name = f"{table}_append_only_{verb.split()[0].lower()}"
        condition = f"WHEN {when} " if when else ""
        yield f"DROP TRIGGER IF EXISTS {name}"
        yield f"""CREATE TRIGGER {name}
            BEFORE {verb} ON {table} {condition}
            BEGIN SELECT RAISE(ABORT, '{table} is append-only'); END"""


def postgresql_rules() -> Iterator[str]:
    """Made anew at every start, in one transaction (PostgreSQL 14 or newer).

    The functions look for their tables here and in a session's own temporary ones last: a
    temporary `transfersum` would else take a sum that is not zero.
    """
    yield _SUBJECTS
    yield from _MARKS
    yield "SELECT set_config('search_path', quote_ident(current_schema()) || ', pg_temp', true)"
    yield "CREATE EXTENSION IF NOT EXISTS btree_gist"
    yield _EXCLUDE
    yield _function("entry_sums", _ENTERED.format(none="NOT FOUND") + " RETURN NULL;")
    yield """CREATE OR REPLACE TRIGGER entry_sums AFTER INSERT ON entry
        FOR EACH ROW EXECUTE FUNCTION entry_sums()"""
    yield _function("append_only", _REFUSE)
    for table, verb, when in _frozen("IS DISTINCT FROM"):
        name = f"{table}_append_only_{verb.split()[0].lower()}"
        # A trigger's condition may not ask other tables there: a function of its own does.
        asks = "SELECT" in when
        if asks:
            yield _function(name, f"IF {when} THEN {_REFUSE} END IF; RETURN COALESCE(NEW, OLD);")
        condition = f"WHEN ({when})" if when and not asks else ""
        yield f"""CREATE OR REPLACE TRIGGER {name}
            BEFORE {verb} ON {table} FOR EACH ROW {condition}
            EXECUTE FUNCTION {name if asks else "append_only"}()"""
    for table in _KEPT:
        yield f"""CREATE OR REPLACE TRIGGER {table}_append_only_truncate
            BEFORE TRUNCATE ON {table} FOR EACH STATEMENT EXECUTE FUNCTION append_only()"""


_REFUSE = """RAISE EXCEPTION '% is append-only', TG_TABLE_NAME
  USING ERRCODE = 'integrity_constraint_violation';"""
# Made once: to make it anew would compare all bookings at every start. A changed one needs
# another name.
_EXCLUDE = """DO $$ BEGIN
  IF NOT EXISTS (SELECT 1 FROM pg_constraint
    WHERE conname = 'booking_overlap' AND conrelid = 'booking'::regclass) THEN
    ALTER TABLE booking ADD CONSTRAINT booking_overlap
    EXCLUDE USING gist (space WITH =, int8range(starts_ms, ends_ms) WITH &&)
    WHERE (state IN ('confirmed', 'granted', 'active'));
  END IF; END $$"""


def _function(name: str, body: str) -> str:
    return f"""CREATE OR REPLACE FUNCTION {name}() RETURNS trigger LANGUAGE plpgsql
        SET search_path FROM CURRENT AS $$ BEGIN {body} END $$"""


def widen(metadata: MetaData) -> None:
    """SQLite's INTEGER has 64 bits, PostgreSQL's 32: the same numbers must fit on both."""
    wide = BigInteger().with_variant(Integer, "sqlite")
    for table in metadata.tables.values():
        for column in table.columns:
            if type(column.type) is Integer:
                column.type = wide


def keep(metadata: MetaData) -> None:
    """Every database that is created from these tables keeps the rules of its own engine."""
    widen(metadata)
    for dialect, rules in (("sqlite", sqlite_rules()), ("postgresql", postgresql_rules())):
        for rule in rules:
            ddl = DDL(rule.replace("%", "%%")).execute_if(dialect=dialect)  # type: ignore[no-untyped-call]
            event.listen(metadata, "after_create", ddl)
