"""On a real PostgreSQL server: every statement of erasing, showing and keeping is understood."""

from pathlib import Path

import pytest

from cloud.adapters.db import Database
from cloud.core.retention import RULES, periods
from cloud.entrypoints import forgetting
from cloud.errors import NoPlateKey
from cloud.privacy_tables import PersonKey
from cloud.usecases import accounts, erasing, offer_plates, persons, plate_vault
from tests.cloud.postgres import Server
from tests.cloud.rig import ADMIN, HandClock
from tests.contracts.making import at


def test_a_person_is_shown_and_erased_and_what_is_old_goes(server: Server, tmp_path: Path) -> None:
    db = Database(server.emptied(), plate_key=tmp_path / "plates.key")
    clock = HandClock(at(0))
    made = db.write(lambda s: accounts.open_account(s, "Wang", "driver", "a key", ADMIN, 0))
    number = made.number or 0
    db.write(lambda s: s.add(offer_plates.made(s, "S1", number, "沪A12345", clock.at)))
    forgetting.seal_all(db)
    told = db.read(lambda s: persons.export(s, number, clock.at))
    tables = {one["table"]: one["rows"] for one in told["tables"]}
    assert tables["ownerplate"][0]["plate"] == "沪A12345" and tables["account"][0]["name"] == "Wang"
    assert set(forgetting.counted(db, clock, periods(""))) == {rule.name for rule in RULES}
    assert sum(forgetting.run(db, clock, periods("")).values()) == 0
    done = db.write(lambda s: erasing.erase(s, number, "cli:test", clock.at))
    assert isinstance(done, erasing.Forgotten) and done.rows["ownerplate"] == 1, done
    assert db.read(lambda s: s.get(PersonKey, number)) is None
    assert db.read(lambda s: accounts.get(s, number)).name == ""
    db.close()


def test_a_server_without_the_plates_key_takes_no_plate(server: Server) -> None:
    db = Database(server.emptied())
    with pytest.raises(NoPlateKey):
        db.write(lambda s: plate_vault.seal(s, 1, "沪A12345", "x"))
    db.close()
