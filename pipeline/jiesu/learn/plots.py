"""Plots of an evaluation as inline SVG that takes its colours from the page's style sheet.

Matplotlib lays out, the browser draws the letters: each text is a short ASCII token while
matplotlib sees it, since its fonts hold no Chinese, and becomes the real text in the SVG. Colours
are sentinels that become CSS variables, so that one drawing serves light and dark.
"""

from __future__ import annotations

import html
import io
import re
import unicodedata
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from jiesu.errors import ExtraError
from jiesu.learn.metrics import Bin, ClassReport, HeadReport
from jiesu.learn.resample import TOLERATED_RISK

if TYPE_CHECKING:
    from matplotlib.axes import Axes

INK, MUTED, LINE = "#010a01", "#010a02", "#010a03"
BLUE, ORANGE, ON_BLUE = "#010a04", "#010a05", "#010a06"
_VARIABLES = {
    INK: "ink",
    MUTED: "muted",
    LINE: "line",
    BLUE: "blue",
    ORANGE: "orange",
    ON_BLUE: "on-blue",
}

HEAT_CLASSES = 20
BAR_CLASSES = 40
FEW = 8
"""Heads with no more labels get drawings that fit half the page's width."""
EM = 9 / 72
"""Height of the letters, in inches."""


class Canvas:
    """A figure measured in inches; margins are given, never guessed from fonts.

    Raises ExtraError if matplotlib is not installed.
    """

    def __init__(self, key: str, width: float, height: float) -> None:
        try:
            from matplotlib import rc_context
            from matplotlib.figure import Figure
        except ImportError as error:
            raise ExtraError("the evaluation report", "report") from error
        self._key = key
        self._texts: list[str] = []
        # svg.hashsalt and no date: the same report is the same bytes.
        self._style: dict[Any, Any] = {
            "svg.fonttype": "none",
            "svg.hashsalt": key,
            "font.size": 9,
            "text.color": INK,
            "axes.edgecolor": LINE,
            "axes.labelcolor": MUTED,
            "xtick.color": MUTED,
            "ytick.color": MUTED,
            "axes.linewidth": 0.8,
        }
        self._rc_context = rc_context
        with rc_context(self._style):
            self._figure = Figure(figsize=(width, height), dpi=72)
        self._figure.patch.set_visible(False)
        self.width, self.height = width, height

    def axes(self, left: float, bottom: float, right: float, top: float) -> Axes:
        """Add axes; the arguments are margins to the four edges."""
        w, h = self.width, self.height
        box = (left / w, bottom / h, (w - left - right) / w, (h - bottom - top) / h)
        with self._rc_context(self._style):
            axes = self._figure.add_axes(box)
        axes.patch.set_visible(False)
        axes.spines[["top", "right"]].set_visible(False)
        axes.tick_params(length=0, pad=5)
        return axes

    def token(self, text: str) -> str:
        """Return what to hand to matplotlib in place of the text."""
        self._texts.append(text)
        return f"T{len(self._texts) - 1:04d}T"

    def ticks(
        self, axes: Axes, axis: str, at: Sequence[float], texts: Sequence[str], **style: Any
    ) -> None:
        """Label places on the axis `x` or `y`."""
        tokens = [self.token(text) for text in texts]
        with self._rc_context(self._style):
            if axis == "x":
                axes.set_xticks(at, tokens, **style)
            else:
                axes.set_yticks(at, tokens, **style)

    def text(self, axes: Axes, x: float, y: float, text: str, **style: Any) -> None:
        """Write at data coordinates, or in fractions of the axes with `transform`."""
        axes.text(x, y, self.token(text), **{"color": INK, "fontsize": 9, **style})

    def titles(self, axes: Axes, x: str, y: str) -> None:
        """Name the axes: y level above its top end (upright letters read faster), x below."""
        above, below = 1 + 0.12 / _height(axes), -0.34 / _height(axes)
        outside: dict[str, Any] = {"color": MUTED, "transform": axes.transAxes}
        self.text(axes, 0, above, y, ha="left", va="bottom", **outside)
        self.text(axes, 1, below, x, ha="right", va="top", **outside)

    def svg(self, alt: str) -> str:
        """Return the drawing as an `<svg>` element that describes itself with `alt`."""
        out = io.StringIO()
        with self._rc_context(self._style):
            self._figure.savefig(out, format="svg", metadata={"Date": None})
        body = out.getvalue()
        body = body[body.index("<svg") :]
        body = re.sub(r"<metadata>.*?</metadata>", "", body, flags=re.DOTALL)
        # Several drawings share a page: identifiers get the drawing's own prefix.
        body = re.sub(r'(\bid="|href="#|url\(#)', rf"\g<1>{self._key}-", body)
        for colour, name in _VARIABLES.items():
            body = body.replace(colour, f"var(--{name})")
        body = re.sub(
            r">\s*T(\d{4})T\s*<", lambda m: f">{html.escape(self._texts[int(m[1])])}<", body
        )
        box = f"0 0 {self.width * 72:g} {self.height * 72:g}"
        label = html.escape(alt, quote=True)
        # 100 px an inch at most: letters are one size in every drawing.
        limit = f"max-width:{self.width * 100:.0f}px"
        head = f'<svg viewBox="{box}" role="img" aria-label="{label}" class="plot" style="{limit}">'
        return head + body[body.index(">") + 1 :].strip()


