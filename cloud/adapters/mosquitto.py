"""Files for a mosquitto 2.0 (Debian's) that lets in whom this installation knows, and nobody else.

What the settings do was measured on 2.0.11 (tests/broker): the comments say what and why.
"""

import json
import os
import pwd
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from glob import glob
from pathlib import Path

from cryptography import x509

from cloud.adapters.authority import make_csr, make_key, new_serial
from cloud.core import broker_rules as rules
from cloud.errors import BadSetting
from cloud.ports.authority import Authority

PLUGIN = "mosquitto_dynamic_security.so"
PLUGIN_PLACES = ("/usr/lib/*/", "/usr/lib/", "/usr/local/lib/")
CONF, DYNSEC, CRL, PLAN = "mosquitto.conf", "dynamic-security.json", "crl.pem", "plan.json"
CERTIFICATE_DAYS, RENEW_DAYS = 365, 60
CLOUD_CONNECTIONS = 16
# For each gateway its own, and one that comes back before the old one is known to be gone.
CONNECTIONS_A_GATEWAY, LEAST_CONNECTIONS = 3, 1000

TEXT = """\
# Made by: berth-cloud broker-config. It is written anew each time; change the command's options.
# Everybody is refused who is not named: by the certificate, and by the plugin's list.
user {user}
allow_anonymous false
plugin {plugin}
plugin_opt_config_file {folder}/{dynsec}

# Nothing of ours relies on the broker's memory: gateways keep every event until the cloud has
# committed it, the cloud sends commands until they are answered. A broker that writes nothing has
# nothing to lose, to corrupt or to disclose (and it lost 500 of 500 acknowledged messages anyway).
persistence false
# A retained report would be told again to every cloud that connects; retained wills the same.
retain_available false
queue_qos0_messages false
persistent_client_expiration 1h

# Bounds. What goes beyond them is refused or dropped, and sent again by whoever it matters to.
max_packet_size {packet_bytes}
message_size_limit {packet_bytes}
max_inflight_messages 1000
max_queued_messages 10000
max_queued_bytes 33554432
# No memory_limit: 2.0.11 miscounts its memory as the plugin's clients go, and after the second one
# refuses everybody as "out of memory" (512 MB allowed). A limit belongs to the service manager.
max_keepalive {keepalive_s}
sys_interval 10

connection_messages true
log_dest stderr
log_type error
log_type warning
log_type notice

# Gateways.
listener {port}{bind}
max_connections {connections}
{tls}
# The cloud alone: a crowd at the door above cannot keep it out.
listener {cloud_port} 127.0.0.1
max_connections {cloud_connections}
{tls}"""

TLS = """\
max_qos 1
max_topic_alias 10
tls_version tlsv1.3
cafile {folder}/ca.pem
certfile {folder}/server.pem
keyfile {folder}/server.key
crlfile {folder}/{crl}
require_certificate true
# The certificate's name is the user, whatever the client says it is ...
use_identity_as_username true
# ... and the client id too: else any gateway may connect under the cloud's and throw it out.
use_username_as_clientid true
"""


@dataclass(frozen=True, slots=True)
class Plan:
    """`names`: host names and addresses by which gateways reach it. `bind`: "" for everywhere."""

    names: tuple[str, ...]
    port: int = 8883
    cloud_port: int = 8884
    bind: str = ""
    plugin: str = ""


@dataclass(frozen=True, slots=True)
class Known:
    """Whom the installation knows: gateways with an identity, and serials that no longer count."""

    gateways: tuple[str, ...]
    revoked: Sequence[tuple[int, datetime]] = ()


