"""Tables of who may be which gateway: claim codes, and the certificates that were given out."""

from sqlalchemy import BigInteger, Column
from sqlmodel import Field, SQLModel


def _big(**extra: object) -> Column[int]:
    return Column(BigInteger, **extra)  # type: ignore[arg-type]


class ClaimRow(SQLModel, table=True):
    """One code. It is known by a hash only: the address of the key that its secret stands for.

    `keys`: of whoever redeemed it (the digest of both); `state`: see cloud/core/claims.py.
    """

    __tablename__ = "claim"
    id: str = Field(primary_key=True)
    mark: str = Field(index=True)
    address: str = Field(unique=True)
    gateway: str = Field(index=True)
    serial: str
    lot: str
    # JSON, a list of names
    spaces: str
    replace_key: bool = False
    state: str = "open"
    misses: int = 0
    made_by: str
    made_ms: int = Field(sa_column=_big(nullable=False))
    ends_ms: int = Field(sa_column=_big(nullable=False))
    spent_ms: int | None = Field(default=None, sa_column=_big(nullable=True))
    keys: str = ""


class CertificateRow(SQLModel, table=True):
    """`serial`: its number in hexadecimal; `key`: the SHA-256 of its public key (DER)."""

    __tablename__ = "certificate"
    serial: str = Field(primary_key=True)
    gateway: str = Field(index=True)
    signer: str
    key: str = Field(index=True)
    pem: str
    state: str = "valid"
    starts_ms: int = Field(sa_column=_big(nullable=False))
    ends_ms: int = Field(sa_column=_big(nullable=False))
    revoked_ms: int | None = Field(default=None, sa_column=_big(nullable=True))
    why: str = ""
