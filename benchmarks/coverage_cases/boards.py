"""Aggregates over tasks, and ranks."""

from __future__ import annotations

from coverage_cases.case import Case

CASES: list[Case] = []
