"""A process that works on a store and says what was acknowledged: `store_child.py TASK URL USER`.

It prints a line only after the store has answered, so a line stands for something promised.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator
from datetime import UTC, datetime

from jiesu.store import Sampling, Store, open_store


def claim(store: Store, user: int) -> Iterator[str]:
    """Claim case after case until there is none."""
    after = None
    while True:
        case = store.reviews.claim_next(user, now=datetime.now(UTC), after=after)
        # A case of one's own comes again, at the beginning: then all are taken.
        if case is None or case.claimed_by != user or (after is not None and case.id in seen):
            return
        seen.add(case.id)
        after = case.id
        yield str(case.id)
        # Both are to have a turn: on SQLite the quicker one could take them all.
        time.sleep(0.002)


def decide(store: Store, user: int) -> Iterator[str]:
    """Claim and decide case after case until there is none."""
    while True:
        now = datetime.now(UTC)
        case = store.reviews.claim_next(user, now=now)
        if case is None:
            return
        changes = {"type": "help"} if case.id % 2 else None
        action = "correct" if changes else "accept"
        review = store.reviews.decide(case.id, user, action, changes, now=now)
        yield f"{review.id} {case.id} {action}"


seen: set[int] = set()
TASKS = {"claim": claim, "decide": decide}


def main() -> None:
    """Run one task; the parent starts it by a line on standard input."""
    task, url, user = sys.argv[1:]
    with open_store(url, sampling=Sampling(0.0, 0.0, "s")) as store:
        print("ready", flush=True)
        sys.stdin.readline()
        for line in TASKS[task](store, int(user)):
            print(line, flush=True)


if __name__ == "__main__":
    main()
