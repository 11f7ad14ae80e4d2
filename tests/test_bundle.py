"""The bundle: what is saved is what loads, and whatever was altered is refused by name."""

from __future__ import annotations

import ast
import json
import pickle
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import jiesu
from jiesu.bundle import (
    FORMAT,
    IDF,
    MANIFEST,
    VOCABULARY,
    WEIGHTS,
    file_hash,
    hash_of,
    load_bundle,
    read_manifest,
    save_bundle,
)
from jiesu.engine import Engine, load
from jiesu.errors import BundleError
from jiesu.heads.prepare import prepare
from jiesu.jurisdiction import load_jurisdiction
from jiesu.resources import resource
from jiesu.schema import Appeal
from jiesu.text.redact import looks_personal
from jiesu.text.segment import Segmenter

Json = dict[str, Any]
Tamper = Callable[[Path, Json], None]


def contents(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in sorted(folder.iterdir())}


def entries(folder: Path) -> list[tuple[str, str]]:
    lines = (folder / VOCABULARY).read_bytes().decode().removesuffix("\n").split("\n")
    pairs = [line.split("\t") for line in lines]
    return [(kind, entry) for kind, entry in pairs]


def altered(source: Path, target: Path, tamper: Tamper, *, rehash: bool = False) -> Path:
    """Copy a bundle and tamper with it; `rehash`: whoever did it also mended the file hashes."""
    shutil.copytree(source, target)
    manifest: Json = json.loads((target / MANIFEST).read_bytes())
    tamper(target, manifest)
    if rehash:
        manifest["files"] = {name: file_hash(target / name) for name in manifest["files"]}
    (target / MANIFEST).write_text(json.dumps(manifest, ensure_ascii=False), "utf-8")
    return target


def flip_weight(folder: Path, manifest: Json) -> None:
    data = bytearray((folder / WEIGHTS).read_bytes())
    data[-1] ^= 0x10
    (folder / WEIGHTS).write_bytes(data)


def edit_vocabulary(folder: Path, manifest: Json) -> None:
    path = folder / VOCABULARY
    path.write_bytes(path.read_bytes().replace("路灯".encode(), "灯路".encode(), 1))


def with_array(name: str, change: Callable[[Any], Any]) -> Tamper:
    """Put another array in place of a file's own."""
    return lambda folder, manifest: np.save(folder / name, change(np.load(folder / name)))


def with_bytes(name: str, change: Callable[[bytes], bytes]) -> Tamper:
    def tamper(folder: Path, manifest: Json) -> None:
        (folder / name).write_bytes(change((folder / name).read_bytes()))

    return tamper


def with_objects(folder: Path, manifest: Json) -> None:
    np.save(folder / WEIGHTS, np.array([{"a": 1}], dtype=object), allow_pickle=True)


def with_zip(folder: Path, manifest: Json) -> None:
    with (folder / WEIGHTS).open("wb") as stream:
        np.savez(stream, weights=np.zeros(3))


def lines(change: Callable[[list[str]], list[str]]) -> Tamper:
    """Put other lines in place of the vocabulary's."""

    def tamper(folder: Path, manifest: Json) -> None:
        path = folder / VOCABULARY
        found = path.read_bytes().decode().removesuffix("\n").split("\n")
        path.write_bytes("".join(f"{line}\n" for line in change(found)).encode())

    return tamper


def reorder(folder: Path, manifest: Json) -> None:
    labels = manifest["heads"][0]["labels"]
    labels[0], labels[1] = labels[1], labels[0]


def fewer_biases(folder: Path, manifest: Json) -> None:
    manifest["heads"][0]["bias"].pop()


def unknown_unit(folder: Path, manifest: Json) -> None:
    head = next(head for head in manifest["heads"] if head["name"] == "unit")
    head["labels"][0] = "无此单位"
    head["labels_hash"] = hash_of(head["labels"])


def types_swapped(folder: Path, manifest: Json) -> None:
    head = next(head for head in manifest["heads"] if head["name"] == "type")
    head["labels"].reverse()
    head["labels_hash"] = hash_of(head["labels"])


