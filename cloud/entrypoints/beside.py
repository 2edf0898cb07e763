"""What is done while another thread waits for an answer."""

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor, wait
from contextlib import contextmanager


class Beside:
    """Used as `with`: at its end, what failed beside the waiting is raised."""

    def __init__(self, work: Callable[[], object]) -> None:
        self._work = work
        self._pool = ThreadPoolExecutor(1, "beside")
        self._failed: BaseException | None = None

    def __enter__(self) -> "Beside":
        return self

    def __exit__(self, *_raised: object) -> None:
        self._pool.shutdown()
        if self._failed is not None:
            raise self._failed

    @contextmanager
    def waiting(self) -> Iterator[None]:
        """Never longer than both: two threads that both compute would only hold each other up."""
        beside = self._pool.submit(self._work)
        try:
            yield
        finally:
            wait((beside,))
            self._failed = self._failed or beside.exception()
