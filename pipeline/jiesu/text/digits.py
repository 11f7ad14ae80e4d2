"""Every way to write a digit folded to 0-9, one character to one, so that offsets stay.

Full-width characters fold to ASCII; digits read aloud (幺三八零零…) fold to figures; 三个零 is
spread to 000 with a map back.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

SPOKEN = "零〇幺一二三四五六七八九洞拐勾壹贰叁肆伍陆柒捌玖"
_VALUES = "001123456789079123456789"
DIGIT = f"[0-9{SPOKEN}]"

# What may stand inside a written number: blanks, dashes, dots and characters without width.
SOFT = r"[ \t\xa0\u3000\u200b-\u200d\u2060\ufeff\ufe0f\u20e3\-—–·._]{0,3}"
# What may stand inside a number read aloud as well: pauses and fillers.
PAUSE = r"[ \t\xa0\u3000\u200b-\u200d\u2060\ufeff\ufe0f\u20e3\-—–·._,、。…~嗯啊呃哦额诶]{0,4}"

_WIDE = {code: code - 0xFEE0 for code in range(0xFF01, 0xFF5F)}
# Traditional characters of cues and frequent surnames, so that one rule serves both scripts.
_TRADITIONAL = str.maketrans(
    "電話號碼聯繫絡機聯戶車銀帳賬錢郵棟單組隊門層東陳張劉楊趙黃吳孫馬羅鄭謝韓馮許鄧蕭葉閻鐘範"
    "譚鄒陸龍萬錢湯賀賴龔盧蔣賈呂蘇顧孟萬雷譚歐陽師醫業們爺書記長員專縣區鎮鄉衛樓偉麗華國強軍"
    "潔艷燕豔鳳蘭玲瓊靜穎瑩傑濤剛飛鵬輝剛麼",
    "电话号码联系络机联户车银帐账钱邮栋单组队门层东陈张刘杨赵黄吴孙马罗郑谢韩冯许邓萧叶阎钟范"
    "谭邹陆龙万钱汤贺赖龚卢蒋贾吕苏顾孟万雷谭欧阳师医业们爷书记长员专县区镇乡卫楼伟丽华国强军"
    "洁艳燕艳凤兰玲琼静颖莹杰涛刚飞鹏辉刚么",
)
_FOLD = _WIDE | _TRADITIONAL
_TO_FOLD = re.compile("[！-～" + "".join(map(chr, _TRADITIONAL)) + "]")
_TO_DIGITS = str.maketrans(SPOKEN, _VALUES)
_SPOKEN_RUN = re.compile(f"[{SPOKEN}](?:{PAUSE}[{SPOKEN}])*")
_ALWAYS = frozenset("零〇幺洞")
_REPEAT = re.compile(r"([2-8两])个([0-9])")


def fold(text: str) -> str:
    """Return a text of the same length with width and common traditional characters folded."""
    return text.translate(_FOLD) if _TO_FOLD.search(text) else text


@dataclass(frozen=True, slots=True)
class Figures:
    """A folded text with spoken digits as figures. `origin` maps back where lengths differ."""

    text: str
    origin: Sequence[int] | None = None

    def span(self, start: int, end: int) -> tuple[int, int]:
        """Return the original offsets of the non-empty stretch [start, end)."""
        if self.origin is None:
            return start, end
        return self.origin[start], self.origin[end]


def _spoken_figures(found: re.Match[str]) -> str:
    # 62345678一直占线: a lone 一 behind a number is a word, not its last digit.
    start, end = found.span()
    inside = (
        found.string[max(0, start - 1) : start].isdigit() and found.string[end : end + 1].isdigit()
    )
    if end - start > 1 or inside or found[0] in _ALWAYS:
        return found[0].translate(_TO_DIGITS)
    return found[0]


def figures(folded: str) -> Figures:
    """Return a folded text with every spoken digit as a figure, 三个零 as 000."""
    text = _SPOKEN_RUN.sub(_spoken_figures, folded).replace("叉", "X")
    if "个" not in text or not _REPEAT.search(text):
        return Figures(text)
    parts: list[str] = []
    origin: list[int] = []
    position = 0
    for found in _REPEAT.finditer(text):
        start, end = found.span()
        count = 2 if found[1] == "两" else int(found[1])
        parts += (text[position:start], found[2] * count)
        # Every copy begins where the phrase begins; what follows it begins where it ends.
        origin += (*range(position, start), *[start] * count)
        position = end
    parts.append(text[position:])
    origin.extend(range(position, len(text) + 1))
    return Figures("".join(parts), origin)