def removed(name: str) -> Tamper:
    return lambda folder, manifest: (folder / name).unlink()


def put(value: Any, *keys: str | int) -> Tamper:
    def tamper(folder: Path, manifest: Json) -> None:
        place: Any = manifest
        for key in keys[:-1]:
            place = place[key]
        place[keys[-1]] = value

    return tamper


TAMPERINGS = [
    pytest.param(flip_weight, "altered_file", id="one bit of the weights"),
    pytest.param(edit_vocabulary, "altered_file", id="one entry of the vocabulary"),
    pytest.param(removed(IDF), "missing_file", id="a file gone"),
    pytest.param(removed(VOCABULARY), "missing_file", id="the vocabulary gone"),
    pytest.param(reorder, "altered_labels", id="labels in another order"),
    pytest.param(put("0" * 64, "heads", 0, "labels_hash"), "altered_labels", id="labels' hash"),
    pytest.param(fewer_biases, "altered_labels", id="fewer biases than labels"),
    pytest.param(put(1, "surprise"), "bad_manifest", id="a key nobody knows"),
    pytest.param(
        put(1, "heads", 0, "calibration", "surprise"), "bad_manifest", id="such a key deep inside"
    ),
    pytest.param(put("seven", "seed"), "bad_manifest", id="a value of the wrong type"),
    pytest.param(put({}, "files"), "bad_manifest", id="no file under a hash"),
    pytest.param(put("0" * 64, "files", "../else"), "bad_manifest", id="a file outside"),
    pytest.param(put(FORMAT + 1, "format"), "bad_format", id="another format"),
    pytest.param(put("0.0.1", "tokeniser", "version"), "other_tokeniser", id="other tokeniser"),
    pytest.param(put("jieba", "tokeniser", "backend"), "other_tokeniser", id="other back end"),
    pytest.param(put("0" * 64, "tokeniser", "words_hash"), "other_words", id="other dictionary"),
]
# These hold even against someone who mends the hashes of the files: the content is at fault.
CRAFTED = [
    pytest.param(with_array(WEIGHTS, lambda w: w[:, :-1]), "bad_shape", id="a column gone"),
    pytest.param(with_array(WEIGHTS, lambda w: w[0]), "bad_shape", id="a single row"),
    pytest.param(with_array(IDF, lambda idf: idf[:-1]), "bad_shape", id="an idf weight gone"),
    pytest.param(with_array(IDF, lambda idf: idf * np.nan), "bad_array", id="not a number"),
    pytest.param(with_array(WEIGHTS, lambda w: w.astype(str)), "bad_array", id="texts, no numbers"),
    pytest.param(with_objects, "bad_array", id="objects in the npy"),
    pytest.param(with_bytes(WEIGHTS, lambda _: pickle.dumps([1])), "bad_array", id="a pickle"),
    pytest.param(with_bytes(WEIGHTS, lambda raw: raw[:-10]), "bad_array", id="a cut npy"),
    pytest.param(with_bytes(WEIGHTS, lambda _: b""), "bad_array", id="an empty npy"),
    pytest.param(
        with_bytes(WEIGHTS, lambda raw: b"PK\3\4" + raw),
        "bad_array",
        id="a broken zip",
    ),
    pytest.param(with_zip, "bad_array", id="a zip named npy"),
    pytest.param(
        with_bytes(VOCABULARY, lambda raw: raw.decode().encode("gb18030")),
        "bad_vocabulary",
        id="a vocabulary that is not UTF-8",
    ),
    pytest.param(
        lines(lambda old: ["路灯", *old[1:]]), "bad_vocabulary", id="a line without a kind"
    ),
    pytest.param(lines(lambda old: ["q\t路", *old[1:]]), "bad_vocabulary", id="a kind of its own"),
    pytest.param(lines(lambda old: ["c\t", *old[1:]]), "bad_vocabulary", id="an empty n-gram"),
    pytest.param(lines(lambda old: old[:-1]), "bad_shape", id="a line fewer"),
    pytest.param(lines(lambda old: [old[0], *old[:-1]]), "duplicate_entry", id="an entry twice"),
]


