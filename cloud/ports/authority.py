"""Who vouches for gateways, the broker and the cloud to one another: a small CA of our own."""

from collections.abc import Sequence
from datetime import datetime
from typing import Protocol

from cloud.errors import AuthorityBroken as AuthorityBroken


class CsrRefused(ValueError):
    """A request for a certificate that proves nothing, or asks for what is not given.

    Unreadable, not signed by its own key, a key of another kind than EC P-256, or another name.
    """


class Authority(Protocol):
    """Serials are positive and below 2^159; times are aware, and whole seconds are kept of them.

    A request (CSR) is PEM, signed by the key it names, EC P-256; other requests: CsrRefused.
    """

    def root_pem(self) -> bytes: ...

    def fingerprint(self) -> bytes:
        """SHA-256 of the root certificate (DER): what a claim code carries the beginning of."""
        ...

    def key_of(self, csr_pem: bytes, name: str) -> str:
        """SHA-256 of the public key (DER) that the request is for, as 64 hexadecimal digits.

        Raises CsrRefused where `issue` would.
        """
        ...

    def issue(
        self, csr_pem: bytes, name: str, starts_at: datetime, ends_at: datetime, serial: int
    ) -> bytes:
        """PEM of a client's certificate; its common name is `name`, as the request's, if any.

        It names no server: a gateway cannot pose as the broker.
        """
        ...

    def server(
        self,
        csr_pem: bytes,
        names: Sequence[str],
        starts_at: datetime,
        ends_at: datetime,
        serial: int,
    ) -> bytes:
        """PEM of a server's certificate for these host names and IP addresses; good for no client.

        Its common name is the first of them.
        """
        ...

    def crl(self, revoked: Sequence[tuple[int, datetime]], now: datetime) -> bytes:
        """PEM of the list of revoked serials, good until CRL_DAYS from now."""
        ...

    def sign(self, message: bytes) -> bytes:
        """ECDSA with SHA-256, DER: only who knows the root's certificate can check it."""
        ...
