"""What `coverage.py` simulates: one file a family of intervals, each with a list of cases."""

from __future__ import annotations

from coverage_cases import battles, boards, detectors, means, pairs
from coverage_cases.case import Case

CASES: list[Case] = [*means.CASES, *pairs.CASES, *detectors.CASES, *battles.CASES, *boards.CASES]
"""All of them, in the order of the table."""
