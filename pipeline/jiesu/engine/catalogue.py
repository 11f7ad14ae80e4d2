"""The unit head's labels as the catalogue that is served knows them: renamed, merged, new."""

from __future__ import annotations

import logging
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from jiesu.bundle import Bundle
from jiesu.errors import BundleError
from jiesu.heads.duties import DutyMatcher, DutyTexts, duty_text, open_sentences
from jiesu.heads.linear import Floats
from jiesu.heads.prepare import Prepared
from jiesu.jurisdiction import Jurisdiction, successor
from jiesu.schema import Appeal
from jiesu.text.ngrams import Ints
from jiesu.text.segment import Segmenter

_LOG = logging.getLogger("jiesu")
_NONE = -1


class Catalogue:
    """Carries probabilities of a bundle's unit labels over to the units of a jurisdiction.

    A label goes to the unit of that name, or to the one that supersedes it. Units without a label
    are found by the text of their duties. Raises BundleError for a later catalogue of the same
    place that says nothing of what became of a label, or if no unit could be named at all.
    """

    def __init__(self, bundle: Bundle, jurisdiction: Jurisdiction, segmenter: Segmenter) -> None:
        manifest = bundle.manifest
        self._jurisdiction = jurisdiction
        entry = next((head for head in manifest.heads if head.name == "unit"), None)
        trained = () if entry is None else entry.labels
        pooled = {} if entry is None else entry.pooled
        self.at_home = manifest.jurisdiction.partition("@")[0] == jurisdiction.about.id
        targets = {label: successor(label, jurisdiction) for label in trained}
        lost = [label for label, to in targets.items() if to is None]
        if lost and self.at_home:
            raise BundleError(
                "other_catalogue",
                f"bundle {manifest.name} was trained for {manifest.jurisdiction}; found no unit in "
                f"{jurisdiction.catalogue} for {', '.join(lost)}: name their successors under "
                "`supersedes`, or train again",
            )
        if lost:
            _LOG.warning("%d labels of the bundle are no unit of this catalogue", len(lost))
        kept = {to for to in targets.values() if to is not None}
        # A rare unit that was pooled has its home in another label; elsewhere it is just unknown.
        known = kept | {successor(label, jurisdiction) for label in pooled if self.at_home}
        strangers = [unit.name for unit in jurisdiction.units if unit.name not in known]
        matcher = manifest.duties
        if strangers and entry is not None and matcher is None:
            _LOG.warning("%d units have no training and are never chosen", len(strangers))
        self.untrained = tuple(strangers) if entry is not None and matcher is not None else ()
        names = [u.name for u in jurisdiction.units if u.name in kept or u.name in self.untrained]
        if entry is not None and not names:
            raise BundleError(
                "other_catalogue",
                f"bundle {manifest.name} knows none of the units of {jurisdiction.catalogue} and "
                "has nothing to match duties with: train one with `duties:`",
            )
        same = list(trained) == names
        self.labels: tuple[str, ...] = tuple(trained) if same else tuple(names)
        number = {name: column for column, name in enumerate(self.labels)}
        self._to = np.array(
            [number.get(to, _NONE) if to else _NONE for to in targets.values()], dtype=np.int64
        )
        self._same = same
        # Whether a label means what it meant when it was certified: no unit is new or merged.
        one_to_one = len(kept) == len([to for to in targets.values() if to is not None])
        self._as_certified = one_to_one and not strangers
        self._new = [number[name] for name in self.untrained]
        self._duties: DutyTexts | None = None
        if matcher is not None and self._new:
            sentences = open_sentences() if matcher.sense is not None else None
            if sentences is None and matcher.sense is not None:
                _LOG.warning(
                    "%d units have no training, and the extra `duties` is not installed: they are "
                    "matched by words alone",
                    len(self._new),
                )
            chosen = matcher.sense if sentences is not None and matcher.sense else matcher.words
            self._matcher = DutyMatcher(chosen.bias, chosen.weights)
            units = [jurisdiction.units_by_name[name] for name in self.labels]
            self._duties = DutyTexts(units, bundle.linear.vocabulary, segmenter, sentences)

    def certifies(self, head: str) -> bool:
        """Return whether what was certified of a head holds: in its own city, and of the unit
        only if none is new or merged."""
        return self.at_home and (head != "unit" or self._as_certified)

    def carry(self, scores: Floats, prepared: Prepared, appeals: Sequence[Appeal]) -> Floats:
        """Return probabilities (n, K) of `labels` from those of the bundle's labels (n, k)."""
        if self._same:
            return scores
        found = self.totals(scores)
        if self._duties is not None:
            likeness = self._duties.compare(prepared, [appeal.text for appeal in appeals])
            return self._matcher.blend(found, likeness, self._new)
        if (self._to != _NONE).all():
            return found
        left = found.sum(axis=1, keepdims=True)
        return np.asarray(found / np.maximum(left, 1e-9), dtype=np.float32)

    def totals(self, scores: Floats) -> Floats:
        """Return the sums (n, K) of the columns that now are one unit."""
        found = np.zeros((len(scores), len(self.labels)), dtype=np.float32)
        for column, to in enumerate(self._to.tolist()):
            if to != _NONE:
                found[:, to] += scores[:, column]
        return found

    def floors(self, floors: Sequence[float]) -> tuple[float, ...]:
        """Return the floor of each label's prediction set; a new unit has the lowest there is."""
        if self._same:
            return tuple(floors)
        found = np.full(len(self.labels), min(floors, default=0.0))
        for column, to in enumerate(self._to.tolist()):
            if to != _NONE:
                found[to] = floors[column]
        return tuple(found.tolist())

    def duty(self, label: int) -> str:
        """Return names and duty text of a label, which is what a new unit is found by."""
        return duty_text(self._jurisdiction.units_by_name[self.labels[label]])

    def speakers(self, scores: Floats, chosen: Ints) -> NDArray[np.int64]:
        """Return the trained column (n,) whose words spoke most for each chosen label.

        scores: (n, k) of the bundle's labels. -1 where the label is new.
        """
        if self._same:
            return chosen
        found = np.full(len(chosen), _NONE, dtype=np.int64)
        for row, label in enumerate(chosen.tolist()):
            own = np.flatnonzero(self._to == label)
            if len(own):
                found[row] = own[scores[row, own].argmax()]
        return found
