"""Static sites of leaderboards: folders that open from the file system, without network or build step."""

from harness.site.write import MANIFEST, earlier_files, write_site

__all__ = ["MANIFEST", "earlier_files", "write_site"]
