"""The only scoring path: appeals in, verdicts out. Batch and online both call it."""

from jiesu.engine.engine import BATCH, Engine, load

__all__ = ["BATCH", "Engine", "load"]
