"""The page of the service: its calls work as written, its codes and limits are the real ones."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from pathlib import Path

import pytest

from jiesu.resources import resource
from jiesu.serve.settings import ServeSettings
from serve_process import ServeProcess

BLOCK = re.compile(r"^```bash\n(.*?)^```", re.M | re.S)
SOURCE = Path(str(resource("configs"))).parent / "pipeline" / "jiesu"


def page() -> str:
    return (resource("pyproject.toml").parent / "docs" / "service.md").read_text("utf-8")


CALLS = [line for block in BLOCK.findall(page()) for line in block.splitlines() if line]


# In the page's order: a later call asks for what an earlier one sent.
@pytest.mark.parametrize("call", CALLS)
def test_calls_work_as_written(call: str, serving: ServeProcess, key: str) -> None:
    assert shutil.which("curl"), "the examples need curl"
    done = subprocess.run(
        ["bash", "-euo", "pipefail", "-c", call],
        env={"PATH": "/usr/bin:/bin", "JIESU": serving.url, "KEY": key},
        capture_output=True,
        timeout=60,
    )
    assert done.returncode == 0, done.stderr
    if "/metrics" not in call:
        json.loads(done.stdout)


def test_every_code_of_the_api_is_on_the_page() -> None:
    raisers = r"ServeError\(\s*\d+,|busy\(|denied\(|code=|InputError\("
    raised = re.compile(rf"""(?:{raisers})\s*"(\w+)\"""")
    found = {
        code
        for folder in ("serve", "serve/routes")
        for path in (SOURCE / folder).glob("*.py")
        for code in raised.findall(path.read_text("utf-8"))
    }
    assert len(found) > 20
    rare = {"no_body", "too_many_ids", "bad_media_type"}
    assert found - rare - set(re.findall(r"`(\w+)`", page())) == set()


def test_the_numbers_of_the_page_are_the_defaults() -> None:
    settings, text = ServeSettings(), page()
    for number in (
        f"When {settings.queue} appeals wait",
        f"has waited for {settings.max_wait:g} s",
        f"one slice of {settings.bulk_batch}",
        f"({settings.rate:g} appeals a second, {settings.burst:,} at once)",
        f"({settings.body_limit >> 20} MiB, batches {settings.batch_body_limit >> 20} MiB)",
        f"({settings.text_limit:,} characters)",
        f"{settings.body_seconds:g} s to send",
    ):
        assert number in text
