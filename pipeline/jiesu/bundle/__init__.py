"""The bundle: one folder that holds all that scoring needs, and a hash of every part."""

from jiesu.bundle.fit import check_jurisdiction_fits, check_patterns_fit, check_tokeniser_fits
from jiesu.bundle.folder import (
    CONDUCT,
    FORMAT,
    IDF,
    KEYS,
    MANIFEST,
    SCALES,
    SYLLABLES,
    VOCABULARY,
    WEIGHTS,
    Bundle,
    load_bundle,
    read_manifest,
    save_bundle,
    verify_files,
    verify_keys,
)
from jiesu.bundle.hashes import file_hash, hash_of, sha256
from jiesu.bundle.manifest import (
    ConductEntry,
    HeadEntry,
    Manifest,
    ThresholdEntry,
    TokeniserEntry,
)

__all__ = [
    "CONDUCT",
    "FORMAT",
    "IDF",
    "KEYS",
    "MANIFEST",
    "SCALES",
    "SYLLABLES",
    "VOCABULARY",
    "WEIGHTS",
    "Bundle",
    "ConductEntry",
    "HeadEntry",
    "Manifest",
    "ThresholdEntry",
    "TokeniserEntry",
    "check_jurisdiction_fits",
    "check_patterns_fit",
    "check_tokeniser_fits",
    "file_hash",
    "hash_of",
    "load_bundle",
    "read_manifest",
    "save_bundle",
    "sha256",
    "verify_files",
    "verify_keys",
]
