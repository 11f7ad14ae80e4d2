"""Typed settings of a deployment: file < environment < flag.

The file is YAML, named by JIESU_SETTINGS or `jiesu.yaml` in the working folder; environment
variables begin with JIESU_; a flag of a command beats both.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

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

DEFAULT_FILE = "jiesu.yaml"


class Settings(BaseSettings):
    """What a command uses where no flag says otherwise.

    bundle: a folder or `default`. jurisdiction: an id or a folder, None for the one that the
    bundle was trained for. batch: appeals read together; it changes speed, never a verdict.
    tier: who judges; `linear` alone is fastest, `cascade` asks the bundle's encoder where the
    linear tier is unsure, `transformer` asks it about every appeal.
    """

    model_config = SettingsConfigDict(env_prefix="JIESU_", extra="forbid", frozen=True)

    bundle: str = "default"
    jurisdiction: str | None = None
    batch: int = Field(default=512, ge=1, le=65_536)
    tier: Tier = "cascade"

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
        file = Path(os.environ.get("JIESU_SETTINGS", DEFAULT_FILE))
        return init_settings, env_settings, YamlConfigSettingsSource(settings_cls, file)


def load_settings(**flags: str | int | None) -> Settings:
    """Return the settings in force; a flag of None was not given.

    Raises ConfigError that names the setting, or says that the file cannot be read.
    """
    named = os.environ.get("JIESU_SETTINGS")
    if named and not Path(named).is_file():
        raise ConfigError("no_settings", f"JIESU_SETTINGS names {named}, which is no file")
    given: dict[str, Any] = {key: value for key, value in flags.items() if value is not None}
    try:
        return Settings(**given)
    except ValidationError as error:
        first = error.errors(include_input=False)[0]
        where = " -> ".join(map(str, first["loc"]))
        raise ConfigError("bad_settings", f"settings -> {where}: {first['msg']}") from None
    except (yaml.YAMLError, TypeError, ValueError) as error:
        raise ConfigError(
            "bad_settings", f"settings file is no readable mapping: {error}"
        ) from None
