"""How each fault strikes, and how it ends."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from random import Random

from cloud.usecases import enrolling
from contracts.wire.signing import address_of
from firmware_sim.city.board import Board
from firmware_sim.city.chain import CityChain
from firmware_sim.city.clocks import CityClock
from firmware_sim.city.faults import YEARS_S, Fault
from firmware_sim.city.hall import MOST_STEPS, Hall
from firmware_sim.city.lookout import Lookout, Trouble
from firmware_sim.city.net import CLOUD, Net
from firmware_sim.clock import NS

STEPS_S = (-YEARS_S, YEARS_S, -7_200.0, 3_600.0, -90.0, 90.0, -1.0, 2.0)
# Of faults that strike the cloud: how many do so between two steps that belong together.
AT_ONCE, BETWEEN = 0.3, 0.8
DEATHS = {"gateway_killed_writing": ("before", "after"), "power_cut_writing": ("within",)}


class Strikes:
    """`healed`: from then on what still lasts ends by `heal`, and nothing begins."""

    def __init__(
        self,
        world: CityClock,
        net: Net,
        boards: Mapping[str, Board],
        hall: Hall,
        chain: CityChain,
        tell: Callable[[str], None],
    ) -> None:
        self._world, self._net, self._boards = world, net, boards
        self._hall, self._chain, self._tell = hall, chain, tell
        self.healed = False
        self.block_every_s = 1.0
        self.done: list[Fault] = []
        self.odd: dict[str, list[tuple[float, float]]] = {name: [] for name in boards}
        self.rekeyed: dict[str, list[float]] = {name: [] for name in boards}

    def plan(self, fault: Fault) -> None:
        self._world.at(round(fault.at_s * NS), lambda: self._strike(fault))

    def between(self, from_s: float, until_s: float) -> bool:
        """Whether something then kept cloud and gateways from hearing each other."""
        far = ("chain", "sensor", "clock", "nonce")
        return any(
            fault.at_s < until_s and fault.at_s + fault.lasts_s > from_s
            for fault in self.done
            if not fault.kind.startswith(far)
        )

    def heal(self) -> None:
        """All lines, disks, clocks and nodes are well again; who is off comes back by itself."""
        self.healed = True
        self._net.heal()
        self._chain.unreachable, self._chain.lose_answers = False, 0
        self.block_every_s, self._hall.steps_left = 1.0, None
        self._hall.db.busy, self._hall.db.between = False, None
        for board in self._boards.values():
            board.full = board.read_only = board.lying = False
            board.die_at = None
            if board.clock.state() == "synced" and board.clock.ahead_s:
                board.clock.set("synced", 0.0)
            for look in board.lookouts:
                for trouble in look.troubles:
                    trouble.until_s = min(trouble.until_s, self._world.now_s)
            board.line_changed()
        self._hall.line_changed()
        self._tell("all is healed")

    def _strike(self, fault: Fault) -> None:
        if self.healed:
            return
        self.done.append(fault)
        self._tell(f"fault {fault}")
        getattr(self, f"_{fault.kind}")(fault)

    def _then(self, fault: Fault, end: Callable[[], None]) -> None:
        """Unless all was healed before."""

        def ends() -> None:
            if not self.healed:
                end()

        self._world.at(self._world.now_ns() + round(fault.lasts_s * NS), ends)

    # The network

    def _line(self, fault: Fault, field: str, most: float) -> None:
        line = self._net.lines[fault.where]
        setattr(line, field, max(0.2, fault.how) * most)
        self._then(fault, lambda: setattr(line, field, 0.0))

    def _lossy(self, fault: Fault) -> None:
        self._line(fault, "lost", 0.8)

    def _doubling(self, fault: Fault) -> None:
        self._line(fault, "doubled", 1.0)

    def _shuffled(self, fault: Fault) -> None:
        self._line(fault, "shuffled_s", 30.0)

    def _slow(self, fault: Fault) -> None:
        self._line(fault, "delay_s", 20.0)

    def _gateway_cut_off(self, fault: Fault) -> None:
        self._cut(fault, fault.where, self._boards[fault.where].line_changed)

    def _cloud_cut_off(self, fault: Fault) -> None:
        self._cut(fault, CLOUD, self._hall.line_changed)

    def _cut(self, fault: Fault, name: str, noticed: Callable[[], None]) -> None:
        line = self._net.lines[name]
        line.cuts += 1
        noticed()

        def again() -> None:
            line.cuts = max(0, line.cuts - 1)
            noticed()

        self._then(fault, again)

    def _broker_killed(self, fault: Fault) -> None:
        self._net.broker_down += 1
        self._lines_changed()

        def back() -> None:
            self._net.broker_down = max(0, self._net.broker_down - 1)
            self._lines_changed()

        self._then(fault, back)

    def _lines_changed(self) -> None:
        for board in self._boards.values():
            board.line_changed()
        self._hall.line_changed()

    # Gateways

    def _gateway_killed(self, fault: Fault) -> None:
        self._boards[fault.where].crash(False, fault.lasts_s)

    def _power_cut(self, fault: Fault) -> None:
        self._boards[fault.where].crash(True, fault.lasts_s)

    def _gateway_killed_writing(self, fault: Fault) -> None:
        board, ways = self._boards[fault.where], DEATHS[fault.kind]
        board.die_at = ways[int(fault.how * len(ways)) % len(ways)]
        board.die_lasts_s = fault.lasts_s

    _power_cut_writing = _gateway_killed_writing

    def _disk_lies(self, fault: Fault) -> None:
        """And then the power goes."""
        board = self._boards[fault.where]
        board.lying = True

        def cut() -> None:
            board.crash(True, 30.0)
            board.lying = False

        self._then(fault, cut)

    def _disk_full(self, fault: Fault) -> None:
        board = self._boards[fault.where]
        board.full = True

        def room() -> None:
            board.full = False
            if board.outbox is not None:
                board.outbox.room_again()

        self._then(fault, room)

    def _disk_read_only(self, fault: Fault) -> None:
        board = self._boards[fault.where]
        board.read_only = True
        self._then(fault, lambda: setattr(board, "read_only", False))

    def _clock_jumps(self, fault: Fault) -> None:
        """Somebody, or a wrong time server, sets it; later it is right again."""
        board = self._boards[fault.where]
        state = "synced" if fault.how < 0.5 else "holdover"
        self._odd(fault)
        step_s = STEPS_S[int(fault.how * 1000) % len(STEPS_S)]
        board.clock.set(state, step_s)  # type: ignore[arg-type]
        self._then(fault, lambda: board.clock.set("synced", 0.0))

    def _clock_unset(self, fault: Fault) -> None:
        """A boot without a network: 1970, until somebody tells it the time."""
        board = self._boards[fault.where]
        self._odd(fault)
        board.crash(True, 5.0)

        def unset() -> None:
            if not board.up or board.clock.state() == "unsynced":
                board.clock.set("unsynced", -56 * 365 * 86_400.0)

        self._world.at(self._world.now_ns() + round(26 * NS), unset)
        self._then(fault, lambda: board.clock.set("synced", 0.0))

    def _odd(self, fault: Fault) -> None:
        self.odd[fault.where].append((fault.at_s, fault.at_s + fault.lasts_s + 60))

    def _key_changed(self, fault: Fault) -> None:
        """The operator gives the gateway another key, in mid-stay; its service starts again."""
        board = self._boards[fault.where]
        key = Random(f"key {fault.at_s} {fault.where}").randbytes(32)
        place = ("lot-1", [look.space for look in board.lookouts])
        now = self._hall.clock.now()
        self._hall.db.real.write(
            lambda s: enrolling.enrol(s, board.name, address_of(key), place, now, replace_key=True)
        )
        board.key = key
        self.rekeyed[board.name].append(self._world.now_s)
        board.crash(False, fault.lasts_s)

    # The cloud and its chain

    def _cloud_killed(self, fault: Fault) -> None:
        if fault.how < 0.2:
            self._hall.kill(fault.lasts_s)
        elif fault.how > BETWEEN:
            self._hall.db.between = lambda: self._hall.kill_in(0, fault.lasts_s)
        else:
            self._hall.kill_in(int(fault.how * MOST_STEPS), fault.lasts_s)

    def _cloud_busy(self, fault: Fault) -> None:
        """At once, or between the storing of some event and its applying."""
        db = self._hall.db

        def begins() -> None:
            db.busy = True
            self._then(fault, lambda: setattr(db, "busy", False))

        if fault.how < AT_ONCE:
            begins()
        else:
            db.between = begins

    def _chain_away(self, fault: Fault) -> None:
        self._chain.unreachable = True
        self._then(fault, lambda: setattr(self._chain, "unreachable", False))

    def _chain_reorganised(self, fault: Fault) -> None:
        self._chain.reorganise(Random(f"reorg {fault.how}"))

    def _chain_drops(self, fault: Fault) -> None:
        self._chain.drop()

    def _chain_takes_older(self, fault: Fault) -> None:
        self._chain.take_older(Random(f"older {fault.how}"))

    def _chain_answer_lost(self, fault: Fault) -> None:
        self._chain.lose_answers += 1

    def _chain_slow(self, fault: Fault) -> None:
        self.block_every_s = 20.0
        self._then(fault, lambda: setattr(self, "block_every_s", 1.0))

    def _nonce_taken(self, fault: Fault) -> None:
        self._chain.take_nonce()

    # Sensors

    def _trouble(self, fault: Fault, kind: str) -> None:
        look = self._look(fault.where)
        now_s = self._world.now_s
        look.troubles.append(Trouble(kind, now_s, now_s + fault.lasts_s))

    def _sensor_silent(self, fault: Fault) -> None:
        self._trouble(fault, "silent")

    def _sensor_fault(self, fault: Fault) -> None:
        self._trouble(fault, "fault")

    def _sensor_strays(self, fault: Fault) -> None:
        self._trouble(fault, "strays")

    def _look(self, space: str) -> Lookout:
        return next(
            look
            for board in self._boards.values()
            for look in board.lookouts
            if look.space == space
        )
