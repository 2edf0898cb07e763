"""The bugs that `make mutants` plants in what PostgreSQL keeps; shown where its server is."""

from tests.tools.planted import Mutant

POSTGRES = (
    Mutant(
        "a transfer's sum is looked for in a session's own table",
        "cloud/table_rules.py",
        "SET search_path FROM CURRENT AS $$",
        "AS $$",
        "tests/cloud/test_settling_rules.py",
    ),
    Mutant(
        "a table on record may be emptied",
        "cloud/table_rules.py",
        '    for table in _KEPT:\n        yield f"""CREATE OR REPLACE',
        '    for table in _KEPT[:0]:\n        yield f"""CREATE OR REPLACE',
        "tests/cloud/test_settling_rules.py",
    ),
    Mutant(
        "numbers have 32 bits on PostgreSQL",
        "cloud/table_rules.py",
        "    widen(metadata)\n",
        "",
        "tests/cloud/test_settling_rules.py",
    ),
    Mutant(
        "writers on PostgreSQL do not wait for one another",
        "cloud/adapters/postgres.py",
        "SELECT pg_advisory_xact_lock({WRITE_LOCK})",
        "SELECT {WRITE_LOCK}",
        "tests/cloud/test_postgres.py",
    ),
    Mutant(
        "two clouds serve from one database",
        "cloud/adapters/postgres.py",
        "    if not alone:\n",
        "    if True:\n",
        "tests/cloud/test_postgres.py",
    ),
    Mutant(
        "a read sees what is written meanwhile",
        "cloud/adapters/postgres.py",
        'isolation_level="REPEATABLE READ"',
        'isolation_level="READ COMMITTED"',
        "tests/cloud/test_postgres.py",
    ),
    Mutant(
        "a connection that the server has ended is used again",
        "cloud/adapters/postgres.py",
        "pool_pre_ping=True",
        "pool_pre_ping=False",
        "tests/cloud/test_postgres.py",
    ),
)
