"""Settings of the cloud, read once from the environment (BERTH_*) and the command line."""

import re
from pathlib import Path
from typing import Annotated, Self
from urllib.parse import parse_qs, urlsplit

from pydantic import Field, field_validator, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from cloud.core.retention import periods
from cloud.core.tempo import Tempo

# Settings whose value may hold a password.
SECRET = ("broker", "chain", "db", "gateway_broker", "smtp", "url")
# A stay alone in its batch costs many times the gas of one among two hundred.
BATCH_AGE_S = 60.0


class Config(BaseSettings):
    """`broker` and `chain` are URLs, or 'embedded' to run ours inside this process.

    `db` is a PostgreSQL server's URL, or 'embedded' for SQLite in the data folder.
    """

    model_config = SettingsConfigDict(env_prefix="BERTH_", frozen=True, extra="ignore")

    data: Path = Path(".berth")
    broker: str = "embedded"
    chain: str = "embedded"
    db: str = "embedded"
    host: str = "127.0.0.1"
    port: Annotated[int, Field(ge=1, le=65535)] = 8470
    broker_port: Annotated[int, Field(ge=1, le=65535)] = 1883
    chain_port: Annotated[int, Field(ge=1, le=65535)] = 8545
    clock: str = ""
    keys: Path | None = None
    # Of mqtts: the folder with ca.pem, and our cert.pem and key.pem.
    tls: Path | None = None
    # Where people and gateways reach this cloud, and gateways their broker, if that is elsewhere.
    url: str = ""
    gateway_broker: str = ""
    heartbeat_s: Annotated[float, Field(gt=0, le=3600)] = 10.0
    alarm_after_s: Annotated[float, Field(ge=0, le=86_400)] = 600.0
    # Where e-mail goes out: smtp://user:password@host:587?from=berth@example.org; empty: it waits.
    smtp: str = ""
    # What plates are sealed by: a file (0600) or a systemd credential; else plates.key in `data`.
    plate_key: Path | None = None
    # For how many days what is kept, where it differs: stay_plates=120,notices=400.
    keep: str = ""
    # None: BATCH_AGE_S where gas costs money, and at once on a dev chain.
    batch_age_s: Annotated[float, Field(ge=0, le=86_400)] | None = None

    @field_validator("broker")
    @classmethod
    def broker_is_a_url(cls, value: str) -> str:
        return _url(value, ("mqtt", "mqtts"), "mqtt://host:1883 or mqtts://host:8883")

    @field_validator("chain")
    @classmethod
    def chain_is_a_url(cls, value: str) -> str:
        return _url(value, ("http", "https"), "http://host:8545")

    @field_validator("url")
    @classmethod
    def url_is_one(cls, value: str) -> str:
        return _url(value, ("http", "https"), "https://berth.example.org") if value else value

    @field_validator("gateway_broker")
    @classmethod
    def gateway_broker_is_a_url(cls, value: str) -> str:
        return _url(value, ("mqtt", "mqtts"), "mqtts://host:8883") if value else value

    @field_validator("db")
    @classmethod
    def db_is_a_url(cls, value: str) -> str:
        if value != "embedded" and not _names_a_database(value):
            example = "postgresql://berth@host:5432/berth"
            raise ValueError(f"this is neither 'embedded' nor like {example}")
        return value

    @field_validator("smtp")
    @classmethod
    def smtp_is_a_url(cls, value: str) -> str:
        parts = urlsplit(value)
        sender = parse_qs(parts.query).get("from", [""])[0]
        if value and not (parts.scheme in ("smtp", "smtps") and parts.hostname and "@" in sender):
            raise ValueError(
                "this is not like smtp://user:password@host:587?from=berth@example.org"
            )
        return value

    @field_validator("keep")
    @classmethod
    def keep_is_periods(cls, value: str) -> str:
        periods(value)
        return value

    @field_validator("clock")
    @classmethod
    def clock_is_a_tempo(cls, value: str) -> str:
        if value:
            Tempo.parse(value)
        return value

    @model_validator(mode="after")
    def tls_has_its_files(self) -> Self:
        if urlsplit(self.broker).scheme == "mqtts" and self.tls is None:
            raise ValueError("mqtts needs BERTH_TLS: the folder with ca.pem, cert.pem and key.pem")
        return self

    def batch_age_ms(self, dev_chain: bool, rate: float) -> int:
        """Of the lot's time, whose clock may go `rate` times as fast."""
        usual_s = 0.0 if dev_chain else BATCH_AGE_S
        age_s = usual_s if self.batch_age_s is None else self.batch_age_s
        return int(age_s * rate * 1000)

    @property
    def operator_key(self) -> Path:
        return self.data / "operator.key"

    @property
    def plate_file(self) -> Path:
        return self.plate_key or self.data / "plates.key"

    @property
    def database(self) -> Path | str:
        """A file, or the server's URL."""
        return self.data / "cloud.sqlite" if self.db == "embedded" else self.db


def without_user(url: str) -> str:
    """A broker's URL for others: whose it was made for is not their concern."""
    parts = urlsplit(url)
    return parts._replace(netloc=parts.netloc.rpartition("@")[2]).geturl()


def without_password(text: str) -> str:
    """A URL as it may be shown."""
    return re.sub(r"^(\w+://)?.*@", r"\1***@", text)


def _names_a_database(value: str) -> bool:
    """The host may be left out: then it is the local socket, or one that `?host=` names."""
    parts = urlsplit(value)
    try:
        parts.port  # noqa: B018
    except ValueError:
        return False
    scheme, separator, _ = value.partition("://")
    return bool(separator) and scheme in ("postgresql", "postgres") and len(parts.path) > 1


def _url(value: str, schemes: tuple[str, ...], example: str) -> str:
    if value == "embedded":
        return value
    parts = urlsplit(value)
    if parts.scheme not in schemes or not parts.hostname:
        raise ValueError(f"{without_password(value)!r} is neither 'embedded' nor like {example}")
    return value
