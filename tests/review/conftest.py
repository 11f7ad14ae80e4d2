"""A store on SQLite for what reads reviews; the store itself is tested on both databases."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from jiesu.store import Sampling, Store, open_store


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    """Return a fresh store that gives every decided case to a second reviewer."""
    url = f"sqlite:///{tmp_path}/store.db"
    with open_store(url, sampling=Sampling(second=1.0, audit=1.0, seed="s")) as found:
        yield found
