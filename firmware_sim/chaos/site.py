"""An installation whose every wire goes through a proxy, and whose processes can be hurt."""

from __future__ import annotations

import json
import os
import signal
import sqlite3
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path
from random import Random
from typing import Any

from firmware_sim import shim
from firmware_sim.chaos import lot
from firmware_sim.chaos.proxy import HEALTHY, Proxy
from firmware_sim.chaos.schedule import FREE_BYTES, LINKS, STEPS_S, Fault, Targets
from firmware_sim.installation import STAY_S, Installation, Plan
from firmware_sim.stage import BIN
from firmware_sim.trace import write_trace
from firmware_sim.world import Stay

SPACES_EACH = 12  # as lots of the simulated city are (firmware_sim/city_titles.py)
BOOKED = ("S1", "S3")
SERVERS = ("chain", "broker", "cloud")
PER_HOUR_MINOR = 600
PLATE = "沪A12345"
# Of the trace: until the bookings are made nobody comes who would have one.
OPENING_S = 900.0
# Of the trace: a gateway that comes back late still sees an empty lot.
TAIL_S = 9000.0


class Site(Installation):
    """Gateways gw-1 to gw-N, each with a lot of its own. `preload`: None where nothing compiles."""

    def __init__(self, folder: Path, plan: Plan, gateways: int, seed: int) -> None:
        super().__init__(folder, plan)
        self.gateways = [f"gw-{number}" for number in range(1, gateways + 1)]
        self.preload = shim.build(folder)
        self.links = {name: Proxy(self.ports["broker"], seed) for name in self.gateways}
        self.links["cloud-broker"] = Proxy(self.ports["broker"], seed)
        self.links["cloud-chain"] = Proxy(self.ports["chain"], seed)
        self.stage.set("BERTH_BROKER", f"mqtt://127.0.0.1:{self.links['cloud-broker'].port}")
        self.stage.set("BERTH_CHAIN", f"http://127.0.0.1:{self.links['cloud-chain'].port}")
        hurt = [*self.gateways, "cloud"] if self.preload else []
        self.knobs = {name: shim.Knobs(folder, name) for name in hurt}
        self.visits: dict[str, list[Stay]] = {}
        self.lasts_s = 0.0

    def targets(self) -> Targets:
        return Targets(
            processes=[*self.gateways, *SERVERS],
            links=[f"{name}-link" for name in self.links],
            clocks=[name for name in self.gateways if name in self.knobs],
            disks=list(self.knobs),
        )

    def write_world(self, lasts_s: float, seed: int) -> None:
        """So many seconds of the trace; then the lot is empty, and stays so for long."""
        self.lasts_s = lasts_s
        for name in self.gateways:
            rng, spaces = Random(f"{seed}-{name}"), self.spaces_of(name)
            visits: list[Stay] = []
            for number, space in enumerate(spaces):
                booked = space in BOOKED
                span_s = (OPENING_S if booked else lot.FIRST_S, lasts_s)
                plate = PLATE if booked else f"苏{name[-1]}B{number:04}"
                rhythm = lot.BOOKED if booked else lot.Rhythm()
                visits += lot.stays(space, span_s, rhythm, plate, rng)
            self.visits[name] = visits
            made = lot.readings(spaces, visits, lasts_s + TAIL_S, rng)
            header = lot.header(name, spaces, self.plan.begins_at)
            write_trace(self._trace(name), header, made)

    def spaces_of(self, gateway: str) -> list[str]:
        first = (int(gateway.removeprefix("gw-")) - 1) * SPACES_EACH + 1
        return [f"S{number}" for number in range(first, first + SPACES_EACH)]

    def start(self, name: str) -> None:
        if name in self.gateways:
            told = ("--tempo", str(self.tempo), "--stay-s", str(STAY_S))
            feed = ["berth-sim", "feed", str(self._trace(name)), *told]
            config = str(self.folder / name / "gateway.yaml")
            run = ["berth-edge", "run", "--config", config, "--readings", "-"]
            self.stage.start(name, feed, self._hurt(name, run, self.folder / name))
        elif name == "cloud":
            serve = ["berth-cloud", "serve"]
            self.stage.start(name, self._hurt(name, serve, self.folder / "cloud"))
        else:
            super().start(name)

    def enrol_all(self, health: dict[str, Any]) -> None:
        for number, name in enumerate(self.gateways, 1):
            broker = f"mqtt://127.0.0.1:{self.links[name].port}"
            made = json.loads(
                self.stage.run(
                    *("berth-edge", "init", "--json", "--gateway", name),
                    *("--broker", broker, "--data", str(self.folder / name)),
                    *("--chain-id", str(health["deployed"]["chain_id"])),
                    *("--ledger", health["deployed"]["ledger"]),
                    *("--commands", health["commands"]),
                )
            )
            body = {"id": name, "signer": made["address"], "lot": f"lot-{number}"}
            self.operator.post("/api/v1/gateways", body | {"spaces": self.spaces_of(name)})

    def share_all(self) -> None:
        for space in BOOKED:
            self.wait_shared(self.register(space)["id"])
            self.offer(space, (0.0, 2 * 86_400.0), PER_HOUR_MINOR)

    def book_all(self) -> dict[str, Stay]:
        """By the booking's id: every stay still to come on the spaces that are shared."""
        found: dict[str, Stay] = {}
        visits = sorted(self.visits["gw-1"], key=lambda visit: visit.arrive_s)
        for number, visit in enumerate(v for v in visits if v.space in BOOKED):
            begins_s = (visit.arrive_s // 60 - 1) * 60
            ends_s = (visit.depart_s // 60 + 2) * 60
            if begins_s < (self.now() - self.plan.begins_at).total_seconds() + 60:
                continue
            quoted_minor = int(ends_s - begins_s) * PER_HOUR_MINOR // 3600
            agreed = (visit.plate, quoted_minor)
            made = self.book(visit.space, (begins_s, ends_s), agreed, f"chaos-number-{number}")
            found[made["id"]] = visit
        return found

    def strike(self, fault: Fault) -> None:
        match fault.kind:
            case "kill":
                self.stage.kill(fault.target)
            case "freeze":
                self.stage.signal(fault.target, signal.SIGSTOP)
            case "link":
                self.links[fault.target.removesuffix("-link")].set(LINKS[fault.which])
            case "clock":
                self.knobs[fault.target].step_clock(STEPS_S[fault.which])
            case "disk":
                self.knobs[fault.target].leave_free(FREE_BYTES[fault.which])

    def mend(self, fault: Fault) -> None:
        """A clock that was set wrong stays so: nobody comes to put it right."""
        match fault.kind:
            case "kill":
                self.start(fault.target)
            case "freeze":
                self.stage.signal(fault.target, signal.SIGCONT)
            case "link":
                self.links[fault.target.removesuffix("-link")].set(HEALTHY)
            case "disk":
                self.knobs[fault.target].leave_free(shim.NO_LIMIT)

    def rows(self, query: str) -> list[Any]:
        """Of the cloud's database, as it is now."""
        path = self.folder / "cloud" / "cloud.sqlite"
        with closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True, timeout=10)) as database:
            return database.execute(query).fetchall()

    def stop(self) -> None:
        self.stage.stop()
        for proxy in self.links.values():
            proxy.close()
        for knobs in self.knobs.values():
            knobs.close()

    def _trace(self, gateway: str) -> Path:
        return self.folder / f"{gateway}.trace.jsonl.gz"

    def _hurt(self, name: str, command: Sequence[str], under: Path) -> list[str]:
        """Only this process: what feeds a gateway is the world, whose clock is right."""
        if self.preload is None:
            return list(command)
        settings = self.knobs[name].environment(self.preload, under)
        said = [f"{key}={value}" for key, value in settings.items()]
        return ["/usr/bin/env", *said, os.fspath(BIN / command[0]), *command[1:]]
