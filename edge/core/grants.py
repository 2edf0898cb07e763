"""The grants a gateway holds. A repeated or late command changes nothing and is accepted again."""

from __future__ import annotations

from collections.abc import Container, Iterable, Mapping
from datetime import datetime, timedelta

from contracts.wire.messages import Grant, Revoke

MAX_GRANTS = 2_000
KEEP_REVOKED_S = 7 * 86_400
# Who comes early or leaves late is still somebody whose plate is expected at the lot.
AROUND = timedelta(minutes=30)
MOST_EXPECTED = 500


class GrantBook:
    def __init__(self, grants: Iterable[Grant], revoked: Mapping[str, datetime]) -> None:
        self._grants = {grant.id: grant for grant in grants}
        # Remembered, so that a grant delivered twice does not rise again after its revoke.
        self._revoked = dict(revoked)

    def put(self, grant: Grant) -> bool:
        """Whether it changed anything."""
        voided_at = self._revoked.get(grant.id)
        if voided_at is not None and grant.issued_at <= voided_at:
            return False
        held = self._grants.get(grant.id)
        if held is not None and grant.version <= held.version:
            return False
        self._revoked.pop(grant.id, None)
        self._grants[grant.id] = grant
        return True

    def full(self) -> bool:
        return len(self._grants) >= MAX_GRANTS

    def holds(self, grant_id: str) -> bool:
        return grant_id in self._grants

    def held(self, grant_id: str | None) -> Grant | None:
        return self._grants.get(grant_id or "")

    def revoke(self, command: Revoke) -> bool:
        held = self._grants.get(command.id)
        if held is not None and held.issued_at > command.issued_at:
            return False
        voided_at = self._revoked.get(command.id)
        if voided_at is not None and command.issued_at <= voided_at:
            return False
        self._grants.pop(command.id, None)
        self._revoked[command.id] = command.issued_at
        return True

    def expected(
        self, space: str, start: datetime, end: datetime, named: str | None = None
    ) -> list[Grant]:
        """Those active at some moment of [start, end], and the `named` one whatever its window."""
        return [
            grant
            for grant in self._grants.values()
            if grant.space == space
            and (grant.id == named or (_opened(grant, end) and not _over(grant, start)))
        ]

    def granted(self, space: str, at: datetime) -> bool:
        """Whether anybody may stand there at that moment."""
        return bool(self.expected(space, at, at))

    def plates(self, space: str, at: datetime) -> tuple[str, ...]:
        """Of whoever may come to the lot around then, each once, those of this space first."""
        try:
            start, end = at - AROUND, at + AROUND
        except OverflowError:
            start = end = at  # A clock at either end of the calendar.
        near = [it for it in self._grants.values() if _opened(it, end) and not _over(it, start)]
        near.sort(key=lambda grant: grant.space != space)
        plates = dict.fromkeys(plate for grant in near for plate in grant.plates)
        return tuple(plates)[:MOST_EXPECTED]

    def forget(self, now: datetime, named: Container[str | None]) -> tuple[list[str], list[str]]:
        """Drops what is over; the ids of grants and of revokes that went.

        One that is `named` by a stay stays: after a restart its vehicle must be known again.
        """
        over = [
            grant.id
            for grant in self._grants.values()
            if _over(grant, now) and grant.id not in named
        ]
        old = [
            grant_id
            for grant_id, at in self._revoked.items()
            if (now - at).total_seconds() >= KEEP_REVOKED_S
        ]
        for grant_id in over:
            del self._grants[grant_id]
        for grant_id in old:
            del self._revoked[grant_id]
        return over, old


def _opened(grant: Grant, at: datetime) -> bool:
    # Differences, not sums: a window at either end of the calendar must not overflow.
    return (grant.starts_at - at).total_seconds() <= grant.early_s


def _over(grant: Grant, at: datetime) -> bool:
    return (at - grant.ends_at).total_seconds() >= grant.late_s
