"""Repeats (Art. 11(3)): is this the same matter again, and does it bring anything new?

An index of earlier appeals in memory. It keeps ids and hashes and no text; hashes of short pieces
can be guessed, so they are pseudonymous and do not belong in a file.
"""

from __future__ import annotations

import re
import secrets
import struct
import unicodedata
import zlib
from collections.abc import Iterable, Iterator, Sequence
from functools import cache
from hashlib import blake2b
from typing import Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray

from jiesu.corpus.chains import Chains
from jiesu.corpus.dedupe import _gram_hashes, _mixed, bands
from jiesu.schema import Appeal
