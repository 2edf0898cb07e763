"""The catalogue of attacks, how each is judged, and the table of a run.

An attack is refused if the broker or the consumer let nothing of it through: no word of it counted
as heard by the cloud (or heard, counted as refused, and nothing changed), nobody else disturbed,
and an honest gateway's next event is committed and acknowledged.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field

from tests.broker.peer import PUBLISH, V3, V5, Peer
from tests.broker.scene import Effects, Scene

BOTH = (V3, V5)


@dataclass(frozen=True)
class Tried:
    """`why` is empty if it was refused, else what got through."""

    name: str
    broker: str
    version: int
    why: str = ""

    @property
    def refused(self) -> bool:
        return not self.why


@dataclass(frozen=True)
class Attack:
    """`does` gives "" or what already went wrong. `heard`: words of the wire's counts, one of which
    must count it (or may, if it `may` be heard); without any nothing of it may reach the cloud.
    `stored`: it is true as far as it goes, so that it is kept as evidence, and changes nothing.
    """

    name: str
    does: Callable[[Scene, int], str]
    versions: tuple[int, ...] = BOTH
    heard: tuple[str, ...] = ()
    stored: bool = False
    may: bool = False

    def run(self, scene: Scene, version: int) -> Tried:
        before = scene.effects()
        wrong = self.does(scene, version)
        wrong = wrong or self._disturbed(scene, before)
        return Tried(self.name, scene.broker.name, version, wrong)

    def _disturbed(self, scene: Scene, before: Effects) -> str:
        if not scene.honest_event():
            return "the honest gateway is no longer heard"
        heard = scene.victim_hears()
        if heard:
            return f"the victim: {heard}"
        after = scene.effects()
        if after.spaces != before.spaces:
            return "a space changed"
        events = after.events - before.events - (after.honest - before.honest)
        if events and not self.stored:
            return f"{events} events more in the database"
        return self._counted(before, after)

    def _counted(self, before: Effects, after: Effects) -> str:
        if not self.heard:
            more = after.heard - before.heard - (after.honest - before.honest)
            return f"{more} messages reached the cloud" if more else ""
        more = sum(after.counts[name] - before.counts[name] for name in self.heard)
        if more or self.may:
            return ""
        changed = after.counts - before.counts
        return f"nothing was counted under {'/'.join(self.heard)}, but {dict(changed)}"


@dataclass
class Catalogue:
    attacks: list[Attack] = field(default_factory=list)

    def attack(
        self,
        name: str,
        versions: tuple[int, ...] = BOTH,
        heard: tuple[str, ...] = (),
        stored: bool = False,
        may: bool = False,
    ) -> Callable[[Callable[[Scene, int], str]], Callable[[Scene, int], str]]:
        def keep(does: Callable[[Scene, int], str]) -> Callable[[Scene, int], str]:
            self.attacks.append(Attack(name, does, versions, heard, stored, may))
            return does

        return keep


def overhears(scene: Scene, peer: Peer) -> str:
    """What reaches it while the cloud commands the victim and the honest gateway reports."""
    scene.tell_victim()
    if not scene.honest_event():
        return "the honest gateway is no longer heard"
    if not peer.alive():
        return ""
    heard = [one.topic for one in peer.heard if one.kind == PUBLISH]
    return f"it overheard {heard}" if heard else ""


def run(scene: Scene, attacks: Iterable[Attack]) -> list[Tried]:
    """Each over every version that this broker speaks."""
    return [
        attack.run(scene, version)
        for attack in attacks
        for version in attack.versions
        if version in scene.broker.versions
    ]


def told(tried: Sequence[Tried]) -> str:
    """A table: broker and version, how many were tried and refused; then what got through."""
    lines = [f"{'broker':<12}{'MQTT':<8}{'tried':>6}{'refused':>9}"]
    for broker, version in sorted({(one.broker, one.version) for one in tried}):
        mine = [one for one in tried if (one.broker, one.version) == (broker, version)]
        refused = sum(one.refused for one in mine)
        spoken = "5" if version == V5 else "3.1.1"
        lines.append(f"{broker:<12}{spoken:<8}{len(mine):>6}{refused:>9}")
    lines += [f"THROUGH {o.broker} {o.version}: {o.name}: {o.why}" for o in tried if o.why]
    return "\n".join(lines)
