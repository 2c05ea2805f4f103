"""How long a user waits for the command line, against lm_eval in the same minutes.

Run: python benchmarks/startup.py
Limit: the time of an interpreter that does nothing.
"""

from __future__ import annotations

import argparse
import os
import shutil
import tempfile
from pathlib import Path

from _measure import PYTHON, alternately, median, run

PAIRS = [
    (["harness", "--help"], ["lm_eval", "--help"], 5),
    (["harness", "list", "tasks"], ["lm_eval", "ls", "tasks"], 2),
    (["harness", "list", "models"], ["lm_eval", "ls", "tasks"], 1),
]


def main() -> None:
    """Print a table of medians and ratios."""
    argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter).parse_args()
    here = Path(PYTHON).parent
    floor = median([run([PYTHON, "-c", "pass"])[0] for _ in range(5)])
    print(f"{'command':<24}{'seconds':>9}{'floor':>8}{'   other':<20}{'seconds':>9}{'ratio':>8}")
    for ours, theirs, runs in PAIRS:
        commands = [
            [str(here / c[0]) if (here / c[0]).exists() else shutil.which(c[0]) or c[0], *c[1:]] for c in (ours, theirs)
        ]
        run(commands[0])  # both warm, so that the disk is not what is measured
        mine, other = alternately(commands[0], commands[1], runs)
        print(
            f"{' '.join(ours):<24}{median(mine):>9.3f}{floor:>8.3f}{'   ' + ' '.join(theirs):<20}"
            f"{median(other):>9.2f}{median(other) / median(mine):>7.1f}x"
        )
    with tempfile.TemporaryDirectory() as folder:
        seconds = median([run(_many_tasks(Path(folder), here))[0] for _ in range(5)])
    print(f"{'harness list tasks':<24}{seconds:>9.3f}{floor:>8.3f}   with {MANY} task files more")


MANY = 500


def _many_tasks(folder: Path, here: Path) -> list[str]:
    """The command that lists them, with a registry file that names them; made on the first call."""
    tasks = folder / "tasks" / "many"
    command = [str(here / "harness"), "list", "tasks", "--registry", str(folder / "registry.yaml")]
    if not tasks.exists():
        tasks.mkdir(parents=True)
        columns = "data: {test: {file: rows.jsonl}}\ncolumns: {text: text, label: label}\nmetrics: [auroc]\n"
        for i in range(MANY):
            path = tasks / f"task-{i}.yaml"
            path.write_text(f"kind: detection\ndescription: number {i}\n{columns}", encoding="utf-8")
            os.utime(path, (1e9, 1e9))  # a file of this moment would not be remembered
        (folder / "registry.yaml").write_text("task_folders: [tasks]\n", encoding="utf-8")
        run(command)
    return command


if __name__ == "__main__":
    main()
