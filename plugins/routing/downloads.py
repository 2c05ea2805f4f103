"""Files of a hub data set that no reader of rows understands: where they are looked for."""

from __future__ import annotations

import os
from pathlib import Path

from harness import DataError
from harness.tasks import MIRROR_VARIABLE


def hub_file(hub: str, name: str) -> Path:
    """Return a file of a data set on the hub: below ``$HARNESS_DATA``, else in the cache of ``huggingface_hub``.

    Nothing is downloaded: these files are large, and whoever wants one is told how to get it.

    Raises:
        DataError: it is at neither place; says what to download, and where to put it.
    """
    mirror = os.environ.get(MIRROR_VARIABLE)
    if mirror and (place := Path(mirror) / hub / name).exists():
        return place
    where = f"${MIRROR_VARIABLE} is not set" if not mirror else f"{Path(mirror) / hub / name} is not there"
    try:
        from huggingface_hub import try_to_load_from_cache

        cached = try_to_load_from_cache(hub, name, repo_type="dataset")
    except ImportError:
        cached = None
    if isinstance(cached, str):
        return Path(cached)
    raise DataError(
        f"the data set {hub} on the hub is needed, and {name} of it is not on this machine ({where}); get it by: "
        f"hf download {hub} {name} --repo-type dataset --local-dir ${MIRROR_VARIABLE}/{hub}"
    )


def hub_folder(hub: str, name: str) -> Path:
    """Return a folder of a data set below ``$HARNESS_DATA``, such as an archive that was unpacked there.

    Raises:
        DataError: it is not there; says what to unpack where.
    """
    mirror = os.environ.get(MIRROR_VARIABLE)
    place = Path(mirror) / hub / name if mirror else None
    if place is not None and place.is_dir():
        return place
    where = f"${MIRROR_VARIABLE} is not set" if place is None else f"{place} is not there"
    raise DataError(
        f"the data set {hub} is not on this machine ({where}); download it from the hub and unpack it so that "
        f"${MIRROR_VARIABLE}/{hub}/{name} is its folder of results"
    )
