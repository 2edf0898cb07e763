"""What stands in a receipt's place until its stay is filed: no receipt, and told apart from one."""

from typing import Annotated, Literal

from pydantic import Field

from contracts.ledger.reading import read_strictly
from contracts.wire.types import Count, Digest, Frozen, Minor, Name


class Pending(Frozen):
    """As the cloud gives it: it proves nothing, and says what will be filed."""

    format: Literal["berth-receipt"]
    version: Annotated[int, Field(ge=2, le=2)]
    status: Literal["pending"]
    booking: Name
    stay: Count
    total_minor: Minor
    currency: str
    leaf: Digest
    batch: Count | None


def told(text: bytes | str) -> str | None:
    """The sentence for a pending receipt; None for any other text."""
    found = read_strictly(Pending, text)
    if isinstance(found, str):
        return None
    return f"This receipt is pending: stay {found.stay} is not filed yet. Fetch it again later."
