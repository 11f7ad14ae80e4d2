"""`jiesu bundle`: what a bundle is, and that an altered one is not called whole."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from jiesu.bundle import WEIGHTS, Manifest, load_bundle

Jiesu = Callable[..., Any]


def test_show_names_heads_and_hashes(jiesu: Jiesu, tiny: Path) -> None:
    found = jiesu("bundle", "show", tiny)
    assert found.code == 0
    bundle = load_bundle(tiny)
    assert bundle.content_hash in found.text
    assert bundle.manifest.jurisdiction in found.text
    assert all(head.name in found.text for head in bundle.manifest.heads)


def test_show_as_json_is_the_manifest(jiesu: Jiesu, tiny: Path) -> None:
    found = jiesu("bundle", "show", tiny, "--json")
    assert Manifest.model_validate_json(found.out) == load_bundle(tiny).manifest


def test_the_shipped_bundle_is_whole(jiesu: Jiesu) -> None:
    assert jiesu("bundle", "verify").text.startswith("whole ")
    assert jiesu("bundle", "show").code == 0


def test_verify_says_whole_or_what_is_wrong(jiesu: Jiesu, tiny: Path, tmp_path: Path) -> None:
    found = jiesu("bundle", "verify", tiny, "--json")
    assert json.loads(found.out) == {"ok": True, "content": load_bundle(tiny).content_hash}
    shutil.copytree(tiny, tmp_path / "broken")
    path = tmp_path / "broken" / WEIGHTS
    path.write_bytes(path.read_bytes()[:-1] + b"\x55")
    for extra in ([], ["--json"]):
        found = jiesu("bundle", "verify", "broken", *extra)
        assert (found.code, found.out) == (1, b"")
        assert "altered_file" in found.err
        assert WEIGHTS in found.err


@pytest.mark.parametrize("command", ["show", "verify"])
def test_an_unknown_key_is_named(command: str, jiesu: Jiesu, tiny: Path, tmp_path: Path) -> None:
    shutil.copytree(tiny, tmp_path / "broken")
    path = tmp_path / "broken" / "manifest.json"
    path.write_text(json.dumps({**json.loads(path.read_text("utf-8")), "surprise": 1}), "utf-8")
    found = jiesu("bundle", command, "broken")
    assert found.code == 1
    assert "manifest.json -> surprise" in found.err


def test_a_jurisdiction_that_has_changed_since_is_told(
    tiny: Path, jiesu: Jiesu, tmp_path: Path
) -> None:
    folder = tmp_path / "changed"
    shutil.copytree(tiny, folder)
    manifest = json.loads((folder / "manifest.json").read_text("utf-8"))
    manifest["jurisdiction_hash"] = "0" * 64
    (folder / "manifest.json").write_text(json.dumps(manifest), "utf-8")
    found = jiesu("bundle", "verify", str(folder))
    assert found.code == 1
    assert "other_jurisdiction" in found.err


def test_the_settings_name_the_bundle(
    tiny: Path, jiesu: Jiesu, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("JIESU_BUNDLE", str(tiny))
    found = jiesu("bundle", "verify", "--json")
    assert json.loads(found.out)["content"] == load_bundle(tiny).content_hash
