"""The spaces of a city in memory: what was built in one go, and a small grid of what came since.

The index is a cache; the database decides.
"""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field

from cloud.core.search_segment import Ask, Fact, Hit, Segment, segment_of

# New and moved spaces are searched in a grid of their own, and changed times stand beside the
# built ones, until the next building.
MAX_TAIL, MAX_CHANGED = 20_000, 100_000


@dataclass
class SearchIndex:
    """`main` is built in one go; spaces that it lacks or has elsewhere stand in the tail.

    It knows the times from `base_ms` to `until_ms`; `covers` says whether it may be asked.
    """

    main: Segment
    until_ms: int
    tail: Segment | None = None
    late: dict[str, Fact] = field(default_factory=dict)

    @property
    def base_ms(self) -> int:
        return self.main.busy.base_ms

    @property
    def nbytes(self) -> int:
        return self.main.nbytes + (self.tail.nbytes if self.tail else 0)

    @property
    def parts(self) -> tuple[Segment, ...]:
        return (self.main, self.tail) if self.tail else (self.main,)

    @property
    def full(self) -> bool:
        """Time for a new one."""
        return len(self.late) > MAX_TAIL or len(self.main.busy.changed) > MAX_CHANGED

    @property
    def filling(self) -> bool:
        """Time to think of one: half of that."""
        return 2 * len(self.late) > MAX_TAIL or 2 * len(self.main.busy.changed) > MAX_CHANGED

    def covers(self, ask: Ask) -> bool:
        return self.base_ms <= ask.starts_ms and ask.ends_ms <= self.until_ms

    def nearest(self, ask: Ask) -> list[Hit]:
        found = [hit for part in self.parts for hit in part.nearest(ask)]
        return [Hit(space.decode(), square) for square, space in sorted(found)[: ask.many]]

    def drop(self, spaces: Iterable[str]) -> None:
        """They are not offered any more."""
        gone = False
        for space in spaces:
            place = self.main.place(space)
            if place is not None:
                self.main.flags[place] = 0
            gone |= self.late.pop(space, None) is not None
        if gone:
            self._follow()

    def refused(self, ask: Ask) -> tuple[dict[str, int], list[str]]:
        """How many offered spaces cannot be had, by code, and the nearest of them."""
        found = [one for part in self.parts for one in part.refused(ask)]
        nearest = [space.decode() for _, space, _ in sorted(found)[: ask.many]]
        return dict(Counter(code for _, _, code in found)), nearest

    def put(self, facts: Iterable[Fact]) -> None:
        """What changed, as it is now."""
        moved = False
        for fact in facts:
            moved |= self._put(fact)
        if moved:
            self._follow()

    def _put(self, fact: Fact) -> bool:
        """Whether the tail is to be made anew."""
        place = self.main.place(fact.space)
        if place is not None and self.main.stands(place, fact):
            self.main.put(place, fact)
            return self.late.pop(fact.space, None) is not None
        if place is not None:
            self.main.flags[place] = 0
        before = self.late.get(fact.space)
        self.late[fact.space] = fact
        late = self.tail.place(fact.space) if before and self.tail else None
        if self.tail is None or late is None or not self.tail.stands(late, fact):
            return True
        self.tail.put(late, fact)
        return False

    def _follow(self) -> None:
        late = list(self.late.values())
        self.tail = segment_of(late, self.base_ms) if late else None
