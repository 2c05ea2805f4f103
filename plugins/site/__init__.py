"""Static sites of leaderboards: folders that open from the file system, without network or build step."""

from __future__ import annotations

from typing import TYPE_CHECKING

from harness import hookimpl

if TYPE_CHECKING:
    from harness import Register


@hookimpl
def register_publishers(register: Register) -> None:
    """Register the publisher that fills a folder unless the user names another."""
    register(
        "site",
        "harness_plugins.site.publisher:SitePublisher",
        opens="index.html",
        description="a static site: tables, models, tasks, comparisons; opens without network",
    )
