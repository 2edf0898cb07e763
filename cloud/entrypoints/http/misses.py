"""Who asked wrongly too often: a moving window for each address, in a bounded number of them."""

from collections import deque
from zlib import crc32

BUCKETS = 4096


class Misses:
    """Only failures count: an installer enrols a hundred gateways from one address."""

    def __init__(self, most: int, window_s: float) -> None:
        self.most, self.window_s = most, window_s
        self._seen: dict[int, deque[float]] = {}

    def wait_s(self, who: bytes, now_s: float) -> int:
        """0: go on. Else whole seconds until the oldest failure is forgotten."""
        seen = self._seen.get(crc32(who) % BUCKETS, deque())
        while seen and seen[0] <= now_s - self.window_s:
            seen.popleft()
        return int(seen[0] + self.window_s - now_s) + 1 if len(seen) >= self.most else 0

    def add(self, who: bytes, now_s: float) -> None:
        seen = self._seen.setdefault(crc32(who) % BUCKETS, deque(maxlen=self.most))
        seen.append(now_s)
