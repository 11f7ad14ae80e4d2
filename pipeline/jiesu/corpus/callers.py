"""Who called, as a number to compare: a salted hash, 0 where the record does not tell."""

from __future__ import annotations

import re
import unicodedata
from hashlib import blake2b

_MASKED = re.compile(r"x{3}|[*●○■□×]")
_APART = re.compile(r"[\s().-]+")
_COUNTRY = re.compile(r"(?:\+|00)?86(?=1[0-9]{10}$)")
# What is written where the caller is not known, or is shared: platforms, forms of address.
_NOBODY = re.compile(
    r"[^0-9a-z\u3400-\u9fff]*|0+|12345|[无否]|匿名.*|未知|不详|保密|未提供|不愿.*|热心市民|市民|群众|居民|"
    r"none|null|nan|n/?a|unknown|anonymous|.{0,2}(?:先生|女士|小姐|同志|老师|师傅|某某?)"
)


def caller_key(caller: str | None, salt: bytes) -> int:
    """Return a 32-bit hash, equal for one number however it is spaced; 0 if nobody is named.

    Nobody is named by a masked number, by `匿名` and the like, and by a surname with a title.
    """
    if not caller:
        return 0
    folded = _APART.sub("", unicodedata.normalize("NFKC", caller)).lower()
    if _MASKED.search(folded) or _NOBODY.fullmatch(folded):
        return 0
    key = _COUNTRY.sub("", folded).encode("utf-8", "surrogatepass")
    return int.from_bytes(blake2b(key, digest_size=4, key=salt).digest(), "little") or 1
