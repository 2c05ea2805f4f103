"""Run files: a whole evaluation with its leaderboards, as a committed YAML file says; see docs/run-files.md.

`reading` reads one, `checks` finds everything that is wrong with it before anything is computed: in `outputs`, where
leaderboards are written, and in `contents`, what they are made of. `orders` says what each leaderboard is made from.
"""

from harness.cli.runfiles.checks import check, check_registries
from harness.cli.runfiles.orders import order_of
from harness.cli.runfiles.reading import ReadRun, in_folder_of, read_run_file

__all__ = ["ReadRun", "check", "check_registries", "in_folder_of", "order_of", "read_run_file"]
