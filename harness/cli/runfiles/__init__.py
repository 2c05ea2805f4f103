"""Run files: a whole evaluation with its leaderboards, written in a committed YAML file; see docs/run-files.md.

`reading` reads a run file. `checks` finds all its mistakes before anything is computed: `outputs` checks where
leaderboards are written, and `contents` what they are made from. `orders` makes the order to write each leaderboard.
"""

from harness.cli.runfiles.checks import check, check_registries
from harness.cli.runfiles.orders import labels_of, order_of
from harness.cli.runfiles.reading import ReadRun, in_folder_of, read_run_file

__all__ = ["ReadRun", "check", "check_registries", "in_folder_of", "labels_of", "order_of", "read_run_file"]
