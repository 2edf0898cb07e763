"""How long a car must have been at rest in one space before it is told, and how sure that is.

Where drivers stop for others and correct, they take longer to park: where much goes by, where cars
have been moved about after they had been told, and where what stands there stands oddly.
"""

from __future__ import annotations

from edge.core.habits import Habits
from edge.core.occupancy import DetectorSettings

# For so many arrivals after one that was moved about, the next may be too, by so much.
RESTLESS_ARRIVALS, RESTLESS_S = 8, 12.0


class Patience:
    def __init__(self, settings: DetectorSettings) -> None:
        self._set = settings
        self.habits = Habits()
        self._learned_s = settings.arrive_s
        self._moved_about, self._restless = False, 0

    def told(self) -> None:
        """An arrival has been told."""
        s = self._set
        self._learned_s = max(s.arrive_s, self._learned_s - s.patience_loss_s)
        self._moved_about, self._restless = False, max(0, self._restless - 1)

    def moved_about(self) -> None:
        """The car that had been told was not at rest yet; counted once a stay."""
        if self._moved_about:
            return
        s = self._set
        self._moved_about, self._restless = True, RESTLESS_ARRIVALS
        self._learned_s = min(self._learned_s + s.patience_gain_s, s.arrive_latest_s)

    def wait_s(self, passes_an_hour: float, at_m: float, step_ut: float) -> float:
        s = self._set
        if self.habits.odd(at_m, step_ut):
            return s.arrive_odd_s
        busy = min(1.0, max(0.0, (passes_an_hour - s.busy_passes) / s.busy_passes))
        return max(self._learned_s, s.arrive_s + busy * (s.arrive_latest_s - s.arrive_s))

    def spread_s(self) -> float:
        return RESTLESS_S if self._restless else 0.0
