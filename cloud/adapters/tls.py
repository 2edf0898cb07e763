"""TLS to the broker: 1.3 at least, the broker's name checked, our own certificate shown."""

import ssl
from pathlib import Path

from cloud.errors import BadSetting

FILES = ("ca.pem", "cert.pem", "key.pem")


def client_context(folder: Path) -> ssl.SSLContext:
    """Of `ca.pem`, `cert.pem` and `key.pem` in the folder. Raises BadSetting."""
    missing = [name for name in FILES if not (folder / name).is_file()]
    if missing:
        raise BadSetting(f"BERTH_TLS={folder} has no {', '.join(missing)}.")
    if (folder / "key.pem").stat().st_mode & 0o077:
        raise BadSetting(f"{folder / 'key.pem'} can be read by others; run: chmod 600 on it.")
    made = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)  # checks certificate and host name
    made.minimum_version = ssl.TLSVersion.TLSv1_3
    try:
        made.load_verify_locations(folder / "ca.pem")
        made.load_cert_chain(folder / "cert.pem", folder / "key.pem")
    except (ssl.SSLError, OSError) as error:
        raise BadSetting(f"BERTH_TLS={folder} cannot be used ({error.strerror}).") from None
    return made
