"""Every environment variable, in one frozen class."""

from ipaddress import IPv4Network, IPv6Network, ip_network
from pathlib import Path
from typing import Annotated, Literal

from pydantic import AfterValidator, BeforeValidator, Field
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

from app.api.whereabouts import open_countries
from app.storage.address import Address
from app.storage.postgres import dsn_of


def _networks_in(text: object) -> object:
    if not isinstance(text, str):
        return text
    return tuple(ip_network(item) for part in text.split(",") if (item := part.strip()))


def _of_countries(path: Path) -> Path:
    """Refuse a file that cannot be used before anything is started."""
    open_countries(path).close()
    return path


def _of_postgres(text: str) -> str:
    dsn_of(text)
    return text


def _of_valkey(text: str) -> str:
    Address.of(text)
    return text


CountryFile = Annotated[Path, AfterValidator(_of_countries)]
PostgresUrl = Annotated[str, AfterValidator(_of_postgres)]
ValkeyUrl = Annotated[str, AfterValidator(_of_valkey)]
Networks = Annotated[tuple[IPv4Network | IPv6Network, ...], NoDecode, BeforeValidator(_networks_in)]


class Settings(BaseSettings):
    """How this process runs. Each field is read from `SIGNPOST_<NAME>`; one that is empty is not said."""

    model_config = SettingsConfigDict(
        env_prefix="SIGNPOST_", env_ignore_empty=True, frozen=True, extra="ignore"
    )

    host: str = "127.0.0.1"
    port: int = Field(default=8000, ge=0, le=65_535)
    workers: int = Field(default=1, ge=1, le=64)
    # Clients at once, per worker; never more than the system lets a process have files open.
    connections: int = Field(default=20_000, ge=16)
    # How `/decide` and `/events` are asked: by the protocol itself, or by ASGI as any server would.
    http: Literal["direct", "asgi"] = "direct"
    data_dir: Path = Path(".local")
    database_url: PostgresUrl | None = None
    redis_url: ValkeyUrl | None = None
    admin_key: str | None = Field(default=None, pattern=r"^sk_[!-~]{8,200}$")
    # Where the commands that ask a running service find it; nothing said, at `host` and `port`.
    url: str | None = Field(default=None, pattern=r"^https?://[!-~]+$")
    site_key: str | None = Field(default=None, pattern=r"^pk_[!-~]{8,200}$")
    # What keys are hashed with: the same on every host that shares a database.
    key_pepper: str | None = Field(default=None, pattern=r"^[!-~]{32,200}$")
    profile_budget_ms: float = Field(default=25, gt=0, allow_inf_nan=False)
    # How long Valkey keeps a profile that nobody touches: from a second to ten years.
    profile_ttl_days: float = Field(default=90, ge=1 / 86_400, le=3_650, allow_inf_nan=False)
    # How many profiles each worker holds itself, of 2 KiB on average at most; 0 for none.
    hot_profiles: int = Field(default=100_000, ge=0)
    # Of how many decisions without an experiment what they were taken on is kept, in percent.
    decision_sample_percent: float = Field(default=1, ge=0, le=100)
    # What an answered record outlives: `process` every process of ours, `group` the loss of power too.
    journal_sync: Literal["process", "group"] = "process"
    # A MaxMind file of countries or cities.
    country_db: CountryFile | None = None
    # Whose X-Forwarded-For is believed: addresses and networks between commas.
    trusted_proxies: Networks = ()
    # How often each key may ask each worker process; nothing said, as often as it likes.
    key_requests_per_s: float | None = Field(default=None, ge=0.001, allow_inf_nan=False)
    # Private networks that webhooks may be sent to: addresses and networks between commas.
    webhook_networks: Networks = ()
    # How often each process asks what is in force, where PostgreSQL's notifications do not come through.
    poll_s: float = Field(default=0.5, ge=0.01, allow_inf_nan=False)
    # Set by `signpost serve` for the processes it starts, so that none outlives it.
    parent_pid: int | None = None

    @property
    def journal_dir(self) -> Path:
        """Where every process of this host keeps its journal streams."""
        return self.data_dir / "journal"
