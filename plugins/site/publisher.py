"""The publisher that `harness leaderboard -o site/` and `harness.build_site` find through the registry."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from harness import Edition, Publisher

from .names import file_name
from .write import MANIFEST, earlier_files, write_site


class SitePublisher(Publisher):
    """Writes a static site into a folder of its own."""

    def check(self, folder: Path) -> None:
        """Refuse a path that is a file, and a folder with pages that harness did not write."""
        earlier_files(folder)

    def own_names(self, folder: Path, benchmarks: Sequence[str]) -> set[str]:
        """Return the names that a site has in its folder, and those of an earlier build, which the next removes."""
        earlier = {path.partition("/")[0] for path in earlier_files(folder)}
        return earlier | {"index.html", MANIFEST, ".nojekyll", "assets", *map(file_name, benchmarks)}

    def publish(self, edition: Edition, folder: Path) -> int:
        """Write the site, and return the number of its files."""
        return write_site(edition, folder)
