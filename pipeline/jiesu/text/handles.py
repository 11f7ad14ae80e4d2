"""Plates, e-mail addresses, WeChat and QQ ids."""

from __future__ import annotations

import re
from collections.abc import Iterator

from jiesu.text.digits import PAUSE, Figures

Found = tuple[str, int, int]

PROVINCES = "京津沪渝冀豫云辽黑湘皖鲁新苏浙赣鄂桂甘晋蒙陕吉闽贵粤青藏川宁琼"
_DOT = r"[ ·•・.\-—]{0,2}"
_BODY = r"[A-HJ-NP-Za-hj-np-z0-9]"
# GA 36-2018: five characters, six for new energy; the last may name a use.
_PLATE = re.compile(
    rf"(?<![A-Za-z0-9])(?:WJ[ ]?)?[{PROVINCES}][ ]?[A-Za-z]{_DOT}"
    rf"(?=(?:[ ]?[A-Za-z]){{0,4}}[ ]?[0-9])"
    rf"{_BODY}(?:[ ]?{_BODY}){{3}}(?:[ ]?{_BODY})?[ ]?"
    rf"(?:{_BODY}|[挂学警港澳领试超使])(?![A-Za-z0-9])"
)
_EMBASSY = re.compile(r"(?<![0-9])(?:使[ ]?[0-9]{6}|[0-9]{6}[ ]?使)(?![0-9用])")
_PLATE_CUED = re.compile(
    r"(?:车牌|牌照|牌号|车号|号牌)(?:号码?|为|是|[:： ]){0,4}"
    r"([A-Za-z]{0,2}[·]?[A-Za-z]?[0-9][A-Za-z0-9]{3,5})"
    r"(?![A-Za-z0-9])"
)
_HAS_PLATE = re.compile(rf"[{PROVINCES}][ ]?[A-Za-z]|[车牌]|使[ ]?[0-9]|[0-9][ ]?使")

_AT = re.compile(r"(?<=[A-Za-z0-9._%+\-])@(?=[A-Za-z0-9])")
_LOCAL_PART = re.compile(r"[A-Za-z0-9._%+\-]{1,64}$")
_DOMAIN = re.compile(r"[A-Za-z0-9\-]{1,63}(?:\.[A-Za-z0-9\-]{1,63}){1,4}")
_SAID_MAIL = re.compile(
    r"(?<![A-Za-z0-9._\-])[A-Za-z0-9._\-]{3,40}[ ]?(?:艾特|圈a|at|@)"
    r"[ ]?[A-Za-z0-9\-]{2,30}[ ]?(?:点|\.)[ ]?(?:com|cn|net|org)(?![A-Za-z0-9])",
    re.I,
)
_HAS_MAIL = re.compile(r"@|艾特|圈a| at ", re.I)

_CUE_TAIL = r"(?:号码?|账号|帐号|id|ID|叫|加|就?是|为|同号|[:： =\"“'(]){0,4}"
_WECHAT_CUE = (
    r"(?:(?:加我?)?(?:微信|薇信|威信|维信|卫信|V信|v信|微❤)|(?:加我?|[+➕])(?:微|薇|V|v)|"
    r"(?<![A-Za-z0-9])(?:wechat|weixin|wx|vx|v❤)(?![A-Za-z]))"
)
_WECHAT = re.compile(
    rf"{_WECHAT_CUE}({_CUE_TAIL})((?<![A-Za-z0-9])[A-Za-z][\w\-]{{4,19}})(?![\w\-@])", re.I | re.A
)
_WECHAT_NUMBER = re.compile(
    rf"{_WECHAT_CUE}{_CUE_TAIL}([1-9](?:{PAUSE}[0-9]){{5,14}})(?![0-9@])", re.I
)
_GLUED_ID = re.compile(
    r"(?:(?<![A-Za-z0-9])(?:wx|vx)|(?:加我?|[+➕])v)((?=[a-z_\-]{0,19}[0-9])[a-z_][\w\-]{4,19})(?![\w\-@])",
    re.I | re.A,
)
_NO_ID = re.compile(r"(?:wechat|weixin|android|iphone|https?|www|app|ios|wifi|vip)", re.I)
_QQ = re.compile(
    r"(?:(?<![A-Za-z0-9])(?:QQ|qq|Qq|Q)|扣扣|叩叩|球球|企鹅)"
    rf"{_CUE_TAIL}([1-9](?:{PAUSE}[0-9]){{4,10}})(?![0-9@]|{PAUSE}[0-9])"
)
_HAS_ID = re.compile(r"[微薇威维卫扣叩鹅Vv球Qq➕]|wx|wechat|weixin", re.I)
_MOBILE = re.compile(r"1[3-9][0-9]{9}$")


def find_handles(folded: str, shown: Figures) -> Iterator[Found]:
    """Yield (kind, start, end) of plates, mail addresses and ids. They may overlap.

    An id that is a mobile number is of kind `mobile`. Offsets point into `folded`.
    """
    text = shown.text
    if _HAS_MAIL.search(folded):
        yield from _mails(folded)
    if _HAS_PLATE.search(text):
        for pattern, group in ((_PLATE, 0), (_EMBASSY, 0), (_PLATE_CUED, 1)):
            for found in pattern.finditer(text):
                yield "plate", *shown.span(*found.span(group))
    if _HAS_ID.search(folded):
        yield from _ids(folded, shown)


def _mails(folded: str) -> Iterator[Found]:
    for sign in _AT.finditer(folded):
        at = sign.start()
        before = _LOCAL_PART.search(folded[max(0, at - 64) : at])
        after = _DOMAIN.match(folded, at + 1)
        if before and after:
            yield "email", at - len(before[0]), after.end()
    for found in _SAID_MAIL.finditer(folded):
        yield "email", *found.span()


def _ids(folded: str, shown: Figures) -> Iterator[Found]:
    for found in _WECHAT.finditer(folded):
        explicit = bool(found[1].strip())
        if _NO_ID.match(found[2]) or not (explicit or re.search(r"[0-9_\-]", found[2])):
            continue
        yield "wechat", *found.span(2)
    for found in _GLUED_ID.finditer(folded):
        yield "wechat", *found.span(1)
    for pattern, kind in ((_WECHAT_NUMBER, "wechat"), (_QQ, "qq")):
        for found in pattern.finditer(shown.text):
            digits = "".join(char for char in found[1] if char.isdigit())
            yield "mobile" if _MOBILE.match(digits) else kind, *shown.span(*found.span(1))
