"""What the API takes and gives beside appeals and verdicts, and its OpenAPI examples."""

from __future__ import annotations

import json
from datetime import datetime
from typing import Any, Literal, TypeVar

from pydantic import ConfigDict, Field, ValidationError

from jiesu.bundle import ThresholdEntry
from jiesu.corpus.columns import accepted_names
from jiesu.errors import InputError
from jiesu.schema import (
    DispositionCode,
    FlagKind,
    Frozen,
    ModelInfo,
    RiskLevel,
    Route,
    TypeCode,
    Verdict,
)
from jiesu.serve import problems
from jiesu.serve.problems import ServeError
from jiesu.serve.settings import MOST_ITEMS
from jiesu.store import ReviewAction
from jiesu.store.reviews import LONGEST_COMMENT

_COMPONENTS = "#/components/schemas/"
M = TypeVar("M", bound=Frozen)


class Problem(Frozen):
    """RFC 9457: what went wrong. `code` is stable; nothing here quotes what was sent."""

    # Some problems say more: `id` of the appeal, `errors` of the parameters.
    model_config = ConfigDict(frozen=True, extra="allow")

    type: str
    title: str
    status: int
    code: str
    detail: str


class Scored(Frozen):
    """The verdict of one appeal. stored: whether it is in the store; if not, send it again."""

    id: str
    stored: bool
    outcome: Literal["new", "same"] | None
    verdict: Verdict


class Item(Frozen):
    """One answer of a batch; `status` is what the appeal alone would have been answered."""

    id: str
    status: int
    stored: bool
    outcome: Literal["new", "same"] | None
    verdict: Verdict | None
    problem: Problem | None


class Batch(Frozen):
    """The answers of a batch, in the order of its appeals."""

    items: tuple[Item, ...]


class StoredAppeal(Frozen):
    """An appeal as the store holds it, personal data replaced, with its latest verdict."""

    id: str
    text: str
    title: str | None
    address: str | None
    channel: str | None
    area: str | None
    subdistrict: str | None
    registered_type: str | None
    related_ids: tuple[str, ...]
    received_at: str | None
    stored_at: datetime
    version: int
    verdict: Verdict


class Version(Frozen):
    """One version of a verdict."""

    version: int
    created_at: datetime
    verdict: Verdict


class Review(Frozen):
    """One review, or feedback of another system: who said what of which version.

    kind: of the case that was reviewed, or `feedback`. by: `user:` or `key:` and its number.
    """

    id: int
    kind: str
    action: ReviewAction
    by: str
    version: int
    changes: dict[str, Any]
    comment: str
    decided_at: datetime


class History(Frozen):
    """Every version of an appeal's verdict, oldest first, and what reviewers said."""

    id: str
    versions: tuple[Version, ...]
    reviews: tuple[Review, ...]


class Changes(Frozen):
    """What the verdict should have said; what is not given stays.

    function: the function unit of the catalogue; unit: the exact one, given only beside it.
    """

    type: TypeCode | None = None
    function: str | None = Field(default=None, min_length=1, max_length=100)
    unit: str | None = Field(default=None, min_length=1, max_length=100)
    area: str | None = Field(default=None, min_length=1, max_length=100)
    subdistrict: str | None = Field(default=None, min_length=1, max_length=100)
    disposition: DispositionCode | None = None
    route: Route | None = None
    risk: RiskLevel | None = None
    flags: tuple[FlagKind, ...] | None = None

    def given(self) -> dict[str, Any]:
        """Return what is to be changed. A null is as good as nothing."""
        return self.model_dump(mode="json", exclude_none=True)


