"""A thousand appeals are scored at debug level, and errors made: no log holds a word of them."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from jiesu.schema import Appeal

LENGTH = 6
"""Characters in a row that only a text would have in common with a log."""


def pieces(text: str) -> set[str]:
    """Return every stretch of LENGTH characters that says something."""
    found = (text[at : at + LENGTH] for at in range(max(1, len(text) - LENGTH + 1)))
    return {piece for piece in found if any("\u4e00" <= letter <= "\u9fff" for letter in piece)}


def test_no_text_in_any_log(start: Any, key_of: Any, samples: Sequence[Appeal]) -> None:
    texts = [f"{appeal.text}。第{number}遍" for number in range(5) for appeal in samples][:1000]
    assert len(texts) == 1000
    process = start(log_level="debug", rate=0, deadline=30, max_wait=30)
    key = key_of(process)
    with process.client(key) as client:
        for number, text in enumerate(texts[:300]):
            found = client.post("/v1/appeals", json={"id": f"single-{number}", "text": text})
            assert found.status_code == 201
        batch = [{"id": f"many-{number}", "text": text} for number, text in enumerate(texts[300:])]
        assert client.post("/v1/appeals:batch", json=batch).status_code == 200
        # What goes wrong is logged too.
        text = texts[0]
        broken = json.dumps({"id": "x", "text": text}, ensure_ascii=False)[:-1].encode()
        assert client.post("/v1/appeals", content=broken).status_code == 400
        conflict = client.post("/v1/appeals", json={"id": "single-0", "text": texts[1]})
        assert conflict.status_code == 409
        said = {"action": "accept", "comment": text, text: text}
        assert client.post("/v1/appeals/single-0/feedback", json=said).status_code == 422
        said = {"action": "objection", "comment": text}
        assert client.post("/v1/appeals/single-0/feedback", json=said).status_code == 201
        assert client.get("/v1/appeals/single-0").status_code == 200
        assert client.get("/open311/v2/requests.json", params={"status": text}).status_code == 422
        assert client.get(f"/{text}").status_code == 404
        figures = client.get("/metrics").text
    assert process.stop() == 0
    log = process.log()
    assert "POST /v1/appeals 201" in log, "there is a log"
    everything = log + figures
    found = {piece for text in texts for piece in pieces(text) if piece in everything}
    assert found == set()
    assert key not in log
