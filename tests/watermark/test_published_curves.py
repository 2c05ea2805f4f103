"""The ROC points that the authors of the mark published: areas and rates at few false alarms, as they are shown."""

from __future__ import annotations

import csv
import gzip
import os
from collections import defaultdict
from pathlib import Path

import numpy as np
import pytest

PREFIX = "core_simple_1_200_1000_"
ROWS = {
    # attack: area, rate at 1 % and at 0.1 % of false alarms; by z, and by the best window
    "gen_cp_attack_1-10%_eval": ((0.8805, 0.1060, 0.0040), (0.9900, 0.9360, 0.6080)),
    "gen_cp_attack_3-10%_eval": ((0.8776, 0.1040, 0.0080), (0.9661, 0.6560, 0.1160)),
    "gen_cp_attack_1-25%_eval": ((0.9867, 0.8480, 0.2240), (0.9964, 0.9900, 0.9720)),
    "gen_cp_attack_3-25%_eval": ((0.9900, 0.8380, 0.2280), (0.9982, 0.9900, 0.8460)),
    "gpt_p4_eval": ((0.9065, 0.4712, 0.1615), (0.7732, 0.4269, 0.2135)),
    "dipper_high_eval": ((0.9950, 0.9385, 0.5962), (0.9898, 0.9135, 0.6577)),
}
METHODS = ("zscore", "winmax")


def published():
    folder = os.environ.get("HARNESS_DATA")
    path = Path(folder or "") / "safety" / "watermark"
    if not folder or not path.is_dir():
        pytest.skip("the published curves are not here: set HARNESS_DATA to a folder that holds safety/watermark")
    curves = {}
    for method in METHODS:
        points = defaultdict(list)
        with gzip.open(path / f"baseline_attacked_all_methods_ROC_T_1000__{method}.csv.gz", "rt") as file:
            for row in csv.DictReader(file):
                points[row["name"]].append((float(row["fpr"]), float(row["tpr"])))
        curves[method] = {name: np.array(values).T for name, values in points.items()}
    return curves


def figures(curve):
    false, true = curve
    return float(np.trapezoid(true, false)), *(float(true[false <= rate].max()) for rate in (0.01, 0.001))


def test_the_published_curves_have_the_areas_and_rates_that_are_stated():
    curves = published()
    for number, method in enumerate(METHODS):
        for attack, stated in ROWS.items():
            found = figures(curves[method][PREFIX + attack])
            assert [round(value, 4) for value in found] == list(stated[number]), (method, attack)