class Feedback(Frozen):
    """What became of a verdict: accepted, corrected, or objected to by the unit (派单异议)."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {"action": "accept"},
                {
                    "action": "correct",
                    "changes": {"type": "help", "function": "市政维修管理中心"},
                    "comment": "路灯归市政维修",
                },
                {"action": "objection", "comment": "不在本单位职责范围内"},
            ]
        }
    )

    action: ReviewAction
    changes: Changes = Changes()
    comment: str = Field(default="", max_length=LONGEST_COMMENT)


class Threshold(ThresholdEntry):
    """A threshold of the manifest. in_force: whether what it certifies holds for whom it serves."""

    in_force: bool


class Model(Frozen):
    """What scores: the bundle, who judges, and above which confidence it decides alone."""

    info: ModelInfo
    loaded_at: datetime
    thresholds: dict[str, Threshold]
    metrics: dict[str, Any]


class Reloaded(Frozen):
    """What serves now. swapped: whether this call made it so."""

    swapped: bool
    info: ModelInfo


class Health(Frozen):
    """Whether the process lives."""

    status: Literal["ok"] = "ok"


class Readiness(Frozen):
    """Whether the service can do all that it is for."""

    ready: bool
    model: bool
    store: bool
    stopping: bool


def parse_json(body: bytes) -> Any:
    """Return a body as JSON. Raises InputError `bad_json`, which does not quote it."""
    try:
        return json.loads(body.decode("utf-8-sig"))
    except UnicodeDecodeError:
        raise InputError("bad_json", "found bytes that are not UTF-8, expected JSON") from None
    except RecursionError:
        raise InputError("bad_json", "found JSON that is nested too deeply") from None
    except json.JSONDecodeError as error:
        raise InputError(
            "bad_json", f"found no JSON at line {error.lineno} column {error.colno}"
        ) from None
    except ValueError:
        raise InputError("bad_json", "found a number that is too long, expected JSON") from None


def one_record(body: bytes) -> dict[str, Any]:
    """Return the one appeal of a body. Raises InputError, Problem 422 for what is no object."""
    found = parse_json(body)
    if not isinstance(found, dict):
        raise ServeError(422, "bad_type", "found no JSON object, expected one appeal")
    return found


def many_records(body: bytes) -> list[Any]:
    """Return the appeals of a body: `{"appeals": [...]}` or the list alone, 1 to 1,000."""
    found = parse_json(body)
    if isinstance(found, dict):
        found = found.get("appeals")
    if not isinstance(found, list):
        raise ServeError(422, "bad_type", "found no list, expected `appeals` as a list")
    if not 1 <= len(found) <= MOST_ITEMS:
        message = f"found {len(found)} appeals, expected 1 to {MOST_ITEMS}"
        raise ServeError(422, "bad_count", message)
    return found


_EXAMPLE = {
    "id": "A-1",
    "text": "龙华区海垦路的路灯坏了三天，晚上很黑，希望尽快维修",
    "received_at": "2018-01-15T09:30:00",
    "area": "龙华区",
}
_CHINESE = {
    "诉求编号": "A-2",
    "诉求内容": "我想咨询公租房怎么申请",
    "来电时间": "2018-01-15 09:31",
    "辖区": "龙华区",
}
_TURNS = {
    "id": "A-3",
    "turns": [
        {"speaker": "operator", "text": "您好，请讲。"},
        {"speaker": "caller", "text": "小区停水两天了，什么时候能来水？"},
    ],
}
_FIELDS: dict[str, dict[str, Any]] = {
    "id": {"type": "string", "maxLength": 255},
    "text": {"type": "string"},
    "turns": {
        "type": "array",
        "items": {
            "type": "object",
            "properties": {"speaker": {"type": "string"}, "text": {"type": "string"}},
        },
    },
    "received_at": {"type": "string"},
    "channel": {"type": "string"},
    "title": {"type": "string"},
    "address": {"type": "string"},
    "area": {"type": "string"},
    "subdistrict": {"type": "string"},
    "registered_type": {"type": "string"},
    "related_ids": {"type": "array", "items": {"type": "string"}},
    "caller": {"type": "string"},
}
_ALIASES_SHOWN = 8


def parsed(model: type[M], body: bytes) -> M:
    """Return a body as a model, once its sender is known.

    Not the framework's way, which reads bodies of senders that it does not know yet. Raises
    InputError `bad_json`, ServeError 422 that names the fields and not what they hold.
    """
    try:
        return model.model_validate(parse_json(body))
    except ValidationError as error:
        raise problems.misfit(error.errors(include_input=False, include_url=False)) from None


def body_of(model: type[Frozen]) -> dict[str, Any]:
    """Return the OpenAPI request body of a model, whose schema the page has under its name."""
    schema = {"$ref": f"{_COMPONENTS}{model.__name__}"}
    return {"requestBody": {"required": True, "content": {"application/json": {"schema": schema}}}}


def component_schemas(*models: type[Frozen]) -> dict[str, Any]:
    """Return the schemas of models, and of what they are made of, by name."""
    found: dict[str, Any] = {}
    for model in models:
        schema = model.model_json_schema(ref_template=f"{_COMPONENTS}{{model}}")
        found |= schema.pop("$defs", {})
        found[model.__name__] = schema
    return found


def appeal_schema() -> dict[str, Any]:
    """Return the schema of an appeal as it may be sent: any accepted column name will do."""
    properties = {
        name: kind | {"description": f"also {', '.join(accepted_names(name)[1:_ALIASES_SHOWN])}"}
        for name, kind in _FIELDS.items()
    }
    return {
        "type": "object",
        "title": "Appeal",
        "description": "`text` or `turns` is required. Every column name of configs/columns.yaml "
        "is accepted; what is no field is not kept.",
        "properties": properties,
    }


def one_body() -> dict[str, Any]:
    """Return the OpenAPI request body of one appeal."""
    examples = {
        "english": {"summary": "English names", "value": _EXAMPLE},
        "chinese": {"summary": "中文列名", "value": _CHINESE},
        "turns": {"summary": "a call, turn by turn", "value": _TURNS},
    }
    return _body(appeal_schema(), examples)


def many_body() -> dict[str, Any]:
    """Return the OpenAPI request body of a batch."""
    schema = {
        "type": "object",
        "title": "Appeals",
        "required": ["appeals"],
        "properties": {
            "appeals": {
                "type": "array",
                "minItems": 1,
                "maxItems": MOST_ITEMS,
                "items": appeal_schema(),
            }
        },
    }
    examples = {"two": {"summary": "two", "value": {"appeals": [_EXAMPLE, _CHINESE]}}}
    return _body(schema, examples)


def _body(schema: dict[str, Any], examples: dict[str, Any]) -> dict[str, Any]:
    content = {"application/json": {"schema": schema, "examples": examples}}
    return {"requestBody": {"required": True, "content": content}}
