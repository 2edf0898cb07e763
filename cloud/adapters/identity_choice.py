"""Who this cloud is to its gateways, by its settings: authority, broker, command key, address."""

from urllib.parse import urlsplit

from cloud.adapters.authority import FileAuthority
from cloud.adapters.clock import SystemClock
from cloud.config import Config, without_user
from cloud.usecases.renewing import Told

CA = "ca"


def authority_of(config: Config) -> FileAuthority:
    """Made at the first use of this data folder. Raises AuthorityBroken, OSError."""
    return FileAuthority(config.data / CA, SystemClock().now())


def told_by(config: Config, commands: str | None) -> Told:
    """BERTH_GATEWAY_BROKER is where gateways find the broker: the cloud may have another door."""
    return Told(config.gateway_broker or broker_of(config), commands)


def broker_of(config: Config) -> str:
    if config.broker != "embedded":
        return without_user(config.broker)
    host = urlsplit(config.url).hostname or "127.0.0.1"
    return f"mqtt://{host}:{config.broker_port}"


def url_of(config: Config) -> str:
    """Where gateways reach this cloud: BERTH_URL, or the address that it listens on."""
    return config.url.rstrip("/") or f"http://{config.host}:{config.port}"
