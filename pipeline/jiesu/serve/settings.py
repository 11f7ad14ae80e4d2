"""Settings of the service: file < environment < flag.

The file is YAML, named by JIESU_SERVE_SETTINGS or `serve.yaml` in the working folder; environment
variables begin with JIESU_SERVE_; a flag of `jiesu serve` beats both. `configs/serve.yaml` shows
every setting. Bundle, tier and jurisdiction that nobody gives here are those of `jiesu.yaml`.
"""

from __future__ import annotations

import os
from contextvars import ContextVar
from pathlib import Path
from typing import Any, Literal

import yaml
from pydantic import Field, ValidationError
from pydantic_settings import (
    BaseSettings,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
    YamlConfigSettingsSource,
)

from jiesu.errors import ConfigError
from jiesu.schema import Tier
from jiesu.settings import load_settings

DEFAULT_FILE = "serve.yaml"
MOST_ITEMS = 1000
"""Appeals of one batch request, by contract."""

_FILE: ContextVar[Path | None] = ContextVar("file", default=None)


class ServeSettings(BaseSettings):
    """How the service runs. Times are seconds, sizes bytes; rates are a worker's own."""

    model_config = SettingsConfigDict(env_prefix="JIESU_SERVE_", extra="forbid", frozen=True)

    host: str = "127.0.0.1"
    port: int = Field(default=8000, ge=0, le=65_535)
    workers: int = Field(default=1, ge=1, le=256)
    trusted_proxies: str = "127.0.0.1"
    log_level: Literal["debug", "info", "warning", "error"] = "info"

    # What is served.
    bundle: str = "default"
    tier: Tier = "cascade"
    jurisdiction: str | None = None
    watch: float = Field(default=2.0, ge=0)

    # How much waits, and how long.
    queue: int = Field(default=128, ge=1)
    max_wait: float = Field(default=0.2, gt=0)
    deadline: float = Field(default=2.0, gt=0)
    batch: int = Field(default=32, ge=1, le=4096)
    batch_characters: int = Field(default=32_768, ge=1)
    bulk_queue: int = Field(default=4 * MOST_ITEMS, ge=MOST_ITEMS)
    bulk_batch: int = Field(default=32, ge=1, le=4096)
    bulk_deadline: float = Field(default=120.0, gt=0)

    # How large a request may be.
    text_limit: int = Field(default=100_000, ge=1, le=1_000_000)
    body_limit: int = Field(default=2 << 20, ge=1024)
    batch_body_limit: int = Field(default=32 << 20, ge=1024)
    body_seconds: float = Field(default=30.0, gt=0)

    # How often a key may call; 0: as often as it likes.
    rate: float = Field(default=500.0, ge=0)
    burst: int = Field(default=1000, ge=1)

    # Where verdicts and reviews are kept.
    store: str | None = None
    store_original: bool = False
    store_timeout: float = Field(default=2.0, gt=0)
    store_retry: float = Field(default=1.0, gt=0)
    store_queue: int = Field(default=4 * MOST_ITEMS, ge=MOST_ITEMS)

    # Shares drawn for other eyes: of decided cases for a blind second view, of automatic
    # decisions for an audit.
    second_share: float = Field(default=0.1, ge=0, le=1)
    audit_share: float = Field(default=0.02, ge=0, le=1)

    # Who may call: how long a key that was found good needs no look at the store, and for how
    # long it is taken on trust while the store is down.
    key_cache: float = Field(default=5.0, ge=0)
    key_grace: float = Field(default=3600.0, ge=0)
    secure_cookies: Literal["auto", "always"] = "auto"

    # How the service stops: it asks to be left alone, then answers what it has.
    lame_duck: float = Field(default=2.0, ge=0)
    drain: float = Field(default=30.0, gt=0)

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Order the sources: flag, then environment, then file."""
        file = _FILE.get() or Path(os.environ.get("JIESU_SERVE_SETTINGS", DEFAULT_FILE))
        return init_settings, env_settings, YamlConfigSettingsSource(settings_cls, file)


def load_serve_settings(
    file: Path | None = None, **flags: str | int | float | bool | None
) -> ServeSettings:
    """Return the settings in force; a flag of None was not given.

    file: in place of JIESU_SERVE_SETTINGS and `serve.yaml`. Raises ConfigError that names the
    setting, or says that the file cannot be read.
    """
    named = file or os.environ.get("JIESU_SERVE_SETTINGS")
    if named and not Path(named).is_file():
        raise ConfigError("no_settings", f"found no file {named}, expected serve settings")
    given: dict[str, Any] = {key: value for key, value in flags.items() if value is not None}
    token = _FILE.set(file)
    try:
        found = ServeSettings(**given)
    except ValidationError as error:
        first = error.errors(include_input=False)[0]
        where = " -> ".join(map(str, first["loc"]))
        raise ConfigError("bad_settings", f"serve settings -> {where}: {first['msg']}") from None
    except (yaml.YAMLError, TypeError, ValueError) as error:
        raise ConfigError(
            "bad_settings", f"serve settings file is no readable mapping: {error}"
        ) from None
    finally:
        _FILE.reset(token)
    missing = {"bundle", "tier", "jurisdiction"} - found.model_fields_set
    if not missing:
        return found
    shared = load_settings()
    return found.model_copy(update={name: getattr(shared, name) for name in missing})
