"""What `coverage.py` simulates: one file a family of intervals, each with a list of cases."""

from __future__ import annotations

from coverage_cases import (
    battles,
    boards,
    calibration,
    decisions,
    detectors,
    judges,
    means,
    outcomes,
    pairs,
    routers,
    sampled,
)
from coverage_cases.case import Case

CASES: list[Case] = [
    case
    for family in (means, pairs, detectors, decisions, calibration, sampled, judges, battles, boards, outcomes, routers)
    for case in family.CASES
]
"""All of them, in the order of the table."""
