"""Which of our calls stand in the chain's present blocks, without asking for each every time."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TypeAlias

from cloud.ports.chain import Chain

# A block's number and hash.
Place: TypeAlias = tuple[int, str]


@dataclass(slots=True)
class Standing:
    """Blocks seen to be the chain's at one moment: while the newest of them is, all of them are.

    In memory alone: after a start each is asked for once.
    """

    newest: Place | None = None
    seen: frozenset[tuple[int, Place]] = frozenset()

    def asked(self, chain: Chain, places: Mapping[int, Place]) -> tuple[int, set[int]]:
        """The newest final block or -1, and those calls (`places` is by call) that stand."""
        fresh = {place[0] for item in places.items() if item not in self.seen for place in item[1:]}
        top = max(places.values())
        numbers = sorted({*fresh, top[0], *(self.newest or top)[:1]})
        # The last one is asked twice: between two answers the chain may have become another.
        final, [again, *hashes] = chain.blocks([numbers[-1], *numbers])
        known = dict(zip(numbers, hashes, strict=True))
        if self.newest is not None and known[self.newest[0]] != self.newest[1]:
            self.newest, self.seen = None, frozenset()
            return self.asked(chain, places)
        stand = {
            call
            for call, place in places.items()
            if (call, place) in self.seen or known[place[0]] == place[1]
        }
        if len(stand) == len(places) and again == hashes[-1]:
            self.newest, self.seen = top, frozenset(places.items())
        return final, stand
