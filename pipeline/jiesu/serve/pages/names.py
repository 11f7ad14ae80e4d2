"""What codes are called: by the jurisdiction in Chinese, by the catalogue of words otherwise."""

from __future__ import annotations

from functools import cached_property

from jiesu.jurisdiction import Jurisdiction
from jiesu.serve.pages.look import Language
from jiesu.serve.pages.words import CATALOGUES


class Names:
    """Names of codes in one language. A code that nobody knows is its own name."""

    def __init__(self, language: Language, jurisdiction: Jurisdiction | None = None) -> None:
        self._words = CATALOGUES[language]
        self._jurisdiction = jurisdiction
        self._is_local = language == "zh" and jurisdiction is not None

    def of(self, kind: str, code: str | None) -> str:
        """Return the name of a code of some kind, such as `route`; a dash for none."""
        return self._words.get(f"{kind}.{code}", code) if code else "—"

    def type(self, code: str | None) -> str:
        """Return the name of a type."""
        return self._types.get(code or "", "") or self.of("type", code)

    def disposition(self, code: str | None) -> str:
        """Return the name of a disposition."""
        return self._dispositions.get(code or "", "") or self.of("disposition", code)

    def reason(self, code: str) -> str:
        """Return a reason code in few words."""
        return self.of("reason", code)

    def reason_in_full(self, code: str) -> str:
        """Return a reason code as a sentence."""
        return self._words.get(f"reason_in_full.{code}", "") or self.reason(code)

    @cached_property
    def _types(self) -> dict[str, str]:
        if not self._is_local or self._jurisdiction is None:
            return {}
        return {one.code: one.name for one in self._jurisdiction.types}

    @cached_property
    def _dispositions(self) -> dict[str, str]:
        if not self._is_local or self._jurisdiction is None:
            return {}
        return {one.code: one.name for one in self._jurisdiction.dispositions}
