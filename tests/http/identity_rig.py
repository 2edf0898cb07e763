"""A cloud with its authority behind the real HTTP app, and devices that ask it by the real command.

Time moves by hand; `Site.ask` stands for the network, and can lose an answer.
"""

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from fastapi import FastAPI
from fastapi.testclient import TestClient

from cloud.adapters.authority import MemoryAuthority
from cloud.entrypoints.http import api
from cloud.entrypoints.http.api_gateways import Identity
from cloud.identity_tables import CertificateRow, ClaimRow
from cloud.tables import Gateway
from cloud.usecases import accounts, certificates, claims
from cloud.usecases.certificates import When
from cloud.usecases.renewing import Told
from contracts.wire.types import checksummed
from edge.adapters.enrol_errors import CloudSilent
from edge.adapters.enrolling import Device
from edge.adapters.identity import TlsFolder
from edge.adapters.keys import load_key
from edge.commands.enrol import enrol_at, renew_at, rotate_at
from edge.config import Config, read_config
from tests.cloud.rig import ADMIN, HandClock, Rig
from tests.contracts.making import at
from tests.http.rig import WIDE

URL = "http://cloud.example"
SERIAL, OTHER_SERIAL = "10000000f00dcafe", "10000000deadbeef"
COMMANDS = checksummed("0x" + "d4" * 20)
BROKER = "mqtts://broker.example:8883"
V1 = "/api/v1"


class Site:
    """`lose`: so many answers are lost on their way; `heard`: all that went over the network."""

    def __init__(self, folder: Path) -> None:
        self.rig = Rig(folder)
        self.rig.import_titles()
        self.wall = HandClock(at(0))
        self.authority = MemoryAuthority(self.wall.at)
        identity = Identity(self.authority, self.wall, Told(BROKER, COMMANDS), URL)
        self.app = FastAPI()
        parts = api.Parts(identity=identity)
        api.install(self.app, self.rig.db, self.rig.clock, ADMIN, WIDE, parts, lambda: 0.0)
        self.http = TestClient(self.app, raise_server_exceptions=False)
        self.lose, self.heard = 0, bytearray()
        self.account("operator")
        self.account("installer")

    def account(self, role: str) -> None:
        db, now_ms = self.rig.db, self.rig.now_ms
        db.write(lambda s: accounts.open_account(s, role, role, f"key of {role}", ADMIN, now_ms))

    def pass_s(self, seconds: float) -> None:
        self.wall.pass_s(seconds)
        self.rig.clock.pass_s(seconds)

    def ask(self, url: str, data: bytes) -> tuple[int, bytes]:
        self.heard += data
        answer = self.http.post(
            urlsplit(url).path, content=data, headers={"content-type": "application/json"}
        )
        self.heard += answer.content
        if self.lose:
            self.lose -= 1
            raise CloudSilent("lost.")
        return answer.status_code, answer.content

    def post(self, path: str, body: dict[str, Any] | None = None, who: str = "operator") -> Any:
        headers = {"authorization": f"Bearer key of {who}"}
        return self.http.post(V1 + path, json=body or {}, headers=headers)

    def get(self, path: str, who: str = "operator") -> Any:
        return self.http.get(V1 + path, headers={"authorization": f"Bearer key of {who}"})

    def claim(self, gateway: str = "gw-9", **more: Any) -> dict[str, Any]:
        asked = {"gateway": gateway, "serial": SERIAL, "spaces": ["S1", "S2"], **more}
        answer = self.post("/claims", asked)
        assert answer.status_code == 201, answer.text
        made: dict[str, Any] = answer.json()
        return made

    def code(self, gateway: str = "gw-9", **more: Any) -> str:
        return str(self.claim(gateway, **more)["code"]["text"])

    def gateway(self, name: str = "gw-9") -> Gateway | None:
        return self.rig.db.read(lambda s: s.get(Gateway, name))

    def certificates(self, gateway: str = "gw-9") -> list[CertificateRow]:
        return self.rig.db.read(lambda s: certificates.listed(s, gateway))

    def claims(self) -> list[ClaimRow]:
        return self.rig.db.read(claims.listed)

    def when(self) -> When:
        return When(self.rig.clock.at, self.wall.at)


@dataclass
class Box:
    """One gateway's computer: a data folder and a serial."""

    site: Site
    data: Path
    serial: str = SERIAL

    def enrol(self, code: str) -> None:
        enrol_at((URL, code), self.data, self.serial, self.site.ask, True)

    def renew(self, force: bool = False, now: datetime | None = None) -> None:
        when = (force, now or self.site.wall.at)
        renew_at(self.settings(), None, when, self.site.ask, True)

    def rotate(self) -> None:
        rotate_at(self.settings(), None, self.site.wall.at, self.site.ask, True)

    def settings(self) -> Config:
        return read_config(self.data / "gateway.yaml")

    @property
    def tls(self) -> TlsFolder:
        return TlsFolder(self.data)

    def bytes_of(self, name: str) -> bytes:
        return (self.data / "tls" / name).read_bytes()

    def device(self) -> Device:
        return Device(self.serial, load_key(self.data), "gw-9")
