"""A copy of the cloud while it serves, and a cloud made of a copy.

A backup is a tar file, for its owner alone (0600): `manifest.json`, the database as of one moment,
and the documents, which are encrypted. Keys are not in it: who finds a backup finds no plate, no
document and no way in. They go into a file of their own, to be kept elsewhere.
"""

import hashlib
import io
import json
import os
import shutil
import sqlite3
import subprocess
import tarfile
import tempfile
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path, PurePosixPath
from typing import Any
from urllib.parse import unquote, urlsplit

from cloud.errors import BackupBroken, NoPlateKey, NotEmpty
from contracts.wire.types import format_instant

FORMAT, VERSION = "berth-backup", 1
DATABASE, DUMP, DOCUMENTS = "cloud.sqlite", "postgresql.dump", "documents"
# What the data folder holds that opens something.
PLATES = "plates.key"
KEYS = ("operator.key", "documents.key", PLATES, "commands.hex", "ca")
READ_AT_ONCE = 1024 * 1024
DUMP_S = 3600
# What SQLite writes beside a database; one that stays behind would become part of another.
BESIDE = ("-wal", "-shm", "-journal")
# What is done to a restored database, where it has that table.
CHANGES = (
    # A gateway that is away is asked what it sees as soon as it is heard: so the holes show.
    ("gateway", "UPDATE gateway SET online = 0"),
    # What lets somebody in may have been ended or used up since: it is asked for anew.
    ("websession", "DELETE FROM websession"),
    ("passkeychallenge", "DELETE FROM passkeychallenge"),
    ("mailedcode", "DELETE FROM mailedcode"),
    ("invitation", "UPDATE invitation SET ends_ms = 0 WHERE used_by IS NULL"),
    ("claim", "UPDATE claim SET state = 'voided' WHERE state = 'open'"),
)


@dataclass(frozen=True, slots=True)
class Made:
    """`sha256`: of the database. `keys`: how many files of keys went into the other file.

    `made_at`: as of when a restored one is.
    """

    file: Path
    sha256: str
    documents: int
    size_bytes: int
    keys: int = 0
    made_at: str = ""


def backup(data: Path, database: Path | str, file: Path, now: datetime) -> Made:
    """`database`: a file, or a server's URL. Raises BackupBroken, OSError, sqlite3.Error."""
    with tempfile.TemporaryDirectory(dir=file.absolute().parent) as folder:
        copy = Path(folder) / (DATABASE if isinstance(database, Path) else DUMP)
        if isinstance(database, Path):
            _copy(database, copy)
        else:
            _dump(database, copy)
        sha256, count = _sha256(copy), 0
        manifest: dict[str, Any] = {"format": FORMAT, "version": VERSION, "sha256": sha256}
        manifest |= {"database": copy.name, "made_at": format_instant(now)}
        with _new(file) as tar:
            _add_text(tar, "manifest.json", json.dumps(manifest))
            tar.add(copy, copy.name, filter=_ours)
            # After the database: whatever it names is there by then, and stays as it is.
            for path in sorted((data / DOCUMENTS).glob("*")):
                if path.is_file() and path.suffix == "":
                    tar.add(path, f"{DOCUMENTS}/{path.name}", filter=_ours)
                    count += 1
    _finish(file)
    return Made(file, sha256, count, file.stat().st_size)


def backup_keys(data: Path, file: Path, plate_key: Path) -> int:
    """How many files; the dev keys and BERTH_KEYS' folder are not among them.

    `plate_key`: wherever it lies, it is plates.key there. Raises NoPlateKey, OSError.
    """
    if not plate_key.exists():
        raise NoPlateKey(f"{plate_key} is missing: the plates of the backup could not be read.")
    found = {str(it.relative_to(data)): it for name in KEYS for it in _files(data / name)}
    with _new(file) as tar:
        for name, path in (found | {PLATES: plate_key}).items():
            # A systemd credential may be a link.
            tar.add(path.resolve(), name, filter=_ours)
    _finish(file)
    return len(found | {PLATES: plate_key})


def restore(data: Path, file: Path, keys: Path | None) -> Made:
    """Into a folder without a cloud; nothing is there until all of it was read and is sound."""
    for name in (DATABASE, *(DATABASE + more for more in BESIDE)):
        if os.path.lexists(data / name):
            raise NotEmpty(f"{data / name} is there.")
    data.mkdir(parents=True, exist_ok=True, mode=0o700)
    with tempfile.TemporaryDirectory(dir=data, prefix="restore.") as folder:
        place = Path(folder)
        manifest = _unpacked(file, place)
        count = _unpack_keys(keys, place) if keys else 0
        _check(place, manifest)
        documents = sum(1 for _ in _files(place / DOCUMENTS))
        # The database last: without it there is no cloud here yet.
        for name in sorted(os.listdir(place), key=lambda it: it == DATABASE):
            if name != "manifest.json":
                _put(place / name, data / name)
        _sync(data)
    size = file.stat().st_size
    return Made(file, manifest["sha256"], documents, size, count, manifest["made_at"])


def _copy(database: Path, copy: Path) -> None:
    """SQLite's own online backup: as of one moment, whoever writes meanwhile."""
    with (
        closing(sqlite3.connect(f"file:{database}?mode=ro", uri=True)) as source,
        closing(sqlite3.connect(copy)) as target,
    ):
        source.backup(target)
        target.execute("PRAGMA journal_mode=DELETE")
        if target.execute("PRAGMA quick_check").fetchone()[0] != "ok":
            raise BackupBroken(f"{database} is damaged.")


