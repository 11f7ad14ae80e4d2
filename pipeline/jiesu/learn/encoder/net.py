"""The network: a pretrained BERT, a linear head a task over its mean, one over every piece."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import torch
from torch import Tensor, nn
from transformers import AutoModel
from transformers.utils import logging

from jiesu.learn.conduct import KINDS

_LAYER = re.compile(r"\blayer\.(\d+)\.")
_RARE = -4.0
"""Where the heads for conduct begin: nearly every piece is innocent."""


Logits = tuple[Tensor, Tensor, Tensor, Tensor]


class Network(nn.Module):
    """Logits of all heads in one pass.

    whole: (b, sum of label counts), heads side by side in order; stretches: (b, p, k) and
    offends: (b, k), the caller's conduct piece by piece and as a whole; begins: (b, p, k), where a
    stretch begins.
    """

    def __init__(self, base: str | Path, labels: Mapping[str, Sequence[str]], dropout: float):
        super().__init__()
        logging.disable_progress_bar()
        self.encoder: Any = AutoModel.from_pretrained(base, add_pooling_layer=False)
        width = int(self.encoder.config.hidden_size)
        self.labels = {name: tuple(items) for name, items in labels.items()}
        self.sizes = [len(items) for items in labels.values()]
        self.dropout = nn.Dropout(dropout)
        self.whole = nn.Linear(width, sum(self.sizes))
        self.stretches = nn.Linear(width, len(KINDS))
        self.offends = nn.Linear(width, len(KINDS))
        self.begins = nn.Linear(width, len(KINDS))
        nn.init.constant_(self.stretches.bias, _RARE)
        nn.init.constant_(self.offends.bias, _RARE)

    def forward(self, ids: Tensor, mask: Tensor) -> Logits:
        """Return logits of (b, p) piece numbers; mask: 1 where there is a piece."""
        read = self.encoder(input_ids=ids, attention_mask=mask).last_hidden_state
        read = self.dropout(read)
        weight = mask.unsqueeze(-1).to(read.dtype)
        mean = (read * weight).sum(1) / weight.sum(1)
        return self.whole(mean), self.stretches(read), self.offends(mean), self.begins(read)

    def take_over(self, weights: Mapping[str, Tensor], labels: Mapping[str, Sequence[str]]) -> None:
        """Take the weights of an earlier network; what it did not have begins anew."""
        then = [(name, label) for name, items in labels.items() for label in items]
        before = {key: row for row, key in enumerate(then)}
        now = [(name, label) for name, items in self.labels.items() for label in items]
        own = self.state_dict()
        for part in ("whole.weight", "whole.bias"):
            for row, key in enumerate(now):
                if key in before:
                    own[part][row] = weights[part][before[key]]
        kept = {part: own[part] for part in ("whole.weight", "whole.bias")}
        self.load_state_dict({**own, **weights, **kept})

    def groups(
        self, *, rate: float, layer_decay: float, head_rate: float, frozen: int
    ) -> list[dict[str, Any]]:
        """Return parameter groups: lower layers learn more slowly, embeddings not at all."""
        depth = int(self.encoder.config.num_hidden_layers)
        found = []
        for name, parameter in self.named_parameters():
            if not name.startswith("encoder."):
                found.append({"params": [parameter], "lr": head_rate})
                continue
            layer = _LAYER.search(name)
            if layer is None or int(layer.group(1)) < frozen:
                parameter.requires_grad = False
                continue
            power = depth - 1 - int(layer.group(1))
            found.append({"params": [parameter], "lr": rate * layer_decay**power})
        return found


class HeadLoss(NamedTuple):
    """What a head's loss counts: beside the others', by class (l,), and the share of a second
    label."""

    weight: float
    classes: Tensor
    share: float


class Truth(NamedTuple):
    """What is known of a batch. labels, seconds: (b, h), -1 unknown. marks, begins: (b, p, k).

    judged: (b, p), 1 where the conduct is known.
    """

    labels: Tensor
    seconds: Tensor
    marks: Tensor
    begins: Tensor
    judged: Tensor


def losses(logits: Logits, truth: Truth, heads: Sequence[HeadLoss], conduct: float) -> Tensor:
    """Return the loss of a batch: what a row has no label for does not count.

    Whether a piece begins a stretch is asked of the pieces in one alone.
    """
    whole, stretches, offends, begins = (part.float() for part in logits)
    labels, seconds, marks, begun, judged = truth
    total = whole.new_zeros(())
    rows = len(labels)
    sizes = [len(head.classes) for head in heads]
    for number, (part, head) in enumerate(
        zip(torch.split(whole, sizes, dim=1), heads, strict=True)
    ):
        known = labels[:, number] >= 0
        if known.any():
            first, second = labels[known, number], seconds[known, number]
            share = head.share * (second >= 0)
            logs = nn.functional.log_softmax(part[known], dim=1)
            said = (1 - share) * logs.gather(1, first[:, None]).squeeze(1)
            said = said + share * logs.gather(1, second.clamp(min=0)[:, None]).squeeze(1)
            total = total - head.weight * (said * head.classes[first]).sum() / rows
    known = judged.any(dim=1)
    if conduct and known.any():
        piece = nn.functional.binary_cross_entropy_with_logits(stretches, marks, reduction="none")
        piece = (piece.sum(-1) * judged).sum(1) / judged.sum(1).clamp(min=1)
        whole_row = nn.functional.binary_cross_entropy_with_logits(
            offends, marks.amax(dim=1), reduction="none"
        ).sum(-1)
        begin = nn.functional.binary_cross_entropy_with_logits(begins, begun, reduction="none")
        begin = (begin * marks).sum((1, 2)) / marks.sum((1, 2)).clamp(min=1)
        total = total + conduct * ((piece + 0.5 * whole_row + 0.2 * begin) * known).sum() / rows
    return total
