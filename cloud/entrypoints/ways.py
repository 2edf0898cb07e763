"""How the cloud speaks to its gateways: what signs its words, and the TLS to its broker.

Each word is signed anew whenever it goes out, by the real time, whatever the lot's clock says: a
gateway asks how old a word is.
"""

import ssl
from collections.abc import Callable
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from cloud.adapters.clock import new_id, real_ms
from cloud.adapters.keys import command_key
from cloud.adapters.tls import client_context
from cloud.config import Config
from contracts.wire.commands import signed
from contracts.wire.messages import Down
from contracts.wire.signing import Domain, address_of


@dataclass(frozen=True, slots=True)
class Signing:
    key: bytes = field(repr=False)
    domain: Domain
    utc_ms: Callable[[], int]

    @property
    def address(self) -> str:
        return address_of(self.key)

    def signed(self, message: Down) -> Down:
        return signed(message, self.key, self.domain, self.utc_ms())


@dataclass(frozen=True, slots=True)
class Ways:
    """`tls`: made anew for every connection; `new_id`: names its questions."""

    sign: Signing | None = None
    tls: Callable[[], ssl.SSLContext] | None = None
    new_id: Callable[[str], str] = new_id

    @property
    def address(self) -> str | None:
        """What gateways pin."""
        return self.sign.address if self.sign is not None else None

    def said(self, message: Down) -> Down:
        return message if self.sign is None else self.sign.signed(message)


def ways_of(config: Config, domain: Domain) -> Ways:
    """The files of TLS are read now, so that a mistake in them stops the boot, and again later.

    Raises BadKey, BadSetting.
    """
    sign = Signing(command_key(config.data, config.keys), domain, real_ms)
    if urlsplit(config.broker).scheme != "mqtts" or config.tls is None:
        return Ways(sign)
    folder = config.tls
    client_context(folder)
    return Ways(sign, lambda: client_context(folder))
