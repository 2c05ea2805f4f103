"""The golden cases of detection: values computed elsewhere with scikit-learn, to their six digits."""

import json
import os
from pathlib import Path

import numpy as np
import pytest

from harness.metric import Columns

PLACE = Path(os.environ.get("HARNESS_DATA", "")) / "safety" / "golden_detector_metrics.json"
CASES = ("ties_20", "binormal_2000_seed123", "all_tied")
FIXED = {
    "AUROC": "auroc",
    "AP": "average_precision",
    "AUPRC_trapz": "auprc_trapezoid@compat",
    "acc_opt": "optimal_accuracy",
    "acc_opt_author_strict_gt": "optimal_accuracy@compat",
    "bal_acc_opt": "optimal_balanced_accuracy",
}
RATES = ("0.1", "0.01", "0.001", "0.0001")
AT_RATES = {"max_leq": "tpr_at_fpr", "author_index": "tpr_at_fpr", "interp": "tpr_at_fpr_interpolated"}
NAMES = FIXED | {f"TPR@{r}_{how}": f"{name}:rate={r}" for r in RATES for how, name in AT_RATES.items()}


@pytest.fixture(scope="module")
def golden():
    if "HARNESS_DATA" not in os.environ or not PLACE.is_file():
        pytest.skip("needs safety/golden_detector_metrics.json under HARNESS_DATA")
    return json.loads(PLACE.read_text("utf-8"))


def columns_of(case):
    if "recipe" in case:  # default_rng(123): prevalence .07, separation 2.2, three digits
        rng = np.random.default_rng(123)
        labels = (rng.random(2000) < 0.07).astype(int)
        return Columns({"log_odds": np.round(rng.normal(size=2000) + 2.2 * labels, 3), "label": labels.astype(float)})
    return Columns({"log_odds": np.array(case["s"], dtype=float), "label": np.array(case["y"], dtype=float)})


@pytest.mark.parametrize("case", CASES)
def test_every_expected_value_is_met_to_its_digits(golden, case, metric):
    expected = dict(golden[case]["expected"])
    columns = columns_of(golden[case])
    assert expected.pop("n") == len(columns)
    assert expected.pop("pos") == columns.values["label"].sum()
    found = {key: round(metric(NAMES[key]).compute(columns).value, 6) for key in expected}
    assert found == expected
