"""TLS to the broker: 1.3 at least, the broker's name checked, this gateway's certificate shown."""

from __future__ import annotations

import ssl
import stat
from pathlib import Path

from edge.errors import TlsUnusable

FOLDER = "tls"
AUTHORITY, CERTIFICATE, KEY = "ca.pem", "cert.pem", "key.pem"


def client_context(folder: Path) -> ssl.SSLContext:
    """Of the three files in the folder. Raises TlsUnusable."""
    made = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)  # checks certificate and host name
    made.minimum_version = ssl.TLSVersion.TLSv1_3
    load(made, folder)
    return made


def load(context: ssl.SSLContext, folder: Path) -> None:
    """Again before each connection: a certificate that was renewed is shown from then on."""
    missing = [name for name in (AUTHORITY, CERTIFICATE, KEY) if not (folder / name).is_file()]
    if missing:
        raise TlsUnusable(f"{', '.join(missing)} is not in {folder}.")
    try:
        if (folder / KEY).stat().st_mode & (stat.S_IRWXG | stat.S_IRWXO):
            raise TlsUnusable(f"{folder / KEY} can be read by others: chmod 600 it.")
        context.load_verify_locations(folder / AUTHORITY)
        context.load_cert_chain(folder / CERTIFICATE, folder / KEY)
    except (ssl.SSLError, OSError) as error:
        raise TlsUnusable(f"{folder}: {error.strerror or 'no certificate of this key'}.") from None
