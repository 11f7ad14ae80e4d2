"""The network: a pretrained BERT, a linear head a task over its mean, one over every piece."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn
from transformers import AutoModel
from transformers.utils import logging

from jiesu.learn.conduct import KINDS

_LAYER = re.compile(r"\blayer\.(\d+)\.")
_RARE = -4.0
"""Where the heads for conduct begin: nearly every piece is innocent."""


class Network(nn.Module):
    """Logits of all heads in one pass.

    whole: (b, sum of label counts), heads side by side in order; stretches: (b, p, k) and
    offends: (b, k), the caller's conduct piece by piece and as a whole.
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
        nn.init.constant_(self.stretches.bias, _RARE)
        nn.init.constant_(self.offends.bias, _RARE)

    def forward(self, ids: Tensor, mask: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Return logits of (b, p) piece numbers; mask: 1 where there is a piece."""
        read = self.encoder(input_ids=ids, attention_mask=mask).last_hidden_state
        read = self.dropout(read)
        weight = mask.unsqueeze(-1).to(read.dtype)
        mean = (read * weight).sum(1) / weight.sum(1)
        return self.whole(mean), self.stretches(read), self.offends(mean)

    def take_over(self, weights: Mapping[str, Tensor], labels: Mapping[str, Sequence[str]]) -> None:
        """Take the weights of an earlier network; labels that it did not have begin anew."""
        then = [(name, label) for name, items in labels.items() for label in items]
        before = {key: row for row, key in enumerate(then)}
        now = [(name, label) for name, items in self.labels.items() for label in items]
        own = self.state_dict()
        for part in ("whole.weight", "whole.bias"):
            for row, key in enumerate(now):
                if key in before:
                    own[part][row] = weights[part][before[key]]
        kept = {part: own[part] for part in ("whole.weight", "whole.bias")}
        self.load_state_dict({**weights, **kept})

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


def losses(
    logits: tuple[Tensor, Tensor, Tensor],
    labels: Tensor,
    marks: Tensor,
    judged: Tensor,
    sizes: Sequence[int],
    weights: Sequence[float],
    conduct: float,
) -> Tensor:
    """Return the loss of a batch: what a row has no label for does not count.

    labels: (b, h), -1 unknown. marks: (b, p, k). judged: (b, p), 1 where the conduct is known.
    """
    whole, stretches, offends = (part.float() for part in logits)
    total = whole.new_zeros(())
    rows = len(labels)
    for head, (part, weight) in enumerate(
        zip(torch.split(whole, list(sizes), dim=1), weights, strict=True)
    ):
        known = labels[:, head] >= 0
        if known.any():
            loss = nn.functional.cross_entropy(part[known], labels[known, head], reduction="sum")
            total = total + weight * loss / rows
    known = judged.any(dim=1)
    if conduct and known.any():
        piece = nn.functional.binary_cross_entropy_with_logits(stretches, marks, reduction="none")
        piece = (piece.sum(-1) * judged).sum(1) / judged.sum(1).clamp(min=1)
        whole_row = nn.functional.binary_cross_entropy_with_logits(
            offends, marks.amax(dim=1), reduction="none"
        ).sum(-1)
        total = total + conduct * ((piece + 0.5 * whole_row) * known).sum() / rows
    return total