def test_a_loaded_bundle_saves_to_the_same_bytes(tiny: Path, tmp_path: Path) -> None:
    loaded = load_bundle(tiny)
    manifest = loaded.manifest
    taken = {"heads", "files", "format", "package", "ngrams"}
    save_bundle(
        tmp_path / "again",
        words=loaded.words,
        linear=loaded.linear,
        manifest=manifest.model_dump(exclude=taken),
        pooled={head.name: head.pooled for head in manifest.heads},
        floors={head.name: head.floors for head in manifest.heads},
        rows={head.name: head.rows for head in manifest.heads},
    )
    assert contents(tmp_path / "again") == contents(tiny)


def test_what_loads_is_what_was_saved(tiny: Path) -> None:
    loaded = load_bundle(tiny)
    vocabulary = loaded.linear.vocabulary
    assert list(zip(vocabulary.kinds, vocabulary.entries, strict=True)) == entries(tiny)
    assert np.array_equal(loaded.linear.steps, np.load(tiny / WEIGHTS))
    assert np.array_equal(vocabulary.idf, np.load(tiny / IDF))
    assert [(h.name, h.labels) for h in loaded.linear.heads] == [
        (h.name, h.labels) for h in loaded.manifest.heads
    ]


def test_same_seed_and_data_give_the_same_bytes_in_another_process(
    tiny: Path, tiny_config: Callable[..., Any], child_env: dict[str, str], tmp_path: Path
) -> None:
    code = (
        "import sys; from pathlib import Path; from jiesu.learn.config import TrainConfig; "
        "from jiesu.learn.train import train; "
        "train(TrainConfig.model_validate_json(sys.argv[1]), data=Path(sys.argv[2]), "
        "output=Path(sys.argv[3]))"
    )
    samples = resource("data", "samples")
    subprocess.run(
        [sys.executable, "-c", code, tiny_config().model_dump_json(), samples, tmp_path / "b"],
        env=child_env | {"PYTHONHASHSEED": "12345"},
        check=True,
    )
    assert contents(tmp_path / "b") == contents(tiny)


@pytest.mark.parametrize(("tamper", "code"), TAMPERINGS)
def test_tampering_is_refused(tamper: Tamper, code: str, tiny: Path, tmp_path: Path) -> None:
    folder = altered(tiny, tmp_path / "bundle", tamper)
    with pytest.raises(BundleError) as caught:
        load(folder)
    assert caught.value.code == code
    assert len(caught.value.message.splitlines()) == 1


@pytest.mark.parametrize(("tamper", "code"), CRAFTED)
def test_crafted_content_is_refused(tamper: Tamper, code: str, tiny: Path, tmp_path: Path) -> None:
    folder = altered(tiny, tmp_path / "bundle", tamper, rehash=True)
    with pytest.raises(BundleError) as caught:
        load(folder)
    assert caught.value.code == code


@pytest.mark.parametrize("text", [b"", b"{", b"\xff\xfe{", b"[]", b"null"], ids=repr)
def test_a_broken_manifest_is_refused(text: bytes, tmp_path: Path) -> None:
    (tmp_path / MANIFEST).write_bytes(text)
    with pytest.raises(BundleError) as caught:
        read_manifest(tmp_path)
    assert caught.value.code == "bad_manifest"


def test_no_bundle_is_said_so(tmp_path: Path) -> None:
    for source, code in ((tmp_path, "no_manifest"), (tmp_path / "nowhere", "no_bundle")):
        with pytest.raises(BundleError) as caught:
            load(source)
        assert caught.value.code == code


