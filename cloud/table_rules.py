"""Rules that the database itself keeps, so that no writer can get them wrong; for both engines.

Entries are append-only and every transfer sums to zero; what was agreed in a settlement and a
batch never changes; a receipt stays as it is once its block is final; no two bookings overlap.
"""

from collections.abc import Iterator

from sqlalchemy import DDL, MetaData, event

# A settlement is placed in a batch once; the rest of it never changes.
_PLACED = ("batch", "position", "paid_minor")
_AGREED = ("stay", "booking", "record", "lines", "amount_minor")
_KEYS = {
    "entry": "id",
    "batch": "seq",
    "chainattempt": "hash",
    "settlement": "stay",
    "receipt": "stay",
}
_KEPT = (*_KEYS, "zero", "transfersum")
_FINAL = """EXISTS (SELECT 1 FROM settlement s JOIN batch b ON b.seq = s.batch
  JOIN chaincall c ON c.id = b.call WHERE s.stay = OLD.stay AND c.status = 'final')"""
_SUM = """(SELECT COALESCE(SUM(e.amount_minor), 0) FROM entry e
  WHERE e.transfer = NEW.transfer AND e.currency = NEW.currency)"""


def _changed(columns: tuple[str, ...], differs: str) -> str:
    return " OR ".join(f"OLD.{name} {differs} NEW.{name}" for name in columns)


def _frozen(differs: str) -> Iterator[tuple[str, str, str]]:
    """(table, verb, when) of every change that is refused."""
    for table in ("entry", "batch", "chainattempt"):
        yield table, "UPDATE", ""
    for table in _KEPT:
        yield table, "DELETE", ""
    agreed = _changed(_AGREED, differs)
    yield "settlement", "UPDATE", f"({agreed} OR OLD.batch IS NOT NULL)"
    changed = _changed(("stay", "booking", "text"), differs)
    yield "receipt", "UPDATE", f"(({changed}) AND {_FINAL})"
    yield "zero", "UPDATE", ""
    yield "zero", "INSERT", ""
    moved = _changed(("transfer", "currency"), differs)
    yield "transfersum", "UPDATE", f"({moved} OR NEW.sum_minor {differs} {_SUM})"
    yield "transfersum", "INSERT", f"(NEW.sum_minor {differs} {_SUM})"


def _replaced() -> Iterator[tuple[str, str, str]]:
    """SQLite's INSERT OR REPLACE would remove the old row without asking its DELETE trigger."""
    for table, key in _KEYS.items():
        there = f"EXISTS (SELECT 1 FROM {table} t WHERE t.{key} = NEW.{key})"
        yield table, "INSERT", there


_OVERLAP = """
CREATE TRIGGER booking_no_overlap_{name} BEFORE {verb} ON booking
WHEN NEW.state IN ('confirmed', 'granted', 'active') AND EXISTS (
  SELECT 1 FROM booking b WHERE b.space = NEW.space AND b.id <> NEW.id
  AND b.state IN ('confirmed', 'granted', 'active')
  AND b.starts_ms < NEW.ends_ms AND NEW.starts_ms < b.ends_ms)
BEGIN SELECT RAISE(ABORT, 'booking_overlap'); END
"""
# The sum of a transfer must be found in the table that holds nothing but 0, when the transaction
# is committed and not before: a transfer has several entries.
_SEED = "INSERT INTO zero (value) SELECT 0 WHERE NOT EXISTS (SELECT 1 FROM zero)"
_ADD = f"""INSERT INTO transfersum (transfer, currency, sum_minor)
  VALUES (NEW.transfer, NEW.currency, {_SUM})
  ON CONFLICT (transfer, currency)
  DO UPDATE SET sum_minor = excluded.sum_minor"""


def sqlite_rules() -> Iterator[str]:
    """Made anew at every start: an older version's rules must not stay beside these."""
    yield _SEED
    for verb in ("INSERT", "UPDATE"):
        yield f"DROP TRIGGER IF EXISTS booking_no_overlap_{verb.lower()}"
        yield _OVERLAP.format(name=verb.lower(), verb=verb)
    yield "DROP TRIGGER IF EXISTS entry_sums"
    yield f"""CREATE TRIGGER entry_sums AFTER INSERT ON entry BEGIN {_ADD}; END"""
    for table, verb, when in (*_frozen("IS NOT"), *_replaced()):
        name = f"{table}_append_only_{verb.lower()}"
        condition = f"WHEN {when} " if when else ""
        yield f"DROP TRIGGER IF EXISTS {name}"
        yield f"""CREATE TRIGGER {name}
            BEFORE {verb} ON {table} {condition}
            BEGIN SELECT RAISE(ABORT, '{table} is append-only'); END"""


def postgresql_rules() -> Iterator[str]:
    yield _SEED
    yield "CREATE EXTENSION IF NOT EXISTS btree_gist"
    yield "ALTER TABLE booking DROP CONSTRAINT IF EXISTS booking_overlap"
    yield """ALTER TABLE booking ADD CONSTRAINT booking_overlap
        EXCLUDE USING gist (space WITH =, int8range(starts_ms, ends_ms) WITH &&)
        WHERE (state IN ('confirmed', 'granted', 'active'))"""
    yield f"""CREATE OR REPLACE FUNCTION entry_sums() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN {_ADD}; RETURN NULL; END $$"""
    yield """CREATE OR REPLACE TRIGGER entry_sums AFTER INSERT ON entry
        FOR EACH ROW EXECUTE FUNCTION entry_sums()"""
    yield """CREATE OR REPLACE FUNCTION append_only() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN RAISE EXCEPTION '% is append-only', TG_TABLE_NAME; END $$"""
    for table, verb, when in _frozen("IS DISTINCT FROM"):
        name = f"{table}_append_only_{verb.lower()}"
        # A trigger's condition may not ask other tables there: a function of its own does.
        asks = "SELECT" in when
        if asks:
            yield f"""CREATE OR REPLACE FUNCTION {name}() RETURNS trigger LANGUAGE plpgsql AS $$
                BEGIN IF {when} THEN RAISE EXCEPTION '{table} is append-only'; END IF;
                RETURN NEW; END $$"""
        condition = f"WHEN ({when})" if when and not asks else ""
        yield f"""CREATE OR REPLACE TRIGGER {name}
            BEFORE {verb} ON {table} FOR EACH ROW {condition}
            EXECUTE FUNCTION {name if asks else "append_only"}()"""
    for table in _KEPT:
        yield f"""CREATE OR REPLACE TRIGGER {table}_append_only_truncate
            BEFORE TRUNCATE ON {table} FOR EACH STATEMENT EXECUTE FUNCTION append_only()"""


def keep(metadata: MetaData) -> None:
    """Every database that is created from these tables keeps the rules of its own engine."""
    for dialect, rules in (("sqlite", sqlite_rules()), ("postgresql", postgresql_rules())):
        for rule in rules:
            ddl = DDL(rule.replace("%", "%%")).execute_if(dialect=dialect)  # type: ignore[no-untyped-call]
            event.listen(metadata, "after_create", ddl)
