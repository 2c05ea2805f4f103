"""Names of files for models and data sets, whatever they are called."""

from __future__ import annotations

import hashlib
import re
import unicodedata

_LONGEST = 60
_RESERVED = {"con", "prn", "aux", "nul", *(f"{device}{i}" for device in ("com", "lpt") for i in range(10))}


def file_name(text: str) -> str:
    """Make a name that every file system and URL accepts: the text itself if it is such a name, else one with a hash.

    The same text gives the same name whatever stands beside it, so that links to a page outlive the next build. Two
    texts never share a name, not even on file systems that ignore case.
    """
    plain = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode().lower()
    plain = re.sub(r"[^a-z0-9]+", "-", plain.replace("_", "-")).strip("-")[:_LONGEST].strip("-")
    if plain and plain == text and plain not in _RESERVED and not _ends_in_hash(plain):
        return plain
    digest = hashlib.blake2b(text.encode("utf-8", "surrogatepass"), digest_size=4).hexdigest()
    return f"{plain}-{digest}" if plain else digest


def _ends_in_hash(text: str) -> bool:
    """Tell whether a text looks like a name that was made from another text."""
    return re.search(r"(^|-)[0-9a-f]{8}$", text) is not None
