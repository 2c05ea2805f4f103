"""Names of files for whatever models and data sets call themselves."""

from __future__ import annotations

import hashlib
import re
import unicodedata

_LONGEST = 60
_RESERVED = {"con", "prn", "aux", "nul", *(f"{device}{i}" for device in ("com", "lpt") for i in range(10))}


def file_name(text: str) -> str:
    """A name that every file system and URL takes as it is: the text itself where it is one, else with a hash.

    The same text gives the same name whatever stands beside it, so that links to a page outlive the next build; two
    texts never share one, not even where upper and lower case are the same.
    """
    plain = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode().lower()
    plain = re.sub(r"[^a-z0-9]+", "-", plain.replace("_", "-")).strip("-")[:_LONGEST].strip("-")
    if plain and plain == text and plain not in _RESERVED and not _ends_in_hash(plain):
        return plain
    digest = hashlib.blake2b(text.encode("utf-8", "surrogatepass"), digest_size=4).hexdigest()
    return f"{plain}-{digest}" if plain else digest


def _ends_in_hash(text: str) -> bool:
    """Whether it could be taken for a name that was made from another text."""
    return re.search(r"(^|-)[0-9a-f]{8}$", text) is not None
