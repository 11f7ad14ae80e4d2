"""What a deployment remembers: appeals, verdicts, reviews, who did what, and who may."""

from jiesu.store.appeals import Appeals
from jiesu.store.cases import FIRST_VIEWS, Case, CaseKind, Filters
from jiesu.store.draw import Sampling
from jiesu.store.figures import Figures, Volume, Volumes
from jiesu.store.incoming import ID_LIMIT, Scored
from jiesu.store.keys import SCOPES, ApiKey, ApiKeys, Scope
from jiesu.store.labels import ACTIONS, CHANGEABLE, COMPARED, Labels, ReviewAction, labels_of
from jiesu.store.log import BrokenEntry, DecisionLog, LogEntry
from jiesu.store.paging import Page
from jiesu.store.purge import Purged
from jiesu.store.queue import Counts
from jiesu.store.records import AppealRecord, Stored, VerdictRecord
from jiesu.store.review import Review
from jiesu.store.reviews import Reviews
from jiesu.store.sessions import Session, Sessions
from jiesu.store.store import Store, open_store
from jiesu.store.texts import StoredText, Texts
from jiesu.store.users import ROLES, Role, User, Users

__all__ = [
    "ACTIONS",
    "CHANGEABLE",
    "COMPARED",
    "FIRST_VIEWS",
    "ID_LIMIT",
    "ROLES",
    "SCOPES",
    "ApiKey",
    "ApiKeys",
    "AppealRecord",
    "Appeals",
    "BrokenEntry",
    "Case",
    "CaseKind",
    "Counts",
    "DecisionLog",
    "Figures",
    "Filters",
    "Labels",
    "LogEntry",
    "Page",
    "Purged",
    "Review",
    "ReviewAction",
    "Reviews",
    "Role",
    "Sampling",
    "Scope",
    "Scored",
    "Session",
    "Sessions",
    "Store",
    "Stored",
    "StoredText",
    "Texts",
    "User",
    "Users",
    "VerdictRecord",
    "Volume",
    "Volumes",
    "labels_of",
    "open_store",
]
