"""Fine-tuning, resumable: the same seed, data and number of threads give the same weights."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from time import monotonic
from typing import Any

import numpy as np
import torch
from torch import Tensor

from jiesu.errors import ConfigError
from jiesu.heads.pieces import Pieces
from jiesu.learn.conduct import KINDS
from jiesu.learn.encoder.config import EncoderConfig
from jiesu.learn.encoder.examples import Example, Examples
from jiesu.learn.encoder.net import Network, losses

Progress = Callable[[str], None]
CHECKPOINT = "checkpoint.pt"
_SORTED = 24
"""Batches whose rows are sorted by length together: little padding, still well mixed."""
_FLOOR = 0.02
"""Share of the rate that the last step still has."""


def epoch_batches(
    examples: Sequence[Example], config: EncoderConfig, epoch: int
) -> list[list[int]]:
    """Return the rows of every batch of an epoch: alike in length, at most `batch` pieces."""
    random = np.random.default_rng([config.seed, epoch])
    rows = []
    for number, example in enumerate(examples):
        times = config.repeat.get(example.path, 1.0)
        rows += [number] * (int(times) + int(random.random() < times % 1))
    random.shuffle(rows)
    batches: list[list[int]] = []
    pool = max(1, _SORTED * config.batch // 64)
    for start in range(0, len(rows), pool):
        part = sorted(rows[start : start + pool], key=lambda row: len(examples[row].ids))
        batch: list[int] = []
        for row in part:
            if batch and (len(batch) + 1) * len(examples[row].ids) > config.batch:
                batches.append(batch)
                batch = []
            batch.append(row)
        batches.append(batch)
    random.shuffle(batches)
    return batches


def collate(rows: Sequence[Example]) -> tuple[Tensor, Tensor, Tensor, Tensor, Tensor]:
    """Return ids, mask, labels, marks and judged of a batch, padded to its longest row."""
    longest = max(len(row.ids) for row in rows)
    ids = torch.full((len(rows), longest), Pieces.PAD, dtype=torch.long)
    mask = torch.zeros((len(rows), longest), dtype=torch.long)
    marks = torch.zeros((len(rows), longest, len(KINDS)))
    judged = torch.zeros((len(rows), longest))
    for number, row in enumerate(rows):
        count = len(row.ids)
        ids[number, :count] = torch.from_numpy(row.ids)
        mask[number, :count] = 1
        if row.marks is not None:
            marks[number, :count] = torch.from_numpy(row.marks).float()
            judged[number, 1 : count - 1] = 1
    labels = torch.from_numpy(np.stack([row.labels for row in rows]))
    return ids, mask, labels, marks, judged


def fine_tune(
    config: EncoderConfig,
    examples: Examples,
    output: Path,
    *,
    start: Path | None = None,
    tell: Progress = lambda _: None,
) -> Network:
    """Train, or go on from the checkpoint in `output`, and return the network.

    start: the folder of an earlier training, whose weights are where this one begins.
    """
    device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
    torch.manual_seed(config.seed)
    network = Network(config.base, examples.labels, config.dropout).to(device)
    groups = network.groups(
        rate=config.rate,
        layer_decay=config.layer_decay,
        head_rate=config.head_rate,
        frozen=config.frozen,
    )
    optimiser = torch.optim.AdamW(groups, weight_decay=config.weight_decay, fused=True)
    plan = [
        (epoch, batch)
        for epoch in range(config.epochs)
        for batch in epoch_batches(examples.train, config, epoch)
    ]
    warm = max(1, int(config.warm_up * len(plan)))
    schedule = torch.optim.lr_scheduler.LambdaLR(
        optimiser,
        lambda step: min(
            (step + 1) / warm,
            max(_FLOOR, 1 - (step - warm) / max(1, len(plan) - warm)),
        ),
    )
    checkpoint = output / CHECKPOINT
    first = 0
    if start is not None and not checkpoint.is_file():
        state = torch.load(start / CHECKPOINT, weights_only=True, map_location="cpu")
        network.take_over(state["network"], state["labels"])
        tell(f"beginning with the weights of {start}")
    if checkpoint.is_file():
        state = torch.load(checkpoint, weights_only=True, map_location="cpu")
        if state["plan"] != len(plan):
            raise ConfigError(
                "other_checkpoint",
                f"{checkpoint.name}: found one of a training of {state['plan']} steps, expected "
                f"{len(plan)}: config or data changed; name another output, or delete it",
            )
        first = state["step"]
        network.load_state_dict(state["network"])
        optimiser.load_state_dict(state["optimiser"])
        schedule.load_state_dict(state["schedule"])
        tell(f"going on from step {first}")
    weights = [head.weight for head in config.heads.values()]
    conduct = config.conduct.weight if config.conduct else 0.0
    began, total = monotonic(), 0.0
    network.train()
    for step in range(first, len(plan)):
        epoch, rows = plan[step]
        torch.manual_seed(config.seed * 1_000_003 + step)  # the same dropout after a restart
        batch = [part.to(device) for part in collate([examples.train[row] for row in rows])]
        ids, mask, labels, marks, judged = batch
        with torch.autocast(device.type, dtype=torch.bfloat16):
            logits = network(ids, mask)
        loss = losses(logits, labels, marks, judged, network.sizes, weights, conduct)
        optimiser.zero_grad(set_to_none=True)
        torch.autograd.backward(loss)
        torch.nn.utils.clip_grad_norm_(network.parameters(), 1.0)
        optimiser.step()
        schedule.step()
        total += float(loss.detach())
        if (step + 1) % 50 == 0:
            pace = (monotonic() - began) / (step + 1 - first)
            left = pace * (len(plan) - step - 1) / 60
            tell(
                f"step {step + 1} of {len(plan)}, epoch {epoch + 1}, loss {total / 50:.4f}, "
                f"{pace:.2f} s a step, {left:.0f} min left"
            )
            total = 0.0
        if (step + 1) % config.save_every == 0 or step + 1 == len(plan):
            _save(
                checkpoint,
                {
                    "step": step + 1,
                    "plan": len(plan),
                    "labels": network.labels,
                    "network": network.state_dict(),
                    "optimiser": optimiser.state_dict(),
                    "schedule": schedule.state_dict(),
                },
            )
    return network


def _save(path: Path, state: dict[str, Any]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_suffix(".part")
    torch.save(state, part)
    part.replace(path)