def risk_coverage_svg(report: HeadReport, key: str) -> str:
    """Draw the error among the most confident share of rows, with its bootstrap band."""
    canvas = Canvas(key, 5.0, 3.5)
    axes = canvas.axes(0.5, 0.55, 0.2, 0.4)
    x = [point.coverage for point in report.curve]
    low = [point.risk.low for point in report.curve]
    high = [point.risk.high for point in report.curve]
    top = max(0.1, max(high) * 1.08)
    error = 1 - report.headline.accuracy.value
    axes.fill_between(x, low, high, color=BLUE, alpha=0.18, linewidth=0)
    axes.plot(x, [point.risk.value for point in report.curve], color=BLUE, linewidth=1.8)
    axes.axhline(error, color=MUTED, linewidth=0.8, linestyle=(0, (1, 2)))
    axes.axhline(TOLERATED_RISK, color=ORANGE, linewidth=1, linestyle=(0, (5, 3)))
    share = report.headline.coverage_at_5.value
    if share > 0:
        axes.plot([share, share], [0, TOLERATED_RISK], color=ORANGE, linewidth=1)
        axes.plot([share], [TOLERATED_RISK], "o", color=ORANGE, markersize=5)
    axes.set_xlim(0, 1)
    axes.set_ylim(0, top)
    gap = top * 0.015
    if abs(error - TOLERATED_RISK) > top * 0.09:
        canvas.text(
            axes, 0.01, error + gap, f"全部放行：错误 {error:.1%}", color=MUTED, va="bottom"
        )
    # The label goes where the curve is not: over its low left part or under its high right one.
    said = f"错误 5%：覆盖 {share:.0%}"
    if share >= 0.4:
        canvas.text(axes, 0.01, TOLERATED_RISK + gap, said, ha="left", va="bottom")
    else:
        canvas.text(axes, 0.99, TOLERATED_RISK - gap, said, ha="right", va="top")
    _percent(canvas, axes, "x", [0, 0.2, 0.4, 0.6, 0.8, 1])
    _percent(canvas, axes, "y", _steps(top))
    axes.grid(axis="y", color=LINE, linewidth=0.6)
    axes.set_axisbelow(True)
    canvas.titles(axes, "覆盖率 Coverage（按置信度从高到低）", "其中的错误率 Selective risk")
    return canvas.svg(
        f"风险–覆盖曲线：全部放行时错误率 {error:.1%}；"
        f"错误率不超过 5% 时覆盖率 {share:.1%}（未认证）"
    )


