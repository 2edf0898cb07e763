"""A whole installation on this machine, as its people would set it up: real commands, real API."""

import json
import time
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from cloud.core.tempo import Tempo
from contracts.ledger import pending
from contracts.wire.types import format_instant
from firmware_sim.city_titles import LAT, LON, city, write_csv
from firmware_sim.client import ApiError, Client, wait_for
from firmware_sim.stage import Stage, free_port

LOT = "lot-1"
GATEWAY = "gw-1"
WATCHED = ("S1", "S2", "S3")
PATIENCE_S = 60
STAY_S = 3600  # the lot stands still at the end of its trace, and is looked at


@dataclass(frozen=True, slots=True)
class Plan:
    """What to play: a trace, how much faster than life, and how long (real) until it begins."""

    trace: Path
    begins_at: datetime
    rate: float
    lead_s: float
    titles: int = 3000
    seed: int = 7
    page_port: int = 0


class Installation:
    """Chain, broker, cloud and one gateway, each a process of its own."""

    def __init__(self, folder: Path, plan: Plan) -> None:
        self.folder = folder
        self.plan = plan
        self.ports = {name: free_port() for name in ("chain", "broker", "cloud")}
        if plan.page_port:
            self.ports["cloud"] = plan.page_port
        self.tempo = Tempo(round(time.time() + plan.lead_s, 3), plan.begins_at, plan.rate)
        self.chain_url = f"http://127.0.0.1:{self.ports['chain']}"
        self.broker_url = f"mqtt://127.0.0.1:{self.ports['broker']}"
        self.client = Client(f"http://127.0.0.1:{self.ports['cloud']}")
        self.stage = Stage(
            folder,
            {
                "BERTH_DATA": str(folder / "cloud"),
                "BERTH_CHAIN": self.chain_url,
                "BERTH_BROKER": self.broker_url,
                "BERTH_PORT": str(self.ports["cloud"]),
                "BERTH_CLOCK": str(self.tempo),
            },
        )
        self.keys: dict[str, str] = {}
        self.accounts: dict[str, int] = {}
        self._owners: dict[str, str] = {}

    def start(self, name: str) -> None:
        port = str(self.ports.get(name, 0))
        commands: dict[str, list[list[str]]] = {
            "chain": [["berth-cloud", "devchain", "--port", port]],
            "broker": [["berth-cloud", "broker", "--port", port]],
            "cloud": [["berth-cloud", "serve"]],
            "gateway": [
                [
                    *("berth-sim", "feed", str(self.plan.trace)),
                    *("--tempo", str(self.tempo), "--stay-s", str(STAY_S)),
                ],
                ["berth-edge", "run", "--config", str(self._gateway_file), "--readings", "-"],
            ],
        }
        self.stage.start(name, *commands[name])

    def wait_live(self) -> dict[str, Any]:
        """Until the cloud serves pages and is on the wire."""
        health: dict[str, Any] = wait_for(
            "The cloud",
            lambda: self._alive() and (found := self.client.get("/healthz"))["ok"] and found,
            PATIENCE_S,
        )
        self.keys["operator"] = (self.folder / "cloud" / "operator.key").read_text().strip()
        return health

    def lead_left_s(self) -> float:
        """Real seconds until the trace begins."""
        return self.tempo.origin_real_s - time.time()

    def postpone(self, lead_s: float) -> dict[str, Any]:
        """Begin the trace later than planned; before the gateway has started."""
        begins_s = round(time.time() + lead_s, 3)
        self.tempo = Tempo(begins_s, self.plan.begins_at, self.plan.rate)
        self.stage.set("BERTH_CLOCK", str(self.tempo))
        self.stage.kill("cloud")
        self.start("cloud")
        return self.wait_live()

    @property
    def operator(self) -> Client:
        return self.client.signed_in(self.keys["operator"])

    def person(self, name: str) -> Client:
        return self.client.signed_in(self.keys[name])

    def now(self) -> datetime:
        return self.tempo.wall(time.time())

    def at(self, seconds: float) -> str:
        """A moment of the trace as the API writes it."""
        return format_instant(self.plan.begins_at + timedelta(seconds=seconds))

    def import_titles(self) -> dict[str, Any]:
        file = self.folder / "titles.csv"
        rows = list(city(self.plan.seed, self.plan.titles))
        self._owners = {row.space: row.holder for row in rows}
        write_csv(file, iter(rows))
        made: dict[str, Any] = json.loads(
            self.stage.run("berth-cloud", "titles", "import", str(file), "--json")
        )
        return made

    def open_accounts(self) -> None:
        for name in ("owner", "driver"):
            made = self.operator.post("/api/v1/accounts", {"name": name, "role": name})
            self.keys[name], self.accounts[name] = made["key"], made["number"]
        top_up = f"/api/v1/accounts/{self.accounts['driver']}/top-up"
        self.operator.post(top_up, {"amount_minor": 50_000}, "first-top-up")

    def enrol_gateway(self, health: dict[str, Any]) -> str:
        """As an installer does: make the key on the device, hand its address to the operator."""
        made = json.loads(
            self.stage.run(
                *("berth-edge", "init", "--json", "--gateway", GATEWAY),
                *("--broker", self.broker_url, "--data", str(self.folder / "gateway")),
                *("--chain-id", str(health["deployed"]["chain_id"])),
                *("--ledger", health["deployed"]["ledger"]),
                *("--commands", health["commands"]),
            )
        )
        body = {"id": GATEWAY, "signer": made["address"], "lot": LOT, "spaces": list(WATCHED)}
        self.operator.post("/api/v1/gateways", body)
        return str(made["address"])

    def register(self, space: str, holder: str | None = None, consent: bool = True) -> Any:
        """The registration, or the refusal with its reasons."""
        body = {
            "space": space,
            "holder": holder or self._owners[space],
            "management_consent": consent,
            "co_owner_consent": consent,
        }
        try:
            return self.person("owner").post("/api/v1/registrations", body)
        except ApiError as refused:
            return refused.body

    def wait_shared(self, registration_id: str) -> None:
        path = f"/api/v1/registrations/{registration_id}"
        ask = self.person("owner").get
        wait_for("The mark on the chain", lambda: ask(path)["status"] == "shared", PATIENCE_S)

    def offer(self, space: str, window: tuple[float, float], per_hour_minor: int) -> Any:
        body = {
            "space": space,
            "windows": [{"starts_at": self.at(window[0]), "ends_at": self.at(window[1])}],
            "price": {"per_hour_minor": per_hour_minor, "cap_minor": 3000},
        }
        return self.person("owner").post("/api/v1/offers", body)

    def request(self, window: tuple[float, float]) -> Any:
        body = {"lat": LAT, "lon": LON, **self._window(window)}
        return self.person("driver").post("/api/v1/requests", body)

    def book(
        self, space: str, window: tuple[float, float], agreed: tuple[str, int], key: str
    ) -> Any:
        """`agreed`: the plate, and the quote that the driver saw."""
        plate, quoted_minor = agreed
        body = {"space": space, "plate": plate, "quoted_minor": quoted_minor}
        return self.person("driver").post(
            "/api/v1/bookings", body | self._window(window), idempotency_key=key
        )

    def booking(self, booking_id: str) -> Any:
        return self.client.get(f"/api/v1/bookings/{booking_id}")

    def wait_booking(self, booking_id: str, state: str, timeout_s: float) -> Any:
        """Until the booking has come at least this far."""
        return wait_for(
            f"Booking {booking_id}: {state}",
            lambda: self._came(self.booking(booking_id), state),
            timeout_s,
        )

    def wait_spaces_known(self) -> None:
        path = f"/api/v1/lots/{LOT}"
        wait_for(
            "The gateway's first report",
            lambda: all(
                space["state"] not in ("unknown", "unwatched")
                for space in self.client.get(path)["spaces"]
                if space["id"] in WATCHED
            ),
            PATIENCE_S,
        )

    def receipt(self, booking_id: str) -> str:
        """The whole one: a settled stay's is written a moment after its batch is mined."""

        def issued() -> str | None:
            text = self.client.text(f"/api/v1/bookings/{booking_id}/receipt")
            return text if pending.told(text) is None else None

        return str(wait_for("The receipt", issued, PATIENCE_S))

    @property
    def _gateway_file(self) -> Path:
        return self.folder / "gateway" / "gateway.yaml"

    def _alive(self) -> bool:
        """A process that ended by itself will not come: say so at once, with its last words."""
        exited = self.stage.exited()
        for name, status in exited.items():
            raise RuntimeError(f"{name} ended with {status}:\n{self.stage.log_of(name)}")
        return True

    def _window(self, window: tuple[float, float]) -> dict[str, str]:
        return {"starts_at": self.at(window[0]), "ends_at": self.at(window[1])}

    @staticmethod
    def _came(view: Any, state: str) -> Any:
        return view if any(s["step"] == state and s["done"] for s in view["steps"]) else None
