"""A split of a data set on the hub wherever it lies: a copy below ``$HARNESS_DATA``, a snapshot there, or the hub."""

from __future__ import annotations

from harness.tasks.data.hub import HubSource, SnapshotSource, snapshot_files
from harness.tasks.data.sources import FileSource, mirror_file


def hub_source(
    hub: str, split: str, config: str | None = None, mirror: str | None = None, revision: str | None = None
) -> FileSource | SnapshotSource | HubSource:
    """Return where the rows of a split are read from, as a task file with these keys would read them.

    Args:
        hub: Id of the data set.
        split: Its split.
        config: Its configuration.
        mirror: A file below ``$HARNESS_DATA`` that is taken before anything else.
        revision: Of the hub's data set.
    """
    copy, looked_in = mirror_file(hub, config, split, mirror)
    if copy is not None:
        return FileSource(copy, copy_of=hub)
    shards, layout = snapshot_files(hub, config, split)
    if shards:
        return SnapshotSource(shards, hub)
    return HubSource(hub, split, config, revision, " and ".join(filter(None, (looked_in, layout))))
