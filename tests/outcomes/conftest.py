"""Figures of made-up models, and the published figures of the paper on Preference Proxy Evaluations."""

from __future__ import annotations

import csv
import json
import os
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

HUMAN = {
    "accuracy": "battle_accuracy",
    "row-wise_pearson": "row_wise_pearson",
    "separability": "separability",
    "confidence_agreement": "confidence_agreement",
    "kendalltau": "elo_kendall",
    "spearmanr": "elo_spearman",
    "brier_score": "elo_brier",
}
CORRECTNESS = {
    "accuracy": "conflict_pair_accuracy",
    "roc_auc": "pooled_auroc",
    "max_score": "best_of_k_max@compat",
    "end_score": "best_of_k_accuracy",
    "loss": "best_of_k_loss@compat",
}
SETS = {
    "mmlu_pro": "ppe/mmlu-pro",
    "math": "ppe/math",
    "gpqa": "ppe/gpqa",
    "mbpp_plus": "ppe/mbpp-plus",
    "ifeval": "ppe/ifeval",
}
LOWER = {"elo_brier", "best_of_k_loss@compat"}
# Which model was trained from which reward model: by the order of the plain and of the style-controlled ratings.
STYLE = {
    "Athene-RM-70B": 2,
    "Athene-RM-8B": 3,
    "internlm2-7b-reward": 5,
    "Llama-3-OffsetBias-RM-8B": 6,
    "ArmoRM-Llama3-8B-v0.1": 1,
    "Skywork-Reward-Llama-3.1-8B": 9,
    "internlm2-20b-reward": 4,
    "Skywork-Reward-Gemma-2-27B": 8,
    "nemotron-4-340b-reward": 7,
}


def write_rows(path, rows):
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    return path


@pytest.fixture(scope="session")
def names():
    """How the paper's columns are called here."""
    return SimpleNamespace(human=HUMAN, correctness=CORRECTNESS, sets=SETS)


@pytest.fixture(scope="session")
def ppe_data():
    root = os.environ.get("HARNESS_DATA")
    folder = Path(root or ".") / "ppe"
    if not root or not (folder / "ppe_official").is_dir():
        pytest.skip("HARNESS_DATA holds no ppe/ppe_official, the paper's published figures")
    return folder


@pytest.fixture(scope="session")
def expected(ppe_data):
    return json.loads((ppe_data / "expected_values.json").read_text())


@pytest.fixture(scope="session")
def ppe_published(ppe_data, tmp_path_factory):
    """The paper's tables as a file of published results."""
    rows = []
    with (ppe_data / "ppe_official/human_preference_published_paper.csv").open() as stream:
        for line in csv.DictReader(stream):
            for column, metric in HUMAN.items():
                value = float(line[column]) / (100 if column == "separability" else 1)
                row = {"model": line["reward_model"], "task": "ppe/human-preference", "metric": metric}
                rows.append({**row, "domain": line["domain"], "value": value, "higher_is_better": metric not in LOWER})
    with (ppe_data / "ppe_official/correctness_tables_published.csv").open() as stream:
        for line in csv.DictReader(stream):
            metric = CORRECTNESS[line["metric"]]
            for column, task in {**SETS, "Mean": "ppe-tables/mean"}.items():
                row = {"model": line["Reward Model"], "task": task, "metric": metric, "value": float(line[column])}
                rows.append({**row, "higher_is_better": metric not in LOWER})
    return write_rows(tmp_path_factory.mktemp("ppe") / "published.jsonl", rows)


@pytest.fixture(scope="session")
def ppe_style(ppe_data, tmp_path_factory):
    """Files of the style-controlled ratings and of their bootstrap draws, by reward model."""
    document = json.loads((ppe_data / "ppe_official/post_dpo_style_control.json").read_text())
    folder = tmp_path_factory.mktemp("style")
    files = []
    for key in ("elo", "bootstrap_elo"):
        by_model = {model: document[key][f"llama-3.1-8b-dpo-test-{number}"] for model, number in STYLE.items()}
        files.append(folder / f"{key}.json")
        files[-1].write_text(json.dumps(by_model))
    return files


@pytest.fixture
def made_up(project):
    """A benchmark ``demo`` with two tasks, published figures of models m0, m1, ..., and their outcome.

    ``made_up(12)`` writes published.jsonl, outcome.csv and registry.yaml; accuracy on demo/one follows the outcome.
    """

    def make(n=12, *, signal=3.0, extra=1, seed=0):
        rng = np.random.default_rng(seed)
        outcome = rng.normal(size=n + extra)
        rows = []
        for i in range(n + extra):
            for domain in ("overall", "easy", "hard"):
                value = 0.6 + 0.05 * (signal * outcome[i] + rng.normal()) / (1 + signal)
                row = {"model": f"m{i}", "task": "demo/one", "domain": domain}
                rows.append({**row, "metric": "accuracy", "value": value, "stderr": 0.01})
                rows.append({**row, "metric": "loss", "value": 1 - value, "higher_is_better": False})
            rows.append({"model": f"m{i}", "task": "demo/two", "metric": "accuracy", "value": rng.uniform(0.4, 0.9)})
        write_rows(project / "published.jsonl", rows)
        lines = ["model,rating", *(f"m{i},{1000 + 30 * outcome[i]:.3f}" for i in range(n))]
        (project / "outcome.csv").write_text("\n".join(lines) + "\n")
        mean = {"name": "mean accuracy", "of": ["demo/one:accuracy", "demo/two:accuracy"]}
        benchmark = {"tasks": ["demo/one", "demo/two"], "aggregates": [mean]}
        (project / "registry.yaml").write_text(json.dumps({"benchmarks": {"demo": benchmark}}))
        return 1000 + 30 * outcome

    return make
