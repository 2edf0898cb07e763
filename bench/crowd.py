"""Whose accounts a batch of 200 touches, and which waiting stays go together into one.

A batch pays 5,000 gas for every storage word of eight accounts it changes. Whoever may let stays
wait puts those together that share words; the account numbers may be random.
"""

from collections import defaultdict
from itertools import count
from random import Random
from statistics import fmean
from typing import NamedTuple

from bench.rows import Row, result

SIZE = 200
BATCHES, SETTLED_IN = 120, 60  # the first 60 fill the backlog with what is hard to place
LOT_OWNERS = 100


class Closed(NamedTuple):
    """A stay that waits to be settled."""

    stay: int
    driver: int
    payee: int


def anyone(rng: Random, accounts: int) -> tuple[int, int]:
    driver, payee = rng.sample(range(1, accounts + 1), 2)
    return driver, payee


def one_lot(rng: Random, accounts: int, first: int, size: int = SIZE) -> list[Closed]:
    """Any drivers, at one lot whose owners opened their accounts one after the other."""
    owner = 1 + LOT_OWNERS * rng.randrange(accounts // 2 // LOT_OWNERS)
    return [
        Closed(first + at, rng.randint(accounts // 2 + 1, accounts), owner + at % LOT_OWNERS)
        for at in range(size)
    ]


def words(stays: list[Closed]) -> int:
    """Storage words of balances, eight accounts each."""
    return len({number >> 3 for one in stays for number in (one.driver, one.payee)})


def neighbours(waiting: list[Closed], size: int = SIZE) -> list[Closed]:
    """The oldest stay, those that share a word with it, those that share one with these, ...

    Then the oldest that is left. The oldest is always taken, so none waits for ever.
    """
    touching: dict[int, list[Closed]] = defaultdict(list)
    for one in waiting:
        for number in (one.driver, one.payee):
            touching[number >> 3].append(one)
    taken: set[Closed] = set()
    for oldest in waiting:
        queue = [oldest]
        for one in queue:
            if len(taken) == size:
                return sorted(taken)
            if one not in taken:
                taken.add(one)
                near = touching[one.driver >> 3] + touching[one.payee >> 3]
                queue += [other for other in near if other not in taken]
    return sorted(taken)


class Rolling:
    """A backlog that is never emptied: 200 stays close, 200 are settled."""

    def __init__(self, seed: int, accounts: int, backlog: int) -> None:
        rng, numbers = Random(seed), count(1)
        self.backlog = backlog
        self.arrived: dict[Closed, int] = {}
        self.batches: list[list[Closed]] = []
        waiting: list[Closed] = []
        for batch in range(BATCHES):
            for _ in range(SIZE if batch else SIZE + backlog):
                waiting.append(Closed(next(numbers), *anyone(rng, accounts)))
                self.arrived[waiting[-1]] = batch
            self.batches.append(neighbours(waiting))
            gone = set(self.batches[-1])
            waiting = [one for one in waiting if one not in gone]

    def typical(self) -> tuple[list[Closed], list[Closed]]:
        """The batch of middle cost, and one settled before it in each of its pages of 256 stays."""
        by_words = sorted(range(SETTLED_IN, BATCHES), key=lambda at: words(self.batches[at]))
        middle = by_words[len(by_words) // 2]
        chosen = self.batches[middle]
        pages = {one.stay >> 8 for one in chosen}
        earlier = {one.stay >> 8: one for batch in self.batches[:middle] for one in batch}
        return chosen, [one for page, one in earlier.items() if page in pages]

    def rows(self) -> list[Row]:
        later = list(enumerate(self.batches))[SETTLED_IN:]
        ours = fmean([words(batch) for _, batch in later])
        closed = sorted(self.arrived)
        plain = fmean([words(closed[at : at + SIZE]) for at in range(0, len(closed) - SIZE, SIZE)])
        longest = max(at - self.arrived[one] for at, batch in later for one in batch)
        name = f"ledger.batch.of_{self.backlog}_waiting"
        peer = ("batches in the order of closing", plain)
        return [
            result(f"{name}.words", ours, "storage words/batch", peer, digits=1),
            result(f"{name}.longest_wait", float(longest), "batches", ("none", None), digits=0),
        ]
