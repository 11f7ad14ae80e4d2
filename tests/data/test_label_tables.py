"""Labels by id: every one of the guide, none of the texts."""

from __future__ import annotations

import re
from collections import Counter
from typing import get_args

from jiesu.learn.rows import read_labels
from jiesu.resources import resource
from jiesu.schema import TYPE_CODES, DispositionCode

TABLE = resource("data", "labels", "types.tsv")


def test_every_label_is_one_of_the_guide() -> None:
    rows = read_labels(TABLE)
    for key, columns in rows.items():
        assert columns["type"] in TYPE_CODES, key
        assert columns.get("alt") in {*TYPE_CODES, None} - {columns["type"]}, key
        assert columns["disposition"] in get_args(DispositionCode), key
        assert columns["reports_illegality"] in ("0", "1"), key


def test_nothing_but_ids_and_codes_stands_in_it() -> None:
    assert not re.search("[^\x00-\x7f]", TABLE.read_text("utf-8"))


def test_the_card_counts_what_is_there() -> None:
    card = TABLE.with_name("README.md").read_text("utf-8")
    rows = read_labels(TABLE)
    counts = Counter(columns["type"] for columns in rows.values())
    assert f"of {len(rows):,} appeals" in card
    line = "| appeals | " + " | ".join(
        f"{counts[code]:,}"
        for code in ("complaint", "consultation", "help", "report", "suggestion", "other")
    )
    assert line in card
