"""The broker's door: who may come in is decided here, and takes effect on open connections too."""

from typing import Protocol


class DoorUnreachable(Exception):
    """The broker did not answer; it is asked again at the next turn."""


class Door(Protocol):
    def bring(self, inside: frozenset[str], shut: frozenset[str]) -> None:
        """`inside`: gateways that have an identity; `shut`: those whose identity was revoked.

        Open connections of the shut ones are ended at once. Raises DoorUnreachable.
        """
        ...
