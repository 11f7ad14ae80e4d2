"""What a deployment remembers: appeals, verdicts, reviews, who did what, and who may."""

from jiesu.store.appeals import Appeals
from jiesu.store.draw import Sampling
from jiesu.store.incoming import ID_LIMIT, Scored
from jiesu.store.keys import SCOPES, ApiKey, ApiKeys, Scope
from jiesu.store.log import BrokenEntry, DecisionLog, LogEntry
from jiesu.store.paging import Page
from jiesu.store.records import AppealRecord, Stored, VerdictRecord
from jiesu.store.sessions import Session, Sessions
from jiesu.store.store import Store, open_store
from jiesu.store.users import ROLES, Role, User, Users

__all__ = [
    "ID_LIMIT",
    "ROLES",
    "SCOPES",
    "ApiKey",
    "ApiKeys",
    "AppealRecord",
    "Appeals",
    "BrokenEntry",
    "DecisionLog",
    "LogEntry",
    "Page",
    "Role",
    "Sampling",
    "Scope",
    "Scored",
    "Session",
    "Sessions",
    "Store",
    "Stored",
    "User",
    "Users",
    "VerdictRecord",
    "open_store",
]