def reliability_svg(report: HeadReport, key: str) -> str:
    """Draw accuracy against confidence in 15 equal-width bins, over their share of rows."""
    canvas = Canvas(key, 5.0, 3.5)
    axes = canvas.axes(0.5, 1.3, 0.2, 0.4)
    below = canvas.axes(0.5, 0.55, 0.2, 3.5 - 1.05)
    bins = [b for b in report.equal_width if b.n]
    axes.plot([0, 1], [0, 1], color=MUTED, linewidth=0.8, linestyle=(0, (1, 2)))
    canvas.text(axes, 0.985, 0.78, "完全校准", color=MUTED, ha="right", va="top")
    for b in bins:
        _reliability_point(axes, b, report.n)
    axes.set_xlim(0, 1)
    axes.set_ylim(0, 1.02)
    axes.tick_params(labelbottom=False)
    axes.set_xticks([])
    _percent(canvas, axes, "y", [0, 0.25, 0.5, 0.75, 1])
    axes.grid(axis="y", color=LINE, linewidth=0.6)
    axes.set_axisbelow(True)
    most = max(b.n for b in bins) / report.n
    below.bar(
        [b.low for b in bins],
        [b.n / report.n for b in bins],
        width=[(b.high - b.low) * 0.9 for b in bins],
        align="edge",
        color=BLUE,
        alpha=0.45,
        linewidth=0,
    )
    below.set_xlim(0, 1)
    below.set_ylim(0, most)
    _percent(canvas, below, "x", [0, 0.2, 0.4, 0.6, 0.8, 1])
    _percent(canvas, below, "y", [most])
    canvas.titles(below, "置信度 Confidence（下：各段件数占比）", "")
    outside: dict[str, Any] = {"color": MUTED, "transform": axes.transAxes}
    canvas.text(axes, 0, 1 + 0.12 / _height(axes), "实际准确率 Accuracy", va="bottom", **outside)
    ece = report.headline.ece.value
    canvas.text(axes, 0.02, 0.93, f"ECE {ece:.3f}", va="top", transform=axes.transAxes, fontsize=10)
    return canvas.svg(f"可靠性图：15 个等宽置信度区间的准确率，ECE 为 {ece:.3f}")


def confusion_svg(report: HeadReport, key: str) -> str:
    """Draw the confusions among the 20 most frequent true labels, as shares of each row."""
    support = [sum(row) for row in report.confusion[:-1]]
    shown = sorted(range(len(report.labels)), key=lambda i: (-support[i], i))[:HEAT_CLASSES]
    names = [_short(report.labels[i]) for i in shown]
    side = max(_width(name) for name in names) + 0.2
    count = len(shown)
    cell = min(0.72, (5.0 - side) / count) if count <= FEW else 0.4
    # Column names wider than a column lean; what the last one overhangs is margin.
    leans = side > cell
    above, right = (side * 0.77 + 0.2, side * 0.6) if leans else (0.3, 0.05)
    canvas = Canvas(key, side + cell * count + right, above + cell * count + 0.05)
    axes = canvas.axes(side, 0.05, right, above)
    for row, i in enumerate(shown):
        for column, j in enumerate(shown):
            _heat_cell(canvas, axes, row, column, report.confusion[i][j], support[i])
    axes.set_xlim(0, count)
    axes.set_ylim(count, 0)
    axes.spines[["left", "bottom"]].set_visible(False)
    middles = [i + 0.5 for i in range(count)]
    axes.xaxis.tick_top()
    axes.tick_params(length=0, pad=4)
    style = {"rotation": 50, "rotation_mode": "anchor", "ha": "left", "va": "center"}
    canvas.ticks(axes, "x", middles, names, color=INK, **(style if leans else {}))
    canvas.ticks(axes, "y", middles, names, color=INK)
    return canvas.svg(f"混淆矩阵热图：按真实件数最多的 {count} 类，每行合计为该类的件数")


