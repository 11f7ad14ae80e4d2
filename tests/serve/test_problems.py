"""Problem details: a status for every error, a code, and never what was sent."""

from __future__ import annotations

import json
import logging

import pytest
from pydantic import ValidationError

from jiesu.errors import BundleError, ConfigError, InputError, JiesuError, StoreError
from jiesu.serve import problems
from jiesu.serve.payloads import Feedback, parse_json, parsed
from jiesu.serve.problems import ServeError

TEXT = "我叫张三丰家住海垦路"


@pytest.mark.parametrize(
    ("error", "status"),
    [
        (InputError("no_text", ""), 422),
        (InputError("bad_json", ""), 400),
        (BundleError("altered_file", ""), 409),
        (ConfigError("bad_settings", ""), 500),
        (StoreError("store_down", ""), 503),
        (StoreError("store_full", ""), 503),
        (StoreError("store_busy", ""), 503),
        (StoreError("store_missing", ""), 404),
        (StoreError("store_conflict", ""), 409),
        (JiesuError("anything", ""), 500),
        (ServeError(418, "teapot", ""), 418),
    ],
)
def test_statuses(error: JiesuError, status: int) -> None:
    assert problems.status_of(error) == status
    found = problems.response(error)
    document = json.loads(bytes(found.body))
    assert found.status_code == document["status"] == status
    assert found.headers["content-type"] == "application/problem+json"
    assert document["code"] == error.code
    assert document["type"] == f"urn:jiesu:problem:{error.code}"
    assert ("retry-after" in found.headers) == (status == 503)


@pytest.mark.parametrize(
    ("body", "where"),
    [
        ({"action": TEXT}, "action"),
        ({"action": "accept", TEXT: 1}, "(unknown field)"),
        ({"action": "accept", "changes": {TEXT: 1}}, "changes -> (unknown field)"),
        ({"action": "accept", "changes": {"type": TEXT}}, "changes -> type"),
        ({"action": "accept", "comment": [TEXT]}, "comment"),
        ({"action": "accept", "comment": TEXT * 1000}, "comment"),
        ([TEXT], ""),
    ],
)
def test_what_does_not_fit_is_named_and_not_quoted(body: object, where: str) -> None:
    with pytest.raises(ServeError) as caught:
        parsed(Feedback, json.dumps(body).encode())
    document = problems.document(caught.value)
    assert document["status"] == 422
    assert document["errors"][0]["where"] == where
    assert TEXT not in json.dumps(document, ensure_ascii=False)


@pytest.mark.parametrize(
    "body",
    [
        pytest.param(b"", id="nothing"),
        pytest.param(b"{", id="half"),
        pytest.param(TEXT.encode("gb18030"), id="another encoding"),
        pytest.param(b"[" * 100_000, id="too deep"),
        pytest.param(b"9" * 10_000, id="a number too long"),
        pytest.param(f'{{"text": {TEXT}}}'.encode(), id="no quotes"),
    ],
)
def test_what_is_no_json(body: bytes) -> None:
    with pytest.raises(InputError) as caught:
        parse_json(body)
    assert problems.status_of(caught.value) == 400
    assert TEXT not in caught.value.message


def test_the_log_of_an_unforeseen_error_does_not_say_what_it_says(
    caplog: pytest.LogCaptureFixture,
) -> None:
    try:
        raise ValueError(TEXT)
    except ValueError as error:
        with caplog.at_level(logging.DEBUG):
            problems.report(error, "r-1")
    assert "ValueError" in caplog.text
    assert "r-1" in caplog.text
    assert "test_the_log_of_an_unforeseen_error" in caplog.text
    assert TEXT not in caplog.text


def test_values_of_the_contract_do_not_show_in_errors() -> None:
    with pytest.raises(ValidationError) as caught:
        Feedback.model_validate({"action": TEXT})
    assert TEXT not in str(caught.value)
