"""Every error that jiesu raises on purpose: one base, six kinds."""

from __future__ import annotations


class JiesuError(Exception):
    """Something that the caller can mend; the message says what was found and what was expected.

    A message never holds text of an appeal: ids, row numbers, column names and codes only.
    `code` is stable and machine-readable; it is what an error verdict carries.
    """

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code
        self.message = message


class InputError(JiesuError):
    """An appeal, a row or a file cannot be read as what it should be."""


class ConfigError(JiesuError):
    """A jurisdiction, training or settings file is wrong; the message prints the path `a -> b`."""


class BundleError(JiesuError):
    """A bundle is missing, altered or made for something else."""


class StoreError(JiesuError):
    """The store cannot be reached, is full, or what is asked of it contradicts what it holds.

    Codes: `store_down`, `store_busy` and `store_full` may pass by themselves; `store_conflict`,
    `store_missing` and the others will not.
    """


class ExtraError(JiesuError):
    """A feature needs an optional dependency; the message names the extra."""

    def __init__(self, feature: str, extra: str) -> None:
        super().__init__(
            "missing_extra",
            f"{feature} needs the extra '{extra}', which is not installed: "
            f"pip install 'jiesu[{extra}]'",
        )
