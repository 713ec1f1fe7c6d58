"""Settings, read once from the environment (`SKYY_*`) and passed on."""

from __future__ import annotations

from pathlib import Path
from typing import Self

from pydantic import Field, field_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

LOOPBACK = ("127.0.0.1", "localhost", "::1")


class Settings(BaseSettings):
    """Where things lie and how much they may take.

    Every field can be set as `SKYY_<NAME>`; a list is written as JSON.
    """

    model_config = SettingsConfigDict(env_prefix="SKYY_", extra="ignore", frozen=True)

    home: Path = Field(default=Path("~/.skyy"), description="Folder that holds store, artifacts, jobs and releases.")
    host: str = Field(default="127.0.0.1", description="Address the server binds to; only loopback without keys.")
    port: int = Field(default=8501, ge=1, le=65535)
    allowed_hosts: tuple[str, ...] = Field(default=LOOPBACK, description="Host header names that the API answers.")
    outbound_hosts: tuple[str, ...] = Field(
        default=(), description="Hosts that feeds and webhooks may reach though they are private or speak plain http."
    )
    hub_memory_mb: int = Field(default=4096, ge=64, description="Budget for loaded models, per device.")
    device: str = Field(default="auto", pattern="^(auto|cpu|cuda)$", description="Where models run.")
    max_upload_mb: int = Field(default=512, ge=1, description="Largest file an import takes, unpacked.")
    max_import_rows: int = Field(default=20_000_000, ge=1)
    max_jobs: int = Field(default=1, ge=1, description="Training workers that run at once.")
    job_memory_mb: int = Field(default=8192, ge=256, description="Memory limit of one worker.")
    job_timeout_s: int = Field(default=6 * 3600, ge=1, description="Time limit of one worker.")

    @field_validator("home")
    @classmethod
    def _absolute(cls, home: Path) -> Path:
        return home.expanduser().absolute()

    @classmethod
    def at(cls, home: Path, **overrides: object) -> Self:
        """Settings for one folder, as tests use them."""
        return cls(home=home, **overrides)  # type: ignore[arg-type]  # values are validated by pydantic

    @property
    def database(self) -> Path:
        return self.home / "skyy.duckdb"

    @property
    def artifacts(self) -> Path:
        return self.home / "artifacts"

    @property
    def jobs(self) -> Path:
        return self.home / "jobs"

    @property
    def releases(self) -> Path:
        return self.home / "releases"

    @property
    def staging(self) -> Path:
        return self.home / "staging"

    @property
    def cache(self) -> Path:
        return self.home / "cache"
