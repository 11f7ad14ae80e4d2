"""Where shipped files lie: the one place that turns a package into a path."""

from __future__ import annotations

from importlib.resources import files
from pathlib import Path

from jiesu.errors import ConfigError


def resource(*parts: str) -> Path:
    """Return the path of a shipped file or folder, such as `resource("models", "default")`.

    An installed wheel carries `configs/`, `models/default/`, and `samples/`, `authored/` and
    `labels/` of `data/` inside the package; a checkout (editable install) has them at the root of
    the repository.

    Raises ConfigError if neither place has it.
    """
    package = Path(str(files("jiesu")))
    for root in (package / "_resources", package.parent.parent):
        path = root.joinpath(*parts)
        if path.exists():
            return path
    raise ConfigError("missing_resource", f"jiesu does not carry {'/'.join(parts)}")


def package_folder(*parts: str) -> Path:
    """Return the path of a folder inside the package, such as `package_folder("serve", "static")`.

    It need not exist.
    """
    return Path(str(files("jiesu"))).joinpath(*parts)


def resource_names(*parts: str) -> list[str]:
    """Return the sorted names inside a shipped folder."""
    return sorted(p.name for p in resource(*parts).iterdir() if not p.name.startswith((".", "_")))
