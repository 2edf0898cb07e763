"""Rules that the database itself keeps, so that no writer can get them wrong; for both engines.

Entries are append-only and every transfer sums to zero; what was agreed in a settlement and a
batch never changes; a receipt stays as it is once its block is final; no two bookings overlap.
"""

from collections.abc import Iterator

from sqlalchemy import DDL, MetaData, event

# A settlement is placed in a batch once; the rest of it never changes.
_PLACED = ("batch", "position", "paid_minor")
_AGREED = ("stay", "booking", "record", "lines", "amount_minor")
_FINAL = """EXISTS (SELECT 1 FROM settlement s JOIN batch b ON b.seq = s.batch
  JOIN chaincall c ON c.id = b.call WHERE s.stay = OLD.stay AND c.status = 'final')"""


def _changed(columns: tuple[str, ...], differs: str) -> str:
    return " OR ".join(f"OLD.{name} {differs} NEW.{name}" for name in columns)


def _frozen(differs: str) -> Iterator[tuple[str, str, str]]:
    """(table, verb, when) of every change that is refused."""
    for table in ("entry", "batch", "chainattempt"):
        yield table, "UPDATE", ""
    for table in ("entry", "batch", "chainattempt", "settlement", "receipt", "zero"):
        yield table, "DELETE", ""
    agreed = _changed(_AGREED, differs)
    yield "settlement", "UPDATE", f"({agreed} OR OLD.batch IS NOT NULL)"
    changed = _changed(("stay", "booking", "text"), differs)
    yield "receipt", "UPDATE", f"(({changed}) AND {_FINAL})"
    yield "zero", "UPDATE", ""
    yield "zero", "INSERT", ""


_OVERLAP = """
CREATE TRIGGER IF NOT EXISTS booking_no_overlap_{name} BEFORE {verb} ON booking
WHEN NEW.state IN ('confirmed', 'granted', 'active') AND EXISTS (
  SELECT 1 FROM booking b WHERE b.space = NEW.space AND b.id <> NEW.id
  AND b.state IN ('confirmed', 'granted', 'active')
  AND b.starts_ms < NEW.ends_ms AND NEW.starts_ms < b.ends_ms)
BEGIN SELECT RAISE(ABORT, 'booking_overlap'); END
"""
# The sum of a transfer must be found in the table that holds nothing but 0, when the transaction
# is committed and not before: a transfer has several entries.
_SEED = "INSERT INTO zero (value) SELECT 0 WHERE NOT EXISTS (SELECT 1 FROM zero)"
_ADD = """INSERT INTO transfersum (transfer, currency, sum_minor)
  VALUES (NEW.transfer, NEW.currency, NEW.amount_minor)
  ON CONFLICT (transfer, currency)
  DO UPDATE SET sum_minor = transfersum.sum_minor + excluded.sum_minor"""


def sqlite_rules() -> Iterator[str]:
    yield _SEED
    for verb in ("INSERT", "UPDATE"):
        yield _OVERLAP.format(name=verb.lower(), verb=verb)
    yield f"""CREATE TRIGGER IF NOT EXISTS entry_sums AFTER INSERT ON entry BEGIN {_ADD}; END"""
    for table, verb, when in _frozen("IS NOT"):
        condition = f"WHEN {when} " if when else ""
        yield f"""CREATE TRIGGER IF NOT EXISTS {table}_append_only_{verb.lower()}
            BEFORE {verb} ON {table} {condition}
            BEGIN SELECT RAISE(ABORT, '{table} is append-only'); END"""


def postgresql_rules() -> Iterator[str]:
    yield _SEED
    yield "CREATE EXTENSION IF NOT EXISTS btree_gist"
    yield """ALTER TABLE booking ADD CONSTRAINT booking_overlap
        EXCLUDE USING gist (space WITH =, int8range(starts_ms, ends_ms) WITH &&)
        WHERE (state IN ('confirmed', 'granted', 'active'))"""
    yield f"""CREATE OR REPLACE FUNCTION entry_sums() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN {_ADD}; RETURN NULL; END $$"""
    yield """CREATE OR REPLACE TRIGGER entry_sums AFTER INSERT ON entry
        FOR EACH ROW EXECUTE FUNCTION entry_sums()"""
    yield """CREATE OR REPLACE FUNCTION append_only() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN RAISE EXCEPTION '% is append-only', TG_TABLE_NAME; END $$"""
    yield f"""CREATE OR REPLACE FUNCTION receipt_final() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN IF {_FINAL} THEN RAISE EXCEPTION 'receipt is append-only'; END IF;
        RETURN NEW; END $$"""
    for table, verb, when in _frozen("IS DISTINCT FROM"):
        # A trigger's condition may not ask other tables there: the function does.
        final = table == "receipt" and verb == "UPDATE"
        condition = f"WHEN ({when})" if when and not final else ""
        yield f"""CREATE OR REPLACE TRIGGER {table}_append_only_{verb.lower()}
            BEFORE {verb} ON {table} FOR EACH ROW {condition}
            EXECUTE FUNCTION {"receipt_final" if final else "append_only"}()"""


def keep(metadata: MetaData) -> None:
    """Every database that is created from these tables keeps the rules of its own engine."""
    for dialect, rules in (("sqlite", sqlite_rules()), ("postgresql", postgresql_rules())):
        for rule in rules:
            ddl = DDL(rule.replace("%", "%%")).execute_if(dialect=dialect)  # type: ignore[no-untyped-call]
            event.listen(metadata, "after_create", ddl)
