"""Reviews: what supervisors decide of cases, and other systems of appeals."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, Row, and_, insert, or_, select, update

from jiesu.errors import InputError, StoreError
from jiesu.schema import Verdict
from jiesu.store import views
from jiesu.store.cases import OTHER_EYES
from jiesu.store.database import Database
from jiesu.store.draw import Sampling
from jiesu.store.labels import ACTIONS, Labels, ReviewAction, changed, check_changes, labels_of
from jiesu.store.log import DecisionLog, Event
from jiesu.store.queue import CLAIM_MINUTES, Queue
from jiesu.store.review import FEEDBACK, Review, review_of, standing
from jiesu.store.tables import answers, appeals, cases, reviews, storable, verdicts
from jiesu.store.views import UNDO
from jiesu.text.redact import redact

LONGEST_COMMENT = 2_000
_PAGE = 1_000


class Reviews(Queue):
    """The queue, and the decisions on it. Every decision is in the decision log."""

    def __init__(self, database: Database, log: DecisionLog, sampling: Sampling) -> None:
        super().__init__(database)
        self._log = log
        self._sampling = sampling

    def decide(
        self,
        case_id: int,
        user_id: int,
        action: ReviewAction,
        changes: Mapping[str, Any] | None = None,
        comment: str = "",
        *,
        now: datetime,
        version: int | None = None,
    ) -> Review:
        """Close a case that the supervisor has claimed, and return the review.

        version: of the verdict that was looked at, None for the latest. Sending the same decision
        again returns the review there is. A share of first views is given to a second reviewer,
        and to a third where both differ. Raises InputError `bad_changes`, `bad_action` or
        `bad_comment`, StoreError `store_missing` or `store_conflict`.
        """
        wanted = _checked(action, changes, comment)
        with self._database.write(chained=True) as connection:
            case = connection.execute(
                select(cases).where(cases.c.id == case_id).with_for_update()
            ).first()
            if case is None:
                raise StoreError("store_missing", f"there is no case {case_id}")
            if not case.is_open:
                return _repeated(connection, case_id, user_id, action, wanted)
            if case.claimed_by != user_id:
                raise StoreError("store_conflict", f"case {case_id} is not claimed by this user")
            if case.kind in OTHER_EYES and _has_reviewed(connection, case.appeal_id, user_id):
                raise StoreError("store_conflict", f"case {case_id} is for other eyes")
            review = self._insert(
                connection,
                case.appeal_id,
                {"case_id": case_id, "kind": case.kind, "user_id": user_id, "action": action},
                wanted,
                comment,
                version=version,
                now=now,
            )
            connection.execute(
                update(cases)
                .where(cases.c.id == case_id)
                .values(is_open=False, closed_at=now, claimed_by=None, claimed_until=None)
            )
            views.follow(connection, case, review, self._sampling, now)
            return review

    def feedback(
        self,
        appeal_id: str,
        key_id: int | None,
        action: ReviewAction,
        changes: Mapping[str, Any] | None = None,
        comment: str = "",
        *,
        now: datetime,
    ) -> Review:
        """Record what another system says of an appeal, and return it as a review.

        `accept` and `correct` close its case unless a supervisor has it; an objection (Art. 12)
        opens one. The same again returns the review there is. Raises as `decide` does.
        """
        wanted = _checked(action, changes, comment)
        with self._database.write(chained=True) as connection:
            last = connection.execute(
                standing()
                .where(
                    reviews.c.appeal_id == storable(appeal_id),
                    reviews.c.kind == FEEDBACK,
                    reviews.c.key_id == key_id,
                )
                .order_by(reviews.c.id.desc())
                .limit(1)
            ).first()
            if last is not None and _is_same(last, action, wanted):
                return review_of(last)
            review = self._insert(
                connection,
                storable(appeal_id),
                {"case_id": None, "kind": FEEDBACK, "key_id": key_id, "action": action},
                wanted,
                comment,
                version=None,
                now=now,
            )
            if action == "objection":
                views.object_to(connection, review, now)
            else:
                connection.execute(
                    update(cases)
                    .where(
                        cases.c.appeal_id == review.appeal_id,
                        cases.c.is_open,
                        cases.c.kind.in_(("review", "objection")),
                        or_(cases.c.claimed_until.is_(None), cases.c.claimed_until <= now),
                    )
                    .values(is_open=False, closed_at=now, claimed_by=None, claimed_until=None)
                )
            return review

    def undo(self, review_id: int, user_id: int, now: datetime) -> bool:
        """Take a decision of one's own back and give the case back to oneself.

        Possible for 10 seconds; False when it is too late, or somebody has gone on from it.
        """
        with self._database.write(chained=True) as connection:
            row = connection.execute(
                select(reviews)
                .where(reviews.c.id == review_id, reviews.c.user_id == user_id)
                .with_for_update()
            ).first()
            # Both ways: after a clock was set back, nothing stays open to undoing for hours.
            if row is None or row.undone_at is not None or abs(now - row.decided_at) > UNDO:
                return False
            if not views.withdraw(connection, row.case_id):
                return False
            connection.execute(
                update(reviews).where(reviews.c.id == review_id).values(undone_at=now)
            )
            connection.execute(
                update(cases)
                .where(cases.c.id == row.case_id)
                .values(
                    is_open=True,
                    closed_at=None,
                    claimed_by=user_id,
                    claimed_until=now + timedelta(minutes=CLAIM_MINUTES),
                )
            )
            details = {"review": review_id, "case": row.case_id}
            event = Event("review_undone", f"user:{user_id}", row.appeal_id, details)
            self._log.append_in(connection, [event], now=now)
        return True

    def get(self, review_id: int) -> Review | None:
        """Return a review, undone or not."""
        with self._database.read() as connection:
            row = connection.execute(select(reviews).where(reviews.c.id == review_id)).first()
        return review_of(row) if row is not None else None

    def of(self, appeal_id: str, *, viewer: int | None = None) -> list[Review]:
        """Return the reviews of an appeal that stand, oldest first.

        viewer: a user's id; while a blind view of the appeal is open, a user sees only their own.
        None sees all, and is for no page that a reviewer looks at.
        """
        query = standing().where(reviews.c.appeal_id == storable(appeal_id)).order_by(reviews.c.id)
        with self._database.read() as connection:
            if viewer is not None and views.is_blind(connection, storable(appeal_id)):
                query = query.where(reviews.c.user_id == viewer)
            return [review_of(row) for row in connection.execute(query)]

    def iterate(
        self, *, since: datetime | None = None, until: datetime | None = None
    ) -> Iterator[Review]:
        """Yield every review that stands, in order of their ids, a page of them in memory."""
        query = standing()
        if since is not None:
            query = query.where(reviews.c.decided_at >= since)
        if until is not None:
            query = query.where(reviews.c.decided_at < until)
        after = 0
        while True:
            page = query.where(reviews.c.id > after).order_by(reviews.c.id).limit(_PAGE)
            with self._database.read() as connection:
                found = [review_of(row) for row in connection.execute(page)]
            if not found:
                return
            yield from found
            after = found[-1].id

    def of_many(self, appeal_ids: Sequence[str]) -> dict[str, list[Review]]:
        """Return the reviews that stand of several appeals, by appeal."""
        found: dict[str, list[Review]] = {}
        ids = sorted({storable(id) for id in appeal_ids})
        with self._database.read() as connection:
            for start in range(0, len(ids), _PAGE):
                part = ids[start : start + _PAGE]
                query = standing().where(reviews.c.appeal_id.in_(part)).order_by(reviews.c.id)
                for row in connection.execute(query):
                    found.setdefault(row.appeal_id, []).append(review_of(row))
        return found

    def sample_second(
        self, share: float, seed: str, *, now: datetime, since: datetime | None = None
    ) -> int:
        """Draw decided cases for a blind second view, and return how many were new.

        Beside what `decide` draws by itself. The same seed draws the same again, a larger share
        more of them. since: when they were decided.
        """
        with self._database.write(chained=True) as connection:
            drawn = views.draw_seconds(connection, _share(share), seed, now=now, since=since)
            self._note_draw(connection, views.SECOND, share, drawn, now)
        return drawn

    def sample_audits(
        self, share: float, seed: str, *, now: datetime, since: datetime | None = None
    ) -> int:
        """Draw automatic decisions for an audit, and return how many were new.

        Beside what `Appeals.put` draws by itself. since: when they were stored.
        """
        with self._database.write(chained=True) as connection:
            drawn = views.draw_audits(connection, _share(share), seed, now=now, since=since)
            self._note_draw(connection, views.AUDIT, share, drawn, now)
        return drawn

    def seed_check(
        self,
        appeal_id: str,
        expected: Mapping[str, Any],
        *,
        now: datetime,
        copies: int = 1,
        actor: str = "cli",
    ) -> list[int]:
        """Put an appeal with a known answer into the queue, once for each of `copies` supervisors.

        expected: as `changes`, such as the type and the function unit. Returns the cases' ids.
        Raises InputError `bad_changes`, StoreError `store_missing`.
        """
        answer = check_changes(expected)
        if not answer:
            raise InputError("bad_changes", "found no answer, expected one")
        id = storable(appeal_id)
        with self._database.write(chained=True) as connection:
            found = views.seed_check(connection, id, answer, copies=max(1, copies), now=now)
            event = Event("check_seeded", actor, id, {"cases": found, "expected": answer})
            self._log.append_in(connection, [event], now=now)
        return found

    def answers(self) -> dict[str, dict[str, Any]]:
        """Return the right answers of seeded checks, by appeal."""
        with self._database.read() as connection:
            return {
                row.appeal_id: json.loads(row.labels) for row in connection.execute(select(answers))
            }

    def _note_draw(
        self, connection: Connection, name: str, share: float, drawn: int, now: datetime
    ) -> None:
        event = Event("drawn", "system", name, {"share": share, "drawn": drawn})
        self._log.append_in(connection, [event], now=now)

    def _insert(
        self,
        connection: Connection,
        appeal_id: str,
        values: Mapping[str, Any],
        changes: Mapping[str, Any],
        comment: str,
        *,
        version: int | None,
        now: datetime,
    ) -> Review:
        shown, version, bundle = _shown(connection, appeal_id, version)
        final = changed(shown, changes)
        columns: dict[str, Any] = {
            "user_id": None,
            "key_id": None,
            **values,
            "appeal_id": appeal_id,
            "version": version,
            "bundle": bundle,
            "changes": json.dumps(changes, ensure_ascii=False, sort_keys=True),
            "comment": redact(comment)[0],
            "shown": shown.dump(),
            "final": final.dump(),
            "is_override": bool(final.differs(shown)),
            "decided_at": now,
            "undone_at": None,
        }
        added = insert(reviews).values(**columns).returning(reviews)
        review = review_of(connection.execute(added).one())
        details = {
            "review": review.id,
            "case": review.case_id,
            "case_kind": review.kind,
            "action": review.action,
            "version": review.version,
            "changes": dict(review.changes),
        }
        self._log.append_in(
            connection, [Event("review", review.actor, appeal_id, details)], now=now
        )
        return review


def _share(share: float) -> float:
    if not 0.0 <= share <= 1.0:
        raise InputError("bad_share", f"found the share {share}, expected 0 to 1")
    return share


def _checked(
    action: ReviewAction, changes: Mapping[str, Any] | None, comment: str
) -> dict[str, Any]:
    if action not in ACTIONS:
        raise InputError("bad_action", f"expected one of {', '.join(ACTIONS)}")
    if len(comment) > LONGEST_COMMENT:
        raise InputError(
            "bad_comment",
            f"found a comment of {len(comment)} characters, expected at most {LONGEST_COMMENT}",
        )
    return check_changes(changes, action=action)


def _shown(connection: Connection, appeal_id: str, version: int | None) -> tuple[Labels, int, str]:
    wanted = appeals.c.version if version is None else version
    row = connection.execute(
        select(verdicts.c.body, verdicts.c.version, verdicts.c.bundle)
        .join(appeals, and_(appeals.c.id == verdicts.c.appeal_id, verdicts.c.version == wanted))
        .where(appeals.c.id == appeal_id)
    ).first()
    if row is None:
        raise StoreError("store_missing", "no such verdict of an appeal is stored")
    return labels_of(Verdict.model_validate_json(row.body)), row.version, row.bundle


def _repeated(
    connection: Connection,
    case_id: int,
    user_id: int,
    action: ReviewAction,
    changes: Mapping[str, Any],
) -> Review:
    query = standing().where(reviews.c.case_id == case_id, reviews.c.user_id == user_id)
    row = connection.execute(query.order_by(reviews.c.id.desc()).limit(1)).first()
    if row is not None and _is_same(row, action, changes):
        return review_of(row)
    raise StoreError("store_conflict", f"case {case_id} is decided already")


def _has_reviewed(connection: Connection, appeal_id: str, user_id: int) -> bool:
    query = standing().where(reviews.c.appeal_id == appeal_id, reviews.c.user_id == user_id)
    return connection.execute(query.limit(1)).first() is not None


def _is_same(row: Row[Any], action: ReviewAction, changes: Mapping[str, Any]) -> bool:
    return bool(row.action == action and json.loads(row.changes) == dict(changes))