def class_f1_svg(report: HeadReport, key: str) -> str:
    """Draw F1 with its interval and the support of the 40 most frequent true labels.

    Returns an empty string if no label of the head occurs in the truth.
    """
    rows = sorted((c for c in report.classes if c.f1), key=lambda c: -c.support)[:BAR_CLASSES]
    if not rows or report.headline.macro_f1 is None:
        return ""
    names = [_short(c.label) for c in rows]
    side = max(_width(name) for name in names) + 0.15
    few = len(report.labels) <= FEW
    pitch = 0.6 if few else 0.235
    canvas = Canvas(key, 5.0 if few else 10.4, pitch * len(rows) + 0.95)
    axes = canvas.axes(side, 0.55, 0.75, 0.4)
    for place, c in enumerate(rows):
        _f1_bar(canvas, axes, place, c)
    macro = report.headline.macro_f1.value
    axes.axvline(macro, color=ORANGE, linewidth=1, linestyle=(0, (5, 3)))
    # Axes coordinates above the plot; the data's x is already a fraction of the width.
    canvas.text(
        axes,
        macro,
        1 + 0.12 / _height(axes),
        f"宏平均 {macro:.3f}",
        transform=axes.transAxes,
        ha="center",
        va="bottom",
    )
    canvas.text(
        axes,
        1 + 0.7 / _length(axes),
        1 + 0.12 / _height(axes),
        "件数",
        transform=axes.transAxes,
        color=MUTED,
        ha="right",
        va="bottom",
    )
    axes.set_xlim(0, 1)
    axes.set_ylim(len(rows) - 0.4, -0.6)
    axes.spines["bottom"].set_visible(False)
    canvas.ticks(axes, "y", range(len(rows)), names, color=INK)
    _percent(canvas, axes, "x", [0, 0.25, 0.5, 0.75, 1], form="{:g}")
    axes.grid(axis="x", color=LINE, linewidth=0.6)
    axes.set_axisbelow(True)
    canvas.titles(axes, "F1（线段：95% 区间）", "")
    return canvas.svg(f"各类 F1 与 95% 区间：按件数最多的 {len(rows)} 类；宏平均 {macro:.3f}")


def _reliability_point(axes: Axes, b: Bin, n: int) -> None:
    if b.confidence is None or b.accuracy is None:
        return
    # A bin of a few rows says little: its mark fades.
    alpha = 1.0 if b.n >= max(10, n * 0.005) else 0.35
    x = b.confidence
    axes.plot([x, x], [b.accuracy.low, b.accuracy.high], color=BLUE, linewidth=1.4, alpha=alpha)
    axes.plot([x], [b.accuracy.value], "o", color=BLUE, markersize=5, alpha=alpha, clip_on=False)


def _heat_cell(canvas: Canvas, axes: Axes, row: int, column: int, n: int, support: int) -> None:
    from matplotlib.patches import Rectangle

    share = n / max(support, 1)
    colour = BLUE if row == column else ORANGE
    box = (column + 0.03, row + 0.03)
    if not n:
        axes.add_patch(Rectangle(box, 0.94, 0.94, facecolor=LINE, alpha=0.35, linewidth=0))
        return
    strength = share**0.6
    axes.add_patch(Rectangle(box, 0.94, 0.94, facecolor=colour, alpha=strength, linewidth=0))
    if share >= 0.01:
        canvas.text(
            axes,
            column + 0.5,
            row + 0.5,
            f"{share * 100:.0f}",
            ha="center",
            va="center_baseline",
            fontsize=8,
            color=ON_BLUE if strength > 0.7 else INK,
        )


def _f1_bar(canvas: Canvas, axes: Axes, place: int, c: ClassReport) -> None:
    if c.f1 is None:
        return
    axes.barh(place, c.f1.value, height=0.55, color=BLUE, alpha=0.3, linewidth=0)
    axes.plot([c.f1.low, c.f1.high], [place, place], color=BLUE, linewidth=1.4)
    axes.plot([c.f1.value], [place], "o", color=BLUE, markersize=3.6)
    canvas.text(
        axes,
        1 + 0.7 / _length(axes),
        place,
        f"{c.support:,}",
        color=MUTED,
        ha="right",
        va="center",
        clip_on=False,
    )


def _percent(
    canvas: Canvas, axes: Axes, axis: str, at: Sequence[float], form: str = "{:.0%}"
) -> None:
    canvas.ticks(axes, axis, at, [form.format(value) for value in at])


def _steps(top: float) -> list[float]:
    step = next((s for s in (0.02, 0.05, 0.1, 0.2) if top / s <= 6), 0.25)
    return [i * step for i in range(int(top / step) + 1)]


def _height(axes: Axes) -> float:
    """Height of the axes in inches."""
    return float(axes.bbox.height / 72)


def _length(axes: Axes) -> float:
    """Width of the axes in inches."""
    return float(axes.bbox.width / 72)


def _width(text: str) -> float:
    """Width of a text in inches: a Chinese character is as wide as high."""
    wide = sum(unicodedata.east_asian_width(c) in "WFA" for c in text)
    return (wide + 0.58 * (len(text) - wide)) * EM


def _short(text: str, limit: int = 12) -> str:
    return text if len(text) <= limit else f"{text[: limit - 1]}…"
