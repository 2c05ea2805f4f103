"""Aggregates over tasks, and ranks."""

from __future__ import annotations

import numpy as np
from coverage_cases.case import Case, Generator, holds

from harness.aggregate import mean, minimum
from harness.stats import Estimate, mean_estimate, rank_intervals, tied_with_best

CASES: list[Case] = []
