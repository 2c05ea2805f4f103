"""How often the intervals that harness prints hold the truth, simulated; writes the table of docs/statistics.md.

Run: python benchmarks/coverage.py [--quick] [--times] [--only TEXT]
Baseline: the nominal 95 %.
Limit: 95 +- 1.5 %; docs/statistics.md says of each row beyond it why.

A full run takes about six minutes on one core; a quick one takes less, and only prints. Every row has a seed of
its own, so a row can be run alone.
"""

from __future__ import annotations

import argparse
import sys
import time
from pathlib import Path

from coverage_cases import CASES
from coverage_cases.case import Case, Share
from coverage_cases.metrics import NOT_SIMULATED, WITH_ARGUMENTS, WITHOUT_INTERVAL, row_of

__all__ = [
    "CASES",
    "NOT_SIMULATED",
    "WITHOUT_INTERVAL",
    "WITH_ARGUMENTS",
    "Case",
    "Share",
    "row",
    "row_of",
    "rows_in",
    "written",
]
DOCUMENT = Path(__file__).resolve().parent.parent / "docs" / "statistics.md"
BEGIN, END = "<!-- coverage: written by benchmarks/coverage.py -->", "<!-- end of coverage -->"
HEAD = ["| what | setting | covers |", "|---|---|---|"]


def row(case: Case, found: Share) -> str:
    """A row of the table."""
    said = "" if case.counts == "covers" else f"{case.counts}: "
    beside = f"; {found.beside}" if found.beside else ""
    return f"| {case.what} | {case.setting} | {said}{found.value:.1f} ± {found.error:.1f}{beside} |"


def name_of(line: str) -> str:
    """The name of the case that a row is of."""
    what, setting, _ = (part.strip() for part in line.strip().strip("|").split("|"))
    return f"{what}: {setting}"


def rows_in(text: str) -> dict[str, str]:
    """The rows of the document's table, by the name of their case."""
    inside = text.split(BEGIN)[1].split(END)[0]
    return {name_of(line): line for line in inside.splitlines() if line.startswith("| ") and line not in HEAD}


def written(text: str, rows: dict[str, str]) -> str:
    """The document with these rows in place of its own, in the order of the cases."""
    known = {**rows_in(text), **rows}
    lines = [BEGIN, *HEAD, *(known[case.name] for case in CASES if case.name in known), END]
    before, after = text.split(BEGIN)[0], text.split(END)[1]
    return before + "\n".join(lines) + after


def main() -> None:
    """Print a row a case, and write them into the document."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="a tenth of the rounds; leaves the document alone")
    parser.add_argument("--times", action="store_true", help="say how long each case takes")
    parser.add_argument("--only", default="", help="cases whose name holds this text")
    options = parser.parse_args()
    chosen = [case for case in CASES if options.only in case.name]
    start = time.perf_counter()
    rows = {}
    for case in chosen:
        began = time.perf_counter()
        rows[case.name] = row(case, case.simulate(0.1 if options.quick else 1.0))
        print(rows[case.name], flush=True)
        if options.times:
            print(f"{time.perf_counter() - began:6.1f} s", file=sys.stderr)
    print(f"{len(rows)} cases in {time.perf_counter() - start:.0f} s", file=sys.stderr)
    if not options.quick:
        DOCUMENT.write_text(written(DOCUMENT.read_text(encoding="utf-8"), rows), encoding="utf-8")


if __name__ == "__main__":
    main()
