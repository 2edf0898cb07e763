"""Passwords as argon2id, with the parameters that OWASP names: 19 MiB, 2 passes, 1 lane.

A hash made with others is made again when its password is next typed. A few at once: each takes
19 MiB and tens of milliseconds, so a crowd at the door waits, or is told to come again.
"""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cached_property

from pwdlib import PasswordHash
from pwdlib.exceptions import UnknownHashError
from pwdlib.hashers.argon2 import Argon2Hasher

from cloud.core.passwords import plain
from cloud.errors import SignInBusy

MEMORY_KIB, PASSES, LANES = 19_456, 2, 1
AT_ONCE, WAIT_S = 4, 5.0


class Passwords:
    def __init__(
        self, memory_kib: int = MEMORY_KIB, passes: int = PASSES, at_once: int = AT_ONCE
    ) -> None:
        hasher = Argon2Hasher(time_cost=passes, memory_cost=memory_kib, parallelism=LANES)
        self._hashing = PasswordHash((hasher,))
        self._turns = threading.BoundedSemaphore(at_once)

    def hash(self, password: str) -> str:
        """Raises SignInBusy."""
        with self._turn():
            return self._hashing.hash(plain(password))

    def verify(self, password: str, known: str | None) -> tuple[bool, str | None]:
        """(right, the hash to store from now on or None). Raises SignInBusy.

        `known` None: nobody has the name. It takes as long, or its time would tell.
        """
        with self._turn():
            try:
                right, anew = self._hashing.verify_and_update(plain(password), known or self._none)
            except UnknownHashError:
                return False, None
        return (right, anew) if known else (False, None)

    @cached_property
    def _none(self) -> str:
        """Of a password that nobody has."""
        return self._hashing.hash("nobody has this password")

    @contextmanager
    def _turn(self) -> Iterator[None]:
        if not self._turns.acquire(timeout=WAIT_S):
            raise SignInBusy
        try:
            yield
        finally:
            self._turns.release()
