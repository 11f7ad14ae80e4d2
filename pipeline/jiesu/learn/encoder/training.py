"""Fine-tuning, resumable: the same seed, data and number of threads give the same weights."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from time import monotonic
from typing import Any, NamedTuple

import numpy as np
import torch
from torch import Tensor

from jiesu.errors import ConfigError
from jiesu.heads.pieces import Pieces
from jiesu.learn.conduct import KINDS
from jiesu.learn.encoder.config import EncoderConfig
from jiesu.learn.encoder.examples import Example, Examples
from jiesu.learn.encoder.net import HeadLoss, Network, Truth, losses

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


def collate(rows: Sequence[Example]) -> tuple[Tensor, Tensor, Truth]:
    """Return ids, mask and what is known of a batch, padded to its longest row."""
    longest = max(len(row.ids) for row in rows)
    ids = torch.full((len(rows), longest), Pieces.PAD, dtype=torch.long)
    mask = torch.zeros((len(rows), longest), dtype=torch.long)
    marks = torch.zeros((len(rows), longest, len(KINDS)))
    begins = torch.zeros_like(marks)
    judged = torch.zeros((len(rows), longest))
    for number, row in enumerate(rows):
        count = len(row.ids)
        ids[number, :count] = torch.from_numpy(row.ids)
        mask[number, :count] = 1
        if row.marks is not None and row.begins is not None:
            marks[number, :count] = torch.from_numpy(row.marks).float()
            begins[number, :count] = torch.from_numpy(row.begins).float()
            judged[number, 1 : count - 1] = 1
    labels = torch.from_numpy(np.stack([row.labels for row in rows]))
    seconds = torch.from_numpy(np.stack([row.seconds for row in rows]))
    return ids, mask, Truth(labels, seconds, marks, begins, judged)


def head_losses(config: EncoderConfig, examples: Examples) -> list[HeadLoss]:
    """Return what each head's loss counts: classes by their sizes in training."""
    found = []
    for number, (name, head) in enumerate(config.heads.items()):
        known = [int(row.labels[number]) for row in examples.train if row.labels[number] >= 0]
        sizes = np.bincount(known, minlength=len(examples.labels[name])).clip(min=1)
        classes = (sizes.mean() / sizes) ** head.balance
        classes /= max(1e-9, float((classes * sizes).sum() / sizes.sum()))
        found.append(HeadLoss(head.weight, torch.from_numpy(classes).float(), head.share))
    return found


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
    ends = {epoch: number for number, (epoch, _) in enumerate(plan)}
    steps = -(-len(plan) // config.accumulate)
    warm = max(1, int(config.warm_up * steps))
    schedule = torch.optim.lr_scheduler.LambdaLR(
        optimiser,
        lambda step: min(
            (step + 1) / warm,
            max(_FLOOR, 1 - (step - warm) / max(1, steps - warm)),
        ),
    )
    checkpoint = output / CHECKPOINT
    first, best = 0, Best()
    if start is not None and not checkpoint.is_file():
        state = torch.load(start / CHECKPOINT, weights_only=True, map_location="cpu")
        network.take_over(state["network"], state["labels"])
        tell(f"beginning with the weights of {start}")
    if checkpoint.is_file():
        state = torch.load(checkpoint, weights_only=True, map_location="cpu")
        if state.get("plan") != len(plan):
            raise ConfigError(
                "other_checkpoint",
                f"{checkpoint.name}: found one of a training of {state.get('plan')} steps, "
                f"expected {len(plan)}: config or data changed; name another output, or delete it",
            )
        first = state["step"]
        network.load_state_dict(state["network"])
        optimiser.load_state_dict(state["optimiser"])
        schedule.load_state_dict(state["schedule"])
        best = Best(*state["best"])
        tell(f"going on from step {first}")
    heads = [
        head._replace(classes=head.classes.to(device)) for head in head_losses(config, examples)
    ]
    conduct = config.conduct.weight if config.conduct else 0.0
    began, total = monotonic(), 0.0
    network.train()
    for step in range(first, len(plan)):
        epoch, rows = plan[step]
        if best.epoch + config.patience < epoch and config.patience:
            break
        torch.manual_seed(config.seed * 1_000_003 + step)  # the same dropout after a restart
        loss = _loss(network, [examples.train[row] for row in rows], heads, conduct)
        torch.autograd.backward(loss / config.accumulate)
        last = step + 1 == len(plan)
        whole = last or (step + 1) % config.accumulate == 0
        if whole:
            torch.nn.utils.clip_grad_norm_(network.parameters(), 1.0)
            optimiser.step()
            optimiser.zero_grad(set_to_none=True)
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
        if config.patience and ends[epoch] == step:
            best = _judge(network, examples, config, heads, conduct, best, epoch)
            tell(f"epoch {epoch + 1}: loss {best.last:.4f} on the rows held out")
        # A checkpoint between the batches of a step would lose their gradients.
        if last or (whole and (step + 1) % (config.save_every * config.accumulate) == 0):
            _save(
                checkpoint,
                {
                    "step": step + 1,
                    "plan": len(plan),
                    "labels": network.labels,
                    "network": network.state_dict(),
                    "optimiser": optimiser.state_dict(),
                    "schedule": schedule.state_dict(),
                    "best": tuple(best),
                },
            )
    if best.weights:
        network.load_state_dict(best.weights)
        state = torch.load(checkpoint, weights_only=True, map_location="cpu")
        _save(checkpoint, {**state, "network": network.state_dict()})  # what goes on from here
    return network


class Best(NamedTuple):
    """The epoch with the lowest loss on the rows held out, its weights, and the latest loss."""

    epoch: int = 0
    loss: float = float("inf")
    last: float = float("inf")
    weights: dict[str, Tensor] = {}  # noqa: RUF012  (never written to)


def _loss(
    network: Network, rows: Sequence[Example], heads: Sequence[HeadLoss], conduct: float
) -> Tensor:
    device = heads[0].classes.device
    ids, mask, truth = collate(rows)
    with torch.autocast(device.type, dtype=torch.bfloat16):
        logits = network(ids.to(device), mask.to(device))
    return losses(logits, Truth(*(part.to(device) for part in truth)), heads, conduct)


def _judge(
    network: Network,
    examples: Examples,
    config: EncoderConfig,
    heads: Sequence[HeadLoss],
    conduct: float,
    best: Best,
    epoch: int,
) -> Best:
    network.eval()
    held = sorted(examples.held, key=lambda row: len(row.ids))
    size = max(1, config.batch // max(len(row.ids) for row in held))
    with torch.inference_mode():
        found = [
            float(_loss(network, held[at : at + size], heads, conduct)) * len(held[at : at + size])
            for at in range(0, len(held), size)
        ]
    network.train()
    loss = sum(found) / len(held)
    if loss >= best.loss:
        return best._replace(last=loss)
    return Best(epoch, loss, loss, {k: v.detach().clone() for k, v in network.state_dict().items()})


def _save(path: Path, state: dict[str, Any]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_suffix(".part")
    torch.save(state, part)
    part.replace(path)