def test_labels_that_the_jurisdiction_does_not_have_are_refused(tiny: Path, tmp_path: Path) -> None:
    with pytest.raises(BundleError) as caught:
        load(altered(tiny, tmp_path / "unit", unknown_unit))
    assert caught.value.code == "other_catalogue"
    # Weights in another order than the contract's would still load; no appeal may be judged so.
    engine = load(altered(tiny, tmp_path / "type", types_swapped))
    with pytest.raises(BundleError) as caught:
        engine.score(["路灯坏了"])
    assert caught.value.code == "other_labels"


def test_texts_are_cut_by_the_dictionary_that_was_trained_with(
    tiny: Path, tmp_path: Path, samples: list[Appeal]
) -> None:
    folder = tmp_path / "haikou"
    shutil.copytree(resource("configs", "jurisdictions", "haikou-2018"), folder)
    with (folder / "words.txt").open("a", encoding="utf-8") as stream:
        stream.write("路灯坏了\n")
    here, there = load(tiny), load(tiny, jurisdiction=folder)
    for head, scores in here.probabilities(samples).items():
        assert np.array_equal(scores, there.probabilities(samples)[head])


def test_a_bundle_that_cannot_judge_says_which_head_is_missing(
    tiny_config: Callable[..., Any], tmp_path: Path
) -> None:
    from jiesu.learn.train import train

    only_topic = {"topic": tiny_config().heads["topic"].model_dump()}
    train(
        tiny_config(heads=only_topic), data=resource("data", "samples"), output=tmp_path / "topic"
    )
    engine = load(tmp_path / "topic")
    assert set(engine.probabilities([Appeal(id="1", text="路灯坏了")])) == {"topic"}
    with pytest.raises(BundleError) as caught:
        engine.score(["路灯坏了"])
    assert caught.value.code == "missing_head"


def test_the_vocabulary_holds_nothing_rarer_than_the_least_count(
    tiny: Path, samples: list[Appeal]
) -> None:
    manifest = read_manifest(tiny)
    segmenter = Segmenter(load_jurisdiction("haikou-2018").words)
    prepared = prepare(
        list(dict.fromkeys(appeal.text for appeal in samples)), segmenter, mask_personal=True
    )
    rows = [prepared.batch.row(number) for number in range(len(prepared.batch))]
    words = [set(segmenter.cut(row)) for row in rows]
    for kind, entry in entries(tiny):
        seen = sum(
            entry in (row if kind == "c" else cut) for row, cut in zip(rows, words, strict=True)
        )
        assert seen >= manifest.min_count >= 3, (kind, seen)


@pytest.mark.parametrize("source", ["tiny", "default"])
def test_the_vocabulary_holds_nothing_that_looks_personal(source: str, tiny: Path) -> None:
    folder = tiny if source == "tiny" else resource("models", "default")
    assert [entry for _, entry in entries(folder) if looks_personal(entry)] == []


def test_the_manifest_holds_neither_paths_of_a_machine_nor_text(
    tiny: Path, samples: list[Appeal]
) -> None:
    text = (tiny / MANIFEST).read_text("utf-8")
    assert str(tiny.parent) not in text
    assert str(resource("data")) not in text
    assert not [appeal.id for appeal in samples if appeal.text[:12] in text]


def test_nothing_in_the_package_can_read_a_pickle() -> None:
    found = []
    for path in Path(jiesu.__file__).parent.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            names = []
            if isinstance(node, ast.Import):
                names = [alias.name for alias in node.names]
            elif isinstance(node, ast.ImportFrom):
                names = [node.module or ""]
            elif isinstance(node, ast.keyword) and node.arg == "allow_pickle":
                names = [] if ast.unparse(node.value) == "False" else ["allow_pickle"]
            roots = {name.partition(".")[0] for name in names}
            found += [
                (path.name, root)
                for root in roots
                & {"pickle", "joblib", "cloudpickle", "dill", "marshal", "shelve", "allow_pickle"}
            ]
    assert found == []


def test_an_engine_of_a_loaded_bundle_is_the_engine_of_its_folder(tiny: Path) -> None:
    built = Engine(load_bundle(tiny), load_jurisdiction("haikou-2018"))
    assert built.score(["路灯坏了"]) == load(tiny).score(["路灯坏了"])
