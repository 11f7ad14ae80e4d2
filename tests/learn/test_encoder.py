"""Fine-tuning: what the encoder is shown, that it learns and resumes, and what is exported."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from jiesu.bundle import GRAPH, PIECES
from jiesu.corpus.dedupe import near_duplicate_groups
from jiesu.errors import ConfigError, InputError
from jiesu.heads.pieces import Pieces
from jiesu.heads.transformer import TransformerTier
from jiesu.jurisdiction import load_jurisdiction
from jiesu.learn.conduct import KINDS
from jiesu.learn.encoder.build import load_encoder_config, train_encoder
from jiesu.learn.encoder.examples import NO_LABEL, Examples, make_examples
from jiesu.learn.encoder.folder import CARD, load_encoder, place_encoder, text_hash
from jiesu.learn.encoder.prune import prune_encoder
from jiesu.learn.encoder.restore import restore
from jiesu.resources import resource
from jiesu.text.normalise import normalise
from tiny_encoder import MATTERS, WHO, encoder_config

pytestmark = pytest.mark.slow


def examples_of(base: Path, data: Path, **changes: Any) -> Examples:
    config = encoder_config(base, **changes)
    pieces = Pieces.load(base / PIECES)
    return make_examples(config, data, load_jurisdiction("haikou-2018"), pieces)


def test_held_out_rows_and_their_near_duplicates_are_not_trained_on(
    tiny_base: Path, encoder_data: Path
) -> None:
    found = examples_of(tiny_base, encoder_data)
    held = {text_hash(row.appeal.text) for row in found.held_rows}
    assert len(found.held) == len(found.held_rows) == len(held) > 50
    texts = [row.appeal.text for row in found.held_rows]
    config = encoder_config(tiny_base)
    every = {
        row["text"]
        for path in ("said.jsonl",)
        for row in map(json.loads, (encoder_data / path).read_text("utf-8").splitlines())
    }
    trained = sorted(every - set(texts))
    groups = near_duplicate_groups([*texts, *trained])
    apart = set(groups[: len(texts)].tolist())
    shown = sum(example.path == "said.jsonl" for example in found.train)
    assert shown <= sum(group not in apart for group in groups[len(texts) :].tolist())
    assert config.hold


def test_a_row_without_a_label_of_a_head_says_so(tiny_base: Path, encoder_data: Path) -> None:
    found = examples_of(tiny_base, encoder_data)
    lines = [example for example in found.train if example.path == "lines.tsv"]
    assert lines
    assert all((example.labels == NO_LABEL).all() for example in lines)
    labelled = [example for example in found.train if example.path == "appeals.jsonl"]
    assert all((example.labels >= 0).any() for example in labelled)


def test_marks_lie_on_the_pieces_of_the_marked_words(tiny_base: Path, encoder_data: Path) -> None:
    found = examples_of(tiny_base, encoder_data)
    abuse = KINDS.index("abuse")
    pieces = Pieces.load(tiny_base / PIECES)
    for example, row in zip(found.held, found.held_rows, strict=True):
        if row.path != "said.jsonl" or example.marks is None:
            continue
        (cut,) = pieces.cut(normalise([row.appeal.text]))
        length = sum(end - start for _, start, end in row.marks or [])
        assert example.marks[:, abuse].sum() == (length if row.marks else 0)
        assert len(example.ids) == len(cut.ids) + 2
        assert not example.marks[[0, -1]].any()
        assert example.begins is not None
        assert example.begins.sum() == len(row.marks or [])
        assert not (example.begins & ~example.marks).any()


def test_files_that_must_not_be_trained_on_are_not(tiny_base: Path, encoder_data: Path) -> None:
    found = examples_of(tiny_base, encoder_data, exclude=["said.jsonl"])
    assert not any(example.path == "said.jsonl" for example in (*found.train, *found.held))


def test_long_texts_are_cut_and_the_share_is_told(tiny_base: Path, encoder_data: Path) -> None:
    found = examples_of(tiny_base, encoder_data, pieces=16)
    assert max(len(example.ids) for example in found.train) == 16
    assert 0.1 < found.cut < 0.9


def test_a_stopped_run_goes_on_to_the_same_weights(
    tiny_base: Path, encoder_data: Path, tmp_path: Path
) -> None:
    import torch

    from jiesu.learn.encoder.training import fine_tune

    config = encoder_config(tiny_base, epochs=1, save_every=3)
    found = examples_of(tiny_base, encoder_data, epochs=1, save_every=3)
    whole = fine_tune(config, found, tmp_path / "whole")

    class Stop(Exception):  # noqa: N818
        pass

    calls = []

    def stop_later(path: Path, state: dict[str, Any]) -> None:
        save(path, state)
        calls.append(state["step"])
        if len(calls) == 2:
            raise Stop

    from jiesu.learn.encoder import training

    save = training._save
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(training, "_save", stop_later)
        with pytest.raises(Stop):
            fine_tune(config, found, tmp_path / "stopped")
    told: list[str] = []
    rest = fine_tune(config, found, tmp_path / "stopped", tell=told.append)
    assert told[0] == "going on from step 6"
    for one, other in zip(whole.parameters(), rest.parameters(), strict=True):
        assert torch.equal(one, other)


def test_a_checkpoint_of_another_training_is_refused(
    tiny_base: Path, encoder_data: Path, tmp_path: Path
) -> None:
    from jiesu.learn.encoder.training import fine_tune

    found = examples_of(tiny_base, encoder_data)
    fine_tune(encoder_config(tiny_base, epochs=1), found, tmp_path)
    with pytest.raises(ConfigError, match="found one of a training of"):
        fine_tune(encoder_config(tiny_base, epochs=2), found, tmp_path)


def test_the_middle_that_no_window_reads_is_told(tiny_encoder: Path) -> None:
    tier = load_encoder(tiny_encoder).tier
    batch = normalise(["路灯坏了没人修，" * 60, "路灯坏了"])
    seen = tier.read(batch)
    assert set(seen.unread) == {0}
    start, end = seen.unread[0]
    cut = seen.cuts[0]
    assert len(cut.ids) == tier.most - 2
    assert not ((cut.starts < end) & (cut.ends > start)).any()
    assert cut.ends[cut.ends <= start].size
    assert cut.starts[cut.starts >= end].size


def test_a_training_goes_on_from_an_earlier_one(
    tiny_base: Path, encoder_data: Path, tiny_encoder: Path, tmp_path: Path
) -> None:
    before = load_encoder(tiny_encoder).card
    heads = encoder_config(tiny_base).model_dump()["heads"]
    topic = {"sources": [{"path": "appeals.jsonl", "label": "topic"}]}
    # Another split would hold other rows out: what was held out stays so.
    hold = {"appeals.jsonl": {"share": 0.1, "by": "groups"}}
    config = encoder_config(tiny_base, epochs=1, seed=8, hold=hold, heads={"topic": topic, **heads})
    told: list[str] = []
    after = train_encoder(
        config, data=encoder_data, output=tmp_path, start=tiny_encoder, tell=told.append
    )
    assert any("beginning with the weights" in line for line in told)
    assert set(after.held) == set(before.held)
    assert after.trained["start"] == before.trained
    assert [name for name, _ in after.labels] == ["topic", "type", "unit"]


def test_weights_are_taken_over_label_by_label(tiny_base: Path) -> None:
    from jiesu.learn.encoder.net import Network

    old = Network(tiny_base, {"type": ("help", "report"), "gone": ("x",)}, 0.0)
    new = Network(tiny_base, {"more": ("x",), "type": ("other", "report", "help")}, 0.0)
    fresh = new.whole.weight.detach().clone()
    new.take_over(old.state_dict(), old.labels)
    found, had = new.whole.weight.detach(), old.whole.weight.detach()
    assert (found[3] == had[0]).all()  # help
    assert (found[2] == had[1]).all()  # report
    assert (found[:2] == fresh[:2]).all()  # a new head and a new label begin anew
    assert (new.stretches.weight == old.stretches.weight).all()


def test_the_graph_says_what_the_network_says(
    tiny_base: Path, encoder_data: Path, tiny_encoder: Path, tmp_path: Path
) -> None:
    import torch

    from jiesu.learn.encoder.export import export_graph
    from jiesu.learn.encoder.net import Network
    from jiesu.learn.encoder.training import collate

    card = load_encoder(tiny_encoder).card
    network = Network(tiny_base, dict(card.labels), 0.0)
    state = torch.load(tiny_encoder / "checkpoint.pt", weights_only=True)
    network.load_state_dict(state["network"])
    network.eval()
    export_graph(network, tmp_path / GRAPH)
    exact = TransformerTier.load(
        tmp_path / GRAPH, tiny_encoder / PIECES, labels=dict(card.labels), most=card.pieces
    )
    served = load_encoder(tiny_encoder).tier
    found = examples_of(tiny_base, encoder_data)
    texts = [row.appeal.text for row in found.held_rows[:30] if not row.appeal.turns]
    batch = normalise(texts)
    seen, small = exact.read(batch), served.read(batch)
    for place, cut in enumerate(seen.cuts):
        ids = torch.tensor([[Pieces.BEGIN, *cut.ids.tolist(), Pieces.END]])
        with torch.inference_mode():
            whole, stretches, offends, begins = network(ids, torch.ones_like(ids))
        assert np.allclose(whole.numpy()[0], seen.whole[place], atol=1e-4)
        assert np.allclose(offends.numpy()[0], seen.offends[place], atol=1e-4)
        assert np.allclose(stretches.numpy()[0, 1:-1], seen.stretches[place], atol=1e-4)
        assert np.allclose(begins.numpy()[0, 1:-1], seen.begins[place], atol=1e-4)
    assert np.corrcoef(seen.whole.ravel(), small.whole.ravel())[0, 1] > 0.99
    assert collate(found.held[:2])[0].shape[0] == 2


def test_a_served_encoder_can_be_trained_again(
    tiny_base: Path, tiny_encoder: Path, encoder_data: Path, tmp_path: Path
) -> None:
    import torch

    from jiesu.learn.encoder.net import Network

    card = load_encoder(tiny_encoder).card
    assert restore(tiny_encoder, tiny_base, tmp_path) == len(Pieces.load(tiny_encoder / PIECES))
    assert load_encoder(tmp_path).card == card
    exact, rounded = (
        Network(base, dict(card.labels), 0.0).eval() for base in (tiny_base, tmp_path)
    )
    for network, folder in ((exact, tiny_encoder), (rounded, tmp_path)):
        state = torch.load(folder / "checkpoint.pt", weights_only=True)
        network.take_over(state["network"], state["labels"])
    for (name, one), other in zip(exact.named_parameters(), rounded.parameters(), strict=True):
        # Rounded to int8, a scale a column; embeddings and layer norms exactly as they were.
        loss = (one - other).abs().max()
        assert loss <= one.abs().max() / 127 + 1e-7, name
        assert loss == 0 or name.endswith("weight"), name
    config = encoder_config(tmp_path, epochs=1)
    again = train_encoder(config, data=encoder_data, output=tmp_path / "on", start=tmp_path)
    assert set(again.held) == set(card.held)


def test_a_base_of_other_pieces_cannot_restore(
    tiny_base: Path, tiny_encoder: Path, tmp_path: Path
) -> None:
    small = tmp_path / "small"
    prune_encoder(tiny_base, small, ["路灯坏了"], at_least=1)
    with pytest.raises(InputError, match="pieces wanted are not among"):
        restore(tiny_encoder, small, tmp_path / "out")


def test_a_second_label_is_learned_a_little(tiny_base: Path, tmp_path: Path) -> None:
    import torch

    from jiesu.learn.encoder.net import HeadLoss, Truth, losses

    logits = torch.tensor([[3.0, 0.0, -3.0]])
    nothing = torch.zeros((1, 2, len(KINDS)))
    empty = Truth(*(torch.zeros(0),) * 2, nothing, nothing, torch.zeros((1, 2)))

    def loss(first: int, second: int, classes: tuple[float, ...] = (1.0, 1.0, 1.0)) -> float:
        truth = empty._replace(labels=torch.tensor([[first]]), seconds=torch.tensor([[second]]))
        head = HeadLoss(1.0, torch.tensor(classes), 0.25)
        parts = (logits, nothing, torch.zeros((1, len(KINDS))), nothing)
        return float(losses(parts, truth, [head], 0.0))

    alone, other = loss(0, NO_LABEL), loss(2, NO_LABEL)
    assert loss(0, 2) == pytest.approx(0.75 * alone + 0.25 * other, abs=1e-5)
    assert loss(0, NO_LABEL, (2.0, 1.0, 1.0)) == pytest.approx(2 * alone, abs=1e-5)
    assert loss(NO_LABEL, NO_LABEL) == 0.0


def test_a_training_ends_early_with_its_best_weights(
    tiny_base: Path, encoder_data: Path, tmp_path: Path
) -> None:
    from jiesu.learn.encoder.training import fine_tune

    # At such a rate every further epoch is worse than the first.
    changes = {"epochs": 6, "patience": 1, "rate": 0.5, "head_rate": 0.5}
    found = examples_of(tiny_base, encoder_data, **changes)
    told: list[str] = []
    fine_tune(encoder_config(tiny_base, **changes), found, tmp_path, tell=told.append)
    assert 2 <= sum("held out" in line for line in told) < 6


def test_batches_add_up_to_a_step(tiny_base: Path, encoder_data: Path, tmp_path: Path) -> None:
    import torch

    from jiesu.learn.encoder.training import CHECKPOINT, fine_tune

    changes = {"epochs": 1, "batch": 512, "accumulate": 3, "save_every": 1}
    found = examples_of(tiny_base, encoder_data, **changes)
    fine_tune(encoder_config(tiny_base, **changes), found, tmp_path)
    state = torch.load(tmp_path / CHECKPOINT, weights_only=True)
    steps = {int(part["step"]) for part in state["optimiser"]["state"].values()}
    assert steps == {-(-state["plan"] // 3)}


def test_fine_tuning_teaches(tiny_base: Path, tmp_path: Path) -> None:
    rows = [{"text": f"{who}{matter}", "matter": matter} for who in WHO for matter in MATTERS[:3]]
    lines = [json.dumps(row, ensure_ascii=False) for row in rows]
    (tmp_path / "rows.jsonl").write_text("\n".join(lines), "utf-8")
    heads = {"matter": {"sources": [{"path": "rows.jsonl", "label": "matter"}]}}
    config = encoder_config(tiny_base, heads=heads, conduct=None, hold={}, epochs=20, batch=128)
    train_encoder(config, data=tmp_path, output=tmp_path / "out")
    trained = load_encoder(tmp_path / "out")
    ((_, labels),) = trained.card.labels
    seen = trained.tier.read(normalise([row["text"] for row in rows]))
    said = [labels[column] for column in seen.whole.argmax(axis=1)]
    assert np.mean([one == row["matter"] for one, row in zip(said, rows, strict=True)]) > 0.9


def test_what_was_held_out_is_known_by_its_hash(tiny_encoder: Path) -> None:
    trained = load_encoder(tiny_encoder)
    raw = (tiny_encoder / CARD).read_text("utf-8")
    assert not any("\u4e00" <= char <= "\u9fff" for hash_ in trained.card.held for char in hash_)
    assert len(trained.card.held) > 50
    assert "路灯坏了" not in raw


@pytest.mark.parametrize("name", [CARD, GRAPH, PIECES])
def test_a_folder_that_lacks_a_file_is_refused(
    tiny_encoder: Path, tmp_path: Path, name: str
) -> None:
    copy = place_encoder(str(tiny_encoder), tmp_path)
    (copy / name).unlink()
    with pytest.raises(InputError, match=name):
        load_encoder(copy)
    with pytest.raises(InputError, match=name):
        place_encoder(str(copy), tmp_path / "other")


def test_a_base_without_tokenizer_is_refused(tmp_path: Path, encoder_data: Path) -> None:
    with pytest.raises(InputError, match=r"tokenizer\.json"):
        train_encoder(encoder_config(tmp_path), data=encoder_data, output=tmp_path / "out")


def test_the_shipped_config_is_read_and_faults_are_named(tmp_path: Path) -> None:
    config = load_encoder_config(resource("configs", "train", "encoder.yaml"))
    assert {"type", "unit", "disposition"} <= set(config.heads)
    wrong = tmp_path / "wrong.yaml"
    wrong.write_text("base: x\ndata: d\noutput: o\njurisdiction: j\nheads: {}\nrates: 3\n", "utf-8")
    with pytest.raises(ConfigError, match=r"heads|rates"):
        load_encoder_config(wrong)
