"""Static sites of leaderboards: folders that open from the file system, without network or build step."""

from harness.site.write import write_site

__all__ = ["write_site"]
