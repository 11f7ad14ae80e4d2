"""Which engine serves, and how another bundle takes its place without a failed request.

A bundle is named by a folder, a link to one, or `default`. What stands there is looked at now and
then; when it has changed, it is loaded beside the engine that serves, tried on a text, and put in
its place by one assignment. A batch that is being scored ends with the engine that it began with.
A bundle that cannot be loaded changes nothing but a figure and a line of the log.
"""

from __future__ import annotations

import gc
import logging
import threading
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from jiesu.bundle import MANIFEST
from jiesu.engine import Engine, load
from jiesu.errors import BundleError, JiesuError
from jiesu.resources import resource
from jiesu.schema import ModelInfo
from jiesu.serve.metrics import Metrics
from jiesu.serve.problems import report
from jiesu.serve.settings import ServeSettings

_LOG = logging.getLogger("jiesu.serve")
_PROBE = "龙华区海垦路的路灯坏了三天，晚上很黑，希望尽快维修"

Signature = tuple[str, tuple[tuple[str, int, int, int], ...]]
"""What a bundle looks like from outside: where it lies, and its files' sizes, times, inodes."""


@dataclass(frozen=True)
class Serving:
    """An engine at work. info: what its verdicts say of the model; loaded_at: when it took over."""

    engine: Engine
    info: ModelInfo
    loaded_at: datetime


class Engines:
    """Holds the engine that serves and follows its bundle.

    load: makes an engine of a folder; the tests give another. `current` is None until the first
    is loaded. Threads may call everything here.
    """

    def __init__(
        self,
        settings: ServeSettings,
        metrics: Metrics,
        *,
        load: Callable[[Path], Engine] | None = None,
    ) -> None:
        self.current: Serving | None = None
        self._settings = settings
        self._metrics = metrics
        self._load = load or self._engine
        self._one_at_a_time = threading.Lock()
        self._seen: Signature | None = None
        self._refused = False
        self._stop = threading.Event()
        self._thread: threading.Thread | None = None

    def follow(self, on_failure: Callable[[JiesuError], None]) -> None:
        """Load the first engine in a thread, then look at the bundle every `watch` seconds.

        on_failure is told, in that thread, if the first bundle cannot be loaded.
        """

        def work() -> None:
            try:
                self.reload()
            except JiesuError as error:
                on_failure(error)
                return
            except Exception as error:  # noqa: BLE001  a thread that dies silently serves nobody
                report(error, "-")
                on_failure(BundleError("bad_bundle", "the bundle cannot be loaded, see the log"))
                return
            while self._settings.watch and not self._stop.wait(self._settings.watch):
                self._follow_up()

        self._thread = threading.Thread(target=work, name="jiesu-bundle", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Look at the bundle no more. One that is being loaded is not waited for."""
        self._stop.set()

    def reload(self, *, again: bool = False) -> bool:
        """Take up the bundle if it has changed since it was last looked at; tell whether it did.

        again: try also one that was refused and has not changed since.

        Raises BundleError or ConfigError with the reason if it cannot be loaded: then the engine
        that served goes on serving.
        """
        with self._one_at_a_time:
            folder = bundle_folder(self._settings.bundle)
            seen = signature(folder)
            if self.current is not None and seen == self._seen and not (again and self._refused):
                return False
            # Remembered even if it fails: the same broken bundle is not tried every two seconds.
            self._seen, self._refused = seen, True
            try:
                serving = _tried(self._load(folder))
                if signature(folder) != seen:
                    raise BundleError(
                        "changing_bundle", f"{folder.name}: files changed while it was loaded"
                    )
            except Exception:
                self._metrics.swaps.labels("refused").inc()
                raise
            self._refused = False
            self._take_over(serving)
            return True

    def _follow_up(self) -> None:
        try:
            if self.reload():
                return
        except JiesuError as error:
            _LOG.error("bundle refused, the old one serves on: %s", error.code)
        except Exception as error:  # noqa: BLE001  a bundle broken in any way must not end this
            report(error, "-")

    def _take_over(self, serving: Serving) -> None:
        before, self.current = self.current, serving
        info = serving.info
        if before is not None:
            self._metrics.bundle.labels(
                before.info.bundle, before.info.version, before.engine.tier
            ).set(0)
        self._metrics.bundle.labels(info.bundle, info.version, serving.engine.tier).set(1)
        self._metrics.swaps.labels("taken").inc()
        _LOG.info("serving bundle %s %s, tier %s", info.bundle, info.version, serving.engine.tier)
        del before
        # A bundle's tables live as long as it serves; walking them again and again would make
        # now and then a request wait for a tenth of a second.
        gc.collect()
        gc.freeze()

    def _engine(self, folder: Path) -> Engine:
        return load(folder, jurisdiction=self._settings.jurisdiction, tier=self._settings.tier)


def bundle_folder(source: str) -> Path:
    """Return where a bundle lies now, links followed, so that a link may move while it is read.

    Raises BundleError if there is no such folder.
    """
    folder = Path(source)
    if not folder.is_dir():
        if source != "default":
            raise BundleError("no_bundle", f"no bundle at {source}: expected a folder or 'default'")
        folder = resource("models", source)
    return folder.resolve()


def signature(folder: Path) -> Signature:
    """Return what tells one state of a bundle from another, without reading its files.

    Raises BundleError if the folder holds no manifest.
    """
    found = []
    try:
        for path in sorted(folder.rglob("*")):
            if path.is_file():
                stat = path.stat()
                name = path.relative_to(folder).as_posix()
                found.append((name, stat.st_size, stat.st_mtime_ns, stat.st_ino))
    except OSError:
        # A file went while it was looked at: the next look will find something else.
        raise BundleError("changing_bundle", f"{folder.name}: files changed meanwhile") from None
    if not any(name == MANIFEST for name, *_ in found):
        raise BundleError("no_manifest", f"{folder.name}: found no {MANIFEST}, expected a bundle")
    return str(folder), tuple(found)


def _tried(engine: Engine) -> Serving:
    """Return an engine that has scored once: all that is made at first use is made by now."""
    (verdict,) = engine.score([{"id": "probe", "text": _PROBE}], redact=True, words=True)
    if verdict.error is not None:
        raise BundleError("bad_bundle", f"the bundle cannot score: {verdict.error.code}")
    return Serving(engine, verdict.model, datetime.now(UTC))
