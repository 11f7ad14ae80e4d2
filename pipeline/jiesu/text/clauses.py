"""The caller's words clause by clause, in a form that evasions do not change much.

Where `normalise` folds for the matter of an appeal, this folds for its tone: symbols put between
characters vanish, look-alike letters become Latin ones, digits stay what they are. Each clause
also gets its voice: whose words these are, as far as quotation marks, reporting verbs and the
operator's third person tell (the actor of Art. 9 and 37 is the caller alone).
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cache
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from jiesu.text.normalise import DROPPED, GAP, NormalBatch, fold_table, normalise

Ints = NDArray[np.int64]
Voice = Literal["direct", "quoted", "reported", "note", "noted"]
VOICES: tuple[Voice, ...] = ("direct", "quoted", "reported", "note", "noted")
"""The caller's own words; words in quotation marks; words said to be another's; the operator's
note of what the caller does; words of the caller that such a note quotes."""

_INSERTED = "*#@·•.-—–_~^/\\|+=&%$`'<>[]{}′‘’《》〈〉【】〔〕×"
_LOOKALIKES = dict(zip("аоесрхвѕуікмтнβοαευρκ", "aoecpxbsyikmthboaeupk", strict=True))
_OPENING, _CLOSING = "“「『", "”」』"
_STOPS = ",。!?;:…()、" + _OPENING + _CLOSING + '"'
_SPACE = " "
_SENTENCE_ENDS = "。!?;…"
_QUOTED, _REPORTED, _NOTE, _NOTED = 1, 2, 3, 4
_LONGEST = 40
"""Transcripts may go on without a stop: a clause is cut after so many characters."""

# Who is said to speak or act: anybody but the caller.
_OTHERS = (
    r"(?:他|她|它|他们|她们|对方|有人|别人|人家|邻居|隔壁|楼上|楼下|老板娘?|店家|商家|店员|房东|"
    r"中介|物业|保安|"
    r"司机|师傅|经理|领导|主任|工作人员|客服|店主|同事|同学|老师|校长|医生|护士|家长|前夫|前妻|丈夫|老公|"
    r"老婆|妻子|儿子|女儿|儿媳|女婿|婆婆|公公|亲戚|村[长民支]?书?记?|包工头|工头|催收|债主|城管|警察|民警|"
    r"男子|女子|男的|女的|小伙|大妈|大爷|业主|租客|房客|车主|乘客|顾客|网友|群里|小区里?的?|孩子|学生|室友|"
    r"那[人个家]|这[人个家]|主播|平台|公司|单位|负责人|管理员|收费员|售票员|驾驶员|乘务员|队长|会计)"
)
_SAYING = (
    r"(?:骂|辱骂|谩骂|说|讲|喊|吼|叫嚣|嚷|吵|回|回复|怼|威胁|恐吓|扬言|声称|宣称|称|要求|让|叫|逼|"
    r"问|答|发|写|发来|留言|评论|短信|微信|嘲笑|讽刺|侮辱|羞辱|调戏|骚扰|暗示|诅咒|放话|放出话|放狠话|开口|张口|嘴里)"
)
_REPORTS = re.compile(rf"{_OTHERS}.{{0,10}}?{_SAYING}")
_CALLER = (
    r"(?:来电人|来电者|来电市民|诉求人|诉求者|反映人|当事人|该市民|市民|"
    r"该人|其|该来电人|致电人|此人)"
)
_ACTING = (
    r"(?:辱骂|谩骂|骂|威胁|恐吓|扬言|声称|称|表示|要求|让|说|使用|口出|语言|情绪|言语|调戏|骚扰|"
    r"挑逗|询问|打听|反复|多次|恶意|无故|不断)"
)
_NOTES = re.compile(rf"^.{{0,12}}?{_CALLER}.{{0,16}}?{_ACTING}")
_SPEAKS_UP = re.compile(r"我(?:就|看|说|告诉|跟你|要|现在|今天|明天|也)|你们(?!这|那|一|都|算|他)")


@dataclass(frozen=True, slots=True)
class ClauseBatch:
    """A batch cut into clauses.

    batch: the texts in this form. number: (m,) clause of each code point, -1 between clauses.
    rows, starts, ends: (c,) text of each clause and its bounds in `batch.codes`.
    voices: (c,) index into VOICES.
    """

    batch: NormalBatch
    number: Ints
    rows: Ints
    starts: Ints
    ends: Ints
    voices: Ints


@cache
def tone_table() -> NDArray[np.uint32]:
    """Return, for every code point, the one that a clause is matched by."""
    table = fold_table().copy()
    for digit in range(10):
        table[[ord("0") + digit, 0xFF10 + digit]] = ord("0") + digit
    for mark in _INSERTED:
        table[ord(mark)] = DROPPED
        if "!" <= mark <= "~":
            table[ord(mark) + 0xFEE0] = DROPPED
    for letter, latin in _LOOKALIKES.items():
        table[ord(letter)] = table[ord(letter.upper())] = ord(latin)
    table[[ord("\n"), ord("\r")]] = ord("。")
    table[[ord(" "), ord("\t"), 0x3000, 0xA0]] = ord(_SPACE)
    return table


def cut_clauses(
    texts: Sequence[str], *, keep: Sequence[Sequence[tuple[int, int]] | None] | None = None
) -> ClauseBatch:
    """Fold and cut a batch. `keep` limits a text to spans of itself (the caller's turns)."""
    batch, stop = _without_spaces(normalise(texts, keep=keep, greetings=True, table=tone_table()))
    codes = batch.codes
    inside = ~stop
    begins = inside & np.concatenate(([True], stop[:-1]))
    start = np.flatnonzero(begins)
    end = np.flatnonzero(inside & np.concatenate((stop[1:], [True]))) + 1
    starts, ends = _cut_long(start, end)
    number = np.full(len(codes), -1, dtype=np.int64)
    if len(starts):
        lengths = ends - starts
        where = np.repeat(starts - np.concatenate(([0], np.cumsum(lengths)[:-1])), lengths)
        number[where + np.arange(lengths.sum())] = np.repeat(np.arange(len(starts)), lengths)
    rows = np.searchsorted(batch.starts, starts, side="right") - 1
    voices = _voices(batch, rows, starts, ends)
    return ClauseBatch(batch, number, rows, starts, ends, voices)


@cache
def _stop_codes() -> NDArray[np.uint32]:
    return np.array([GAP, *map(ord, _STOPS)], dtype=np.uint32)


def _without_spaces(batch: NormalBatch) -> tuple[NormalBatch, NDArray[np.bool_]]:
    """Drop the spaces of a batch; return it and where it stops.

    A space between two stretches of two characters or more is a pause of a transcript and turns
    into a stop; one beside a single character was put there to hide a word.
    """
    codes = batch.codes.copy()
    space = codes == ord(_SPACE)
    if space.any():
        # Runs of spaces and spaces beside a stop go first.
        hard = np.isin(codes, _stop_codes())
        bare = space & (np.append(True, (hard | space)[:-1]) | np.append(hard[1:], True))
        kept = np.flatnonzero(~bare)
        batch = _take(batch, kept)
        codes = batch.codes.copy()
        edges = np.flatnonzero(np.isin(codes, _stop_codes()) | (codes == ord(_SPACE)))
        room = np.diff(edges, prepend=-9, append=len(codes) + 9) - 1
        pause = edges[(room[:-1] >= 2) & (room[1:] >= 2) & (codes[edges] == ord(_SPACE))]
        codes[pause] = ord(",")
        batch = _take(replace(batch, codes=codes), np.flatnonzero(codes != ord(_SPACE)))
    return batch, np.isin(batch.codes, _stop_codes())


def _take(batch: NormalBatch, kept: Ints) -> NormalBatch:
    codes = batch.codes[kept]
    return NormalBatch(
        codes,
        batch.origin[kept],
        np.searchsorted(kept, batch.starts),
        np.searchsorted(kept, batch.ends),
        codes.tobytes().decode("utf-32-le"),
    )


def _cut_long(starts: Ints, ends: Ints) -> tuple[Ints, Ints]:
    pieces = (ends - starts + _LONGEST - 1) // _LONGEST
    if not len(pieces) or pieces.max() == 1:
        return starts, ends
    first = np.repeat(starts, pieces)
    nth = np.arange(len(first)) - np.repeat(np.cumsum(pieces) - pieces, pieces)
    size = -(-(ends - starts) // pieces)
    begin = first + nth * np.repeat(size, pieces)
    return begin, np.minimum(begin + np.repeat(size, pieces), np.repeat(ends, pieces))


def _voices(batch: NormalBatch, rows: Ints, starts: Ints, ends: Ints) -> Ints:
    """Say whose words each clause holds, walking every text once."""
    voices = np.zeros(len(starts), dtype=np.int64)
    text = batch.text
    row, quoted, reported, noted, last_end = -1, False, False, False, 0
    bounds = zip(rows.tolist(), starts.tolist(), ends.tolist(), strict=True)
    for number, (of, start, end) in enumerate(bounds):
        if of != row:
            row, quoted, reported, noted, last_end = of, False, False, False, start
        between = text[last_end:start]
        last_end = end
        if between:
            for mark in between:
                if mark in _OPENING or (mark == '"' and not quoted):
                    quoted = True
                elif mark in _CLOSING or mark == '"':
                    quoted = False
            if not quoted and any(mark in _SENTENCE_ENDS for mark in between):
                reported = noted = False
            if "\0" in between:
                quoted = reported = noted = False
        clause = text[start:end]
        if quoted:
            voices[number] = _NOTED if noted and not reported else _QUOTED
        elif _NOTES.search(clause):
            voices[number], noted, reported = _NOTE, True, _REPORTS.search(clause) is not None
        elif _REPORTS.search(clause):
            voices[number], reported = _REPORTED, True
        elif reported and not _SPEAKS_UP.match(clause):
            voices[number] = _REPORTED
        else:
            reported = False
    return voices
