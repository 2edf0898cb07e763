"""A real PostgreSQL server for the tests: a folder of its own, a Unix socket, no network."""

import os
import pwd
import shutil
import signal
import subprocess
import tempfile
from itertools import count
from pathlib import Path
from typing import Any

import psycopg
import stamina

PLACES = "/usr/lib/postgresql"
NEEDED = ("initdb", "postgres", "pg_dump", "pg_restore")
# The server refuses to run as root.
OTHER_USERS = ("postgres", "nobody")
START_TRIES, START_PATIENCE_S, END_S = 600, 60.0, 20
# Emptied as a superuser without the tables' own rules, which refuse just that: a new database
# for each test would take longer than most tests.
EMPTY = """DO $$ DECLARE t record; BEGIN
  PERFORM pg_terminate_backend(pid) FROM pg_stat_activity
    WHERE datname = current_database() AND pid <> pg_backend_pid();
  SET LOCAL session_replication_role = replica;
  FOR t IN SELECT tablename AS name FROM pg_tables
    WHERE schemaname = 'public' LOOP
    EXECUTE format('DELETE FROM %I', t.name); END LOOP;
  FOR t IN SELECT sequencename AS name FROM pg_sequences WHERE schemaname = 'public' LOOP
    PERFORM setval(t.name::regclass, 1, false); END LOOP;
END $$"""
OPTIONS = {
    "listen_addresses": "",
    "fsync": "off",
    "full_page_writes": "off",
    "synchronous_commit": "off",
    "shared_buffers": "32MB",
    "max_connections": "60",
    "autovacuum": "off",
    "log_min_messages": "fatal",
}


def binaries() -> Path | None:
    """The newest one's folder, on the path or where Debian puts it."""
    found = [path for path in Path(PLACES).glob("*/bin") if (path / "postgres").is_file()]
    on_path = shutil.which("postgres")
    folders = [
        *([Path(on_path).parent] if on_path else []),
        *sorted(found, key=lambda path: float(path.parent.name), reverse=True),
    ]
    return next((f for f in folders if all((f / name).is_file() for name in NEEDED)), None)


class Server:
    """The cloud comes to it as a plain role that owns its database."""

    def __init__(self, programs: Path) -> None:
        self.programs = programs
        self.folder = Path(tempfile.mkdtemp(prefix="pg-"))
        self._as = _other_user(self.folder)
        self._names = (f"made_{number}" for number in count(1))
        self._run(
            "initdb", "-D", self.data, "-U", "admin", "-A", "trust", "--no-sync", "-E", "UTF8"
        )
        self._process = self._start()
        self._admin = self._connected("postgres")
        self._sql("CREATE ROLE berth LOGIN")
        self._sql("CREATE DATABASE cloud OWNER berth")
        self._cloud = self._connected("cloud")

    @property
    def data(self) -> str:
        return str(self.folder / "data")

    def url(self, name: str, user: str = "berth") -> str:
        return f"postgresql://{user}@/{name}?host={self.folder}"

    def emptied(self) -> str:
        """The URL of the one database, with nothing of the last test in it."""
        self._cloud.execute(EMPTY)
        return self.url("cloud")

    def made(self, more: str = "OWNER berth") -> str:
        """The URL of a new one."""
        name = next(self._names)
        self._sql(f"CREATE DATABASE {name} {more}")
        return self.url(name)

    def close(self) -> None:
        self._cloud.close()
        self._admin.close()
        # A fast end: it does not wait for connections that a failed test has left.
        self._process.send_signal(signal.SIGINT)
        try:
            self._process.wait(END_S)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        shutil.rmtree(self.folder)

    def _sql(self, statement: str) -> None:
        self._admin.execute(statement.encode())

    def _run(self, program: str, *given: str) -> None:
        command = [*self._as, str(self.programs / program), *given]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr

    def _start(self) -> "subprocess.Popen[bytes]":
        options = [f"-c{name}={value}" for name, value in OPTIONS.items()]
        place = ["-D", self.data, "-k", str(self.folder)]
        with (self.folder / "server.log").open("wb") as log:
            return subprocess.Popen(
                [*self._as, str(self.programs / "postgres"), *place, *options],
                stdout=log,
                stderr=log,
            )

    def _connected(self, name: str) -> "psycopg.Connection[Any]":
        """It may still be starting."""
        asked = stamina.RetryingCaller(
            attempts=START_TRIES, timeout=START_PATIENCE_S, wait_initial=0.02, wait_max=0.05
        ).on(psycopg.OperationalError)
        return asked(psycopg.connect, self.url(name, "admin"), autocommit=True)


def _other_user(folder: Path) -> list[str]:
    """What begins a command line, and whose folder it is then; nothing unless we are root."""
    if os.geteuid() != 0:
        return []
    known = {entry.pw_name: entry for entry in pwd.getpwall()}
    user = next(known[name] for name in OTHER_USERS if name in known)
    os.chown(folder, user.pw_uid, user.pw_gid)
    # It ends with us, however we end.
    ends = ["--clear-groups", "--pdeathsig", "INT"]
    return ["setpriv", f"--reuid={user.pw_uid}", f"--regid={user.pw_gid}", *ends]