def _dump(url: str, copy: Path) -> None:
    """The password goes by the environment: a command line is everybody's to read."""
    program = shutil.which("pg_dump")
    if program is None:
        raise BackupBroken("The database is PostgreSQL, and there is no pg_dump on this machine.")
    parts = urlsplit(url)
    secret = {"PGPASSWORD": unquote(parts.password)} if parts.password else {}
    user = f"{parts.username}@" if parts.username else ""
    port = f":{parts.port}" if parts.port else ""
    plain = parts._replace(netloc=f"{user}{parts.hostname or ''}{port}").geturl()
    asked = [program, "--format=custom", f"--file={copy}", f"--dbname={plain}"]
    done = subprocess.run(
        asked, env={**os.environ, **secret}, capture_output=True, text=True, timeout=DUMP_S
    )
    if done.returncode:
        raise BackupBroken(f"pg_dump: {done.stderr.strip()[-200:]}")


def _unpacked(file: Path, place: Path) -> dict[str, Any]:
    with _opened(file) as tar:
        names = _safe(tar)
        if "manifest.json" not in names:
            raise BackupBroken(f"{file} is no backup of ours.")
        for member in tar.getmembers():
            _unpack(tar, member, place)
    manifest: dict[str, Any] = json.loads((place / "manifest.json").read_text("utf-8"))
    if manifest.get("format") != FORMAT or manifest.get("version") != VERSION:
        raise BackupBroken(f"{file} is of another version.")
    return manifest


def _unpack_keys(file: Path, place: Path) -> int:
    with _opened(file) as tar:
        strange = [name for name in _safe(tar) if PurePosixPath(name).parts[0] not in KEYS]
        if strange:
            raise BackupBroken(f"{file} holds {strange[0]}, which is no key of ours.")
        for member in tar.getmembers():
            _unpack(tar, member, place)
        return len(tar.getmembers())


def _safe(tar: tarfile.TarFile) -> list[str]:
    """Plain files below one folder; nothing that points elsewhere."""
    for member in tar.getmembers():
        path = PurePosixPath(member.name)
        if not member.isreg() or path.is_absolute() or ".." in path.parts:
            raise BackupBroken(f"It holds {member.name!r}, which no backup does.")
    return tar.getnames()


def _unpack(tar: tarfile.TarFile, member: tarfile.TarInfo, place: Path) -> None:
    path = place / member.name
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    source = tar.extractfile(member)
    assert source is not None
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(handle, "wb") as out:
        shutil.copyfileobj(source, out, READ_AT_ONCE)
        out.flush()
        os.fsync(out.fileno())


def _check(place: Path, manifest: dict[str, Any]) -> None:
    if manifest.get("database") == DUMP:
        raise BackupBroken("It is of a PostgreSQL server: unpack it, and run pg_restore there.")
    copy = place / DATABASE
    if not copy.exists() or _sha256(copy) != manifest.get("sha256"):
        raise BackupBroken("Its database is not the one that was saved.")
    with closing(sqlite3.connect(copy)) as db:
        if db.execute("PRAGMA quick_check").fetchone()[0] != "ok":
            raise BackupBroken("Its database is damaged.")
        there = {name for (name,) in db.execute("SELECT name FROM sqlite_master")}
        for table, change in CHANGES:
            if table in there:
                db.execute(change)
        db.commit()


def _put(source: Path, target: Path) -> None:
    if source.is_dir():
        target.mkdir(parents=True, exist_ok=True, mode=0o700)
        for path in source.iterdir():
            _put(path, target / path.name)
        _sync(target)
    else:
        os.replace(source, target)


def _new(file: Path) -> tarfile.TarFile:
    """Beside its place, until it is whole."""
    file.parent.mkdir(parents=True, exist_ok=True)
    handle = os.open(_partial(file), os.O_RDWR | os.O_CREAT | os.O_TRUNC, 0o600)
    return tarfile.open(fileobj=os.fdopen(handle, "r+b"), mode="w")


def _finish(file: Path) -> None:
    with _partial(file).open("rb") as written:
        os.fsync(written.fileno())
    os.replace(_partial(file), file)
    _sync(file.absolute().parent)


def _partial(file: Path) -> Path:
    return file.with_name(file.name + ".partial")


@contextmanager
def _opened(file: Path) -> Iterator[tarfile.TarFile]:
    try:
        with tarfile.open(file, "r:") as tar:
            yield tar
    except tarfile.TarError as error:
        raise BackupBroken(f"{file}: {error}.") from None


def _ours(member: tarfile.TarInfo) -> tarfile.TarInfo:
    member.mode, member.uid, member.gid, member.uname, member.gname = 0o600, 0, 0, "", ""
    return member


def _add_text(tar: tarfile.TarFile, name: str, text: str) -> None:
    member = _ours(tarfile.TarInfo(name))
    member.size = len(text.encode())
    tar.addfile(member, io.BytesIO(text.encode()))


def _files(path: Path) -> Iterator[Path]:
    if path.is_file():
        yield path
    elif path.is_dir():
        yield from sorted(it for it in path.rglob("*") if it.is_file())


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _sync(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