def write(folder: Path, plan: Plan, known: Known, authority: Authority, now: datetime) -> list[str]:
    """All files of the folder; gives their names. Keys stay, certificates are renewed in time.

    The plugin's list is mosquitto's own once it runs: one that is there is left as it is.
    """
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    folder.chmod(0o700)
    _put(folder / "ca.pem", authority.root_pem())
    _put(folder / CRL, authority.crl(known.revoked, now))
    _server(folder, plan, authority, now)
    for name in (rules.CLOUD, rules.CONTROL):
        _client(folder / name, name, authority, now)
    if not (folder / DYNSEC).exists():
        _put(folder / DYNSEC, json.dumps(rules.dynamic_security(known.gateways), indent=1).encode())
    _put(folder / PLAN, json.dumps(asdict(plan)).encode())
    _put(folder / CONF, text(folder.resolve(), plan, len(known.gateways)).encode())
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file())


def planned(folder: Path) -> Plan | None:
    """As it was written there before, so that the daily renewal needs no options."""
    path = folder / PLAN
    if not path.exists():
        return None
    try:
        found = json.loads(path.read_text("utf-8"))
        return Plan(**found | {"names": tuple(found["names"])})
    except (ValueError, TypeError, KeyError):
        raise BadSetting(f"{path} is not as broker-config wrote it; delete it.") from None


def text(folder: Path, plan: Plan, gateways: int) -> str:
    where = str(folder)
    if any(char.isspace() for char in where):
        raise BadSetting(f"{where!r} has a space, at which mosquitto ends a setting.")
    return TEXT.format(
        folder=where,
        user=pwd.getpwuid(os.getuid()).pw_name,
        plugin=plan.plugin or find_plugin(),
        dynsec=DYNSEC,
        packet_bytes=rules.MAX_PACKET_BYTES,
        keepalive_s=rules.MAX_KEEPALIVE_S,
        port=plan.port,
        bind=f" {plan.bind}" if plan.bind else "",
        connections=max(LEAST_CONNECTIONS, gateways * CONNECTIONS_A_GATEWAY),
        cloud_port=plan.cloud_port,
        cloud_connections=CLOUD_CONNECTIONS,
        tls=TLS.format(folder=where, crl=CRL),
    )


def find_plugin() -> str:
    for place in PLUGIN_PLACES:
        for found in sorted(glob(place + PLUGIN)):
            return found
    raise BadSetting(f"{PLUGIN} is not on this machine; install mosquitto, or name it (--plugin).")


def _server(folder: Path, plan: Plan, authority: Authority, now: datetime) -> None:
    key, certificate = folder / "server.key", folder / "server.pem"
    csr = make_csr(_key(key), plan.names[0])
    ends_at = now + timedelta(days=CERTIFICATE_DAYS)
    # Its names may have changed: made anew each time, as it costs nothing.
    _put(certificate, authority.server(csr, plan.names, now, ends_at, new_serial()))


def _client(folder: Path, name: str, authority: Authority, now: datetime) -> None:
    """`ca.pem`, `cert.pem`, `key.pem`, as BERTH_TLS wants them."""
    folder.mkdir(exist_ok=True, mode=0o700)
    _put(folder / "ca.pem", authority.root_pem())
    key, certificate = _key(folder / "key.pem"), folder / "cert.pem"
    if not _good(certificate, now):
        ends_at = now + timedelta(days=CERTIFICATE_DAYS)
        _put(certificate, authority.issue(make_csr(key, name), name, now, ends_at, new_serial()))


def _good(certificate: Path, now: datetime) -> bool:
    if not certificate.exists():
        return False
    try:
        found = x509.load_pem_x509_certificate(certificate.read_bytes())
    except ValueError:
        return False
    return found.not_valid_after_utc > now + timedelta(days=RENEW_DAYS)


def _key(path: Path) -> bytes:
    if not path.exists():
        _put(path, make_key())
    return path.read_bytes()


def _put(path: Path, data: bytes) -> None:
    """Whole or not at all: mosquitto may read it at this moment."""
    beside = path.with_name(f".{path.name}.new")
    beside.unlink(missing_ok=True)
    handle = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(handle, "wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())
    beside.replace(path)
