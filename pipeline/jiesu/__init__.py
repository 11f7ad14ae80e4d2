"""接诉: reads an appeal to a 12345 hotline and returns a verdict.

import jiesu
engine = jiesu.load()
verdicts = engine.score(["小区门口路灯坏了三天没人修"])
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from jiesu.corpus.history import History
    from jiesu.engine import Engine, load
    from jiesu.schema import Appeal, Verdict

__version__ = "0.1.0"
__all__ = ["Appeal", "Engine", "History", "Verdict", "__version__", "load"]

_HOMES = {
    "Engine": "jiesu.engine",
    "History": "jiesu.corpus.history",
    "load": "jiesu.engine",
    "Appeal": "jiesu.schema",
    "Verdict": "jiesu.schema",
}


def __getattr__(name: str) -> Any:
    """Import the public names when first used, so that `import jiesu` costs nothing."""
    if name not in _HOMES:
        raise AttributeError(f"module 'jiesu' has no attribute {name!r}")
    from importlib import import_module

    return getattr(import_module(_HOMES[name]), name)
