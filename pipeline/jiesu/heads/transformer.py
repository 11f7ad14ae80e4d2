"""The transformer tier: one encoder, one pass, heads over the whole appeal and over its pieces.

Runs an ONNX graph in int8 with onnxruntime; nothing of torch is needed. Inputs `ids` (1, p) and
`mask` (1, p); outputs `whole` (1, l), every head's logits side by side, `stretches` (1, p, k) and
`offends` (1, k), the caller's conduct piece by piece and as a whole, and `begins` (1, p, k), where
a stretch begins.
"""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from jiesu.errors import BundleError, ConfigError
from jiesu.heads.pieces import Cut, Pieces
from jiesu.text.ngrams import Ints
from jiesu.text.normalise import NormalBatch

Logits = NDArray[np.float32]
_One = tuple[Logits, Logits, Logits, Logits]
_OUTPUTS = ("whole", "stretches", "offends", "begins")


class Seen(NamedTuple):
    """What the encoder says of some appeals.

    whole: (n, l). offends: (n, k). stretches, begins: [(p, k)] of the pieces in `cuts`. unread:
    bounds of the middle that was too long to read, a start and an end by row.
    """

    whole: Logits
    offends: Logits
    stretches: list[Logits]
    begins: list[Logits]
    cuts: list[Cut]
    unread: Mapping[int, tuple[int, int]]


def window(count: int, most: int) -> Ints:
    """Return which of `count` pieces one pass reads: all, or the head three quarters and the tail.

    A citizen's letter opens with the matter and closes with the demand.
    """
    if count <= most:
        return np.arange(count)
    head = most * 3 // 4
    return np.concatenate((np.arange(head), np.arange(count - (most - head), count)))


def _cores() -> int:
    """Return how many cores this process may use; only Linux says so."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


@dataclass(frozen=True)
class TransformerTier:
    """An encoder ready to read. labels: of every head, in the order of their logits.

    Appeals are run one by one, side by side on the cores at hand, never padded into one batch:
    int8 scales are found anew for every input, so what else is in a batch would move the result.
    """

    session: Any
    pieces: Pieces
    labels: Mapping[str, tuple[str, ...]]
    most: int
    workers: ThreadPoolExecutor

    @classmethod
    def load(
        cls, graph: Path, tokenizer: Path, *, labels: Mapping[str, tuple[str, ...]], most: int
    ) -> TransformerTier:
        """Open a graph. most: pieces of a window.

        Raises ConfigError without onnxruntime or tokenizers, BundleError for what it cannot read.
        """
        try:
            import onnxruntime
            import tokenizers  # noqa: F401  (Pieces needs it)
        except ImportError as error:
            raise ConfigError(
                "no_runtime", f"the transformer tier needs {error.name}, which is not installed"
            ) from None
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = 1
        options.log_severity_level = 3
        try:
            session = onnxruntime.InferenceSession(
                str(graph), options, providers=["CPUExecutionProvider"]
            )
            pieces = Pieces.load(tokenizer)
        except Exception as error:  # noqa: BLE001  (each of the two raises bare kinds of its own)
            raise BundleError(
                "bad_encoder", f"{graph.name}: not readable: {type(error).__name__}"
            ) from None
        return cls(session, pieces, labels, most, ThreadPoolExecutor(_cores(), "jiesu-encoder"))

    def columns(self, head: str) -> slice:
        """Return where a head's logits stand in `whole`."""
        first = 0
        for name, labels in self.labels.items():
            if name == head:
                return slice(first, first + len(labels))
            first += len(labels)
        raise KeyError(head)

    def read(self, batch: NormalBatch, rows: Sequence[int] | None = None) -> Seen:
        """Read the texts of a batch, or some of its rows, in order."""
        cuts, unread = [], dict[int, tuple[int, int]]()
        for number, whole in enumerate(self.pieces.cut(batch, rows)):
            chosen = window(len(whole.ids), self.most - 2)
            cuts.append(Cut(whole.ids[chosen], whole.starts[chosen], whole.ends[chosen]))
            for gap in np.flatnonzero(np.diff(chosen) > 1).tolist():
                last, following = chosen[gap], chosen[gap + 1]
                unread[number] = int(whole.ends[last]), int(whole.starts[following])
        inputs = [cut.ids for cut in cuts]
        ones = map(self._run, inputs) if len(cuts) < 2 else self.workers.map(self._run, inputs)
        found = list(ones)
        return Seen(
            np.concatenate([one[0] for one in found]),
            np.concatenate([one[2] for one in found]),
            [one[1][0, 1:-1] for one in found],
            [one[3][0, 1:-1] for one in found],
            cuts,
            unread,
        )

    def _run(self, ids: Ints) -> _One:
        framed = np.concatenate(([Pieces.BEGIN], ids, [Pieces.END]))[None, :]
        whole, stretches, offends, begins = self.session.run(
            _OUTPUTS, {"ids": framed, "mask": np.ones_like(framed)}
        )
        return whole, stretches, offends, begins
