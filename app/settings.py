"""Every environment variable, in one frozen class."""

from pathlib import Path

from pydantic import Field
from pydantic_settings import BaseSettings, SettingsConfigDict


class Settings(BaseSettings):
    """How this process runs. Each field is read from `SIGNPOST_<NAME>`."""

    model_config = SettingsConfigDict(env_prefix="SIGNPOST_", frozen=True, extra="ignore")

    host: str = "127.0.0.1"
    port: int = Field(default=8000, ge=0, le=65_535)
    workers: int = Field(default=1, ge=1, le=64)
    data_dir: Path = Path(".local")
    database_url: str | None = None
    redis_url: str | None = None
    admin_key: str | None = Field(default=None, pattern=r"^sk_[!-~]{8,200}$")
    site_key: str | None = Field(default=None, pattern=r"^pk_[!-~]{8,200}$")
    profile_budget_ms: float = Field(default=25, gt=0)
    profile_ttl_days: float = Field(default=90, gt=0)
    poll_s: float = Field(default=0.5, gt=0)
    # Set by `signpost serve` for the processes it starts, so that none outlives it.
    parent_pid: int | None = None

    @property
    def journal_dir(self) -> Path:
        """Where every process of this host keeps its journal streams."""
        return self.data_dir / "journal"
