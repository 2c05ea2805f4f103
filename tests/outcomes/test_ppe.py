"""The paper's heat-maps, curves and comparisons with RewardBench, reproduced through the command's own path.

Frick et al. 2024, "How to Evaluate Reward Models for RLHF": nine reward models, and the ratings of what was trained
from them. Skipped without the published figures.
"""

from __future__ import annotations

import csv
import json

import pytest

import harness

# The paper prints two decimals; the expected values were computed once more from the same tables, to four.
CLOSE = 6e-5


@pytest.fixture
def ratings(ppe_data):
    return ppe_data / "ppe_official/arena_elos.json"


@pytest.fixture
def benchmark(project):
    """The tasks of ``ppe``, and the published means, which were rounded after averaging."""
    tasks = [f"ppe/{name}" for name in ("human-preference", "mmlu-pro", "math", "gpqa", "mbpp-plus", "ifeval")]
    file = {"benchmarks": {"paper": {"tasks": [*tasks, "ppe-tables/mean"]}}}
    (project / "registry.yaml").write_text(json.dumps(file))
    return "paper"


@pytest.fixture(scope="module")
def whole(ppe_data, ppe_published, tmp_path_factory):
    """The report of all of ``ppe``, computed once."""
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(tmp_path_factory.mktemp("empty"))
        ratings = ppe_data / "ppe_official/arena_elos.json"
        return harness.correlate(
            "ppe", ratings, published=[ppe_published], value_column="Arena", predict=["Eurus-RM-7b"]
        )


def by_key(report):
    return {(c.feature.task, c.feature.metric, c.feature.domain): c for c in report.tests.correlations}


def test_every_cell_of_the_heat_maps_is_reproduced(benchmark, ratings, ppe_published, expected, names):
    report = harness.correlate(benchmark, ratings, published=[ppe_published], value_column="Arena")
    found = by_key(report)
    tasks = {**names.sets, "Mean": "ppe-tables/mean"}
    wanted = {
        (tasks[column], names.correctness[metric], "overall"): value
        for metric, row in expected["heatmap_correctness_plain"].items()
        for column, value in row.items()
    }
    wanted |= {
        ("ppe/human-preference", names.human[metric], domain): value
        for domain, row in expected["heatmap_human_plain"].items()
        for metric, value in row.items()
    }
    assert len(wanted) == 5 * 6 + 7 * 19
    assert set(found) == set(wanted)
    assert {key: found[key].pearson.value for key in wanted} == pytest.approx(wanted, abs=CLOSE)
    assert (report.tests.exact, report.tests.permutations) == (True, 362_880)


def test_the_benchmarks_own_means_agree_up_to_the_rounding_of_the_tables(whole, expected):
    found = by_key(whole)
    means = {metric: row["Mean"] for metric, row in expected["heatmap_correctness_plain"].items()}
    named = {
        "correctness accuracy": "accuracy",
        "correctness ROC area": "roc_auc",
        "correctness maximum score (as published)": "max_score",
        "correctness end score": "end_score",
        "correctness loss (as published)": "loss",
    }
    for name, metric in named.items():
        # Nine means of five figures of three decimals: their rounding moves the correlation by less than 0.01.
        assert found["ppe", name, "overall"].pearson.value == pytest.approx(means[metric], abs=0.01)


def test_the_doubts_that_the_paper_omits(whole):
    found = by_key(whole)
    overall = found["ppe/human-preference", "battle_accuracy", "overall"]
    assert (overall.pearson.low, overall.pearson.high) == pytest.approx((0.13, 0.94), abs=0.005)
    assert overall.leave_one_out == pytest.approx((0.59, 0.83), abs=0.005)
    assert overall.p_value == pytest.approx(0.025, abs=5e-4)
    code = found["ppe/human-preference", "battle_accuracy", "is_code"]
    assert code.p_value == pytest.approx(0.008, abs=5e-4)
    assert code.pearson.low == pytest.approx(0.32, abs=0.005)
    # Of all that was tried, no accuracy is significant once that is allowed for.
    assert min(c.family_p_value for c in found.values() if c.feature.metric == "battle_accuracy") > 0.05


def test_lower_bound_curves(whole):
    curves = {curve.metric: curve for curve in whole.curves}
    # The six domains are those over which the benchmark takes its lowest accuracy.
    assert set(curves["battle_accuracy"].domains) == {
        "hard_prompt",
        "easy_prompt",
        "if_prompt",
        "is_code",
        "math_prompt",
        "similar_response",
    }
    accuracy = (0.772, 0.800, 0.756, 0.736, 0.618, 0.627)
    spearman = (0.465, 0.321, 0.066, -0.177, -0.253, -0.323)
    assert curves["battle_accuracy"].correlations == pytest.approx(accuracy, abs=5e-4)
    assert curves["elo_spearman"].correlations == pytest.approx(spearman, abs=5e-4)


def test_style_controlled_ratings_and_their_noise(project, ppe_style, ppe_published):
    elo, draws = ppe_style
    report = harness.correlate("ppe", elo, replicates=draws, published=[ppe_published], domains=["overall"])
    found = by_key(report)
    printed = {
        "battle_accuracy": 0.67,
        "row_wise_pearson": 0.26,
        "separability": 0.35,
        "confidence_agreement": 0.05,
        "elo_kendall": 0.00,
        "elo_spearman": -0.11,
        "elo_brier": 0.03,
    }
    for metric, value in printed.items():
        c = found["ppe/human-preference", metric, "overall"]
        assert c.pearson.value == pytest.approx(value, abs=0.005)
        share = report.tests.outcome_reliability
        assert c.corrected == pytest.approx(c.pearson.value / share**0.5)
    # Bootstrap errors of 4 to 5.4 against a spread of 15 points.
    assert 0.85 < report.tests.outcome_reliability < 0.95


def test_style_controlled_means(benchmark, ppe_style, ppe_published, names):
    found = by_key(harness.correlate(benchmark, ppe_style[0], published=[ppe_published], tasks=["ppe-tables/*"]))
    printed = {"accuracy": 0.64, "roc_auc": 0.61, "max_score": 0.57, "end_score": 0.46, "loss": 0.49}
    for metric, value in printed.items():
        c = found["ppe-tables/mean", names.correctness[metric], "overall"]
        assert c.pearson.value == pytest.approx(value, abs=0.0051)


def test_rewardbench_points_the_other_way(project, ppe_data, ratings, expected):
    rows = []
    with (ppe_data / "ppe_official/ai2_reward_bench.csv").open() as stream:
        for line in csv.DictReader(stream):
            for metric in expected["rewardbench_vs_arena"]:
                row = {"model": line["model"], "task": "rb/sections", "metric": metric}
                rows.append({**row, "value": float(line[metric]) / 100})
    (project / "rb.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    (project / "registry.yaml").write_text(json.dumps({"benchmarks": {"rb": {"tasks": ["rb/sections"]}}}))
    # The same file also holds the outcome, beside other numbers and an unnamed column.
    outcome = ppe_data / "ppe_official/ai2_reward_bench.csv"
    report = harness.correlate("rb", outcome, value_column="Arena", published=["rb.jsonl"])
    found = {c.feature.metric: c for c in report.tests.correlations}
    values = {metric: c.pearson.value for metric, c in found.items()}
    assert values == pytest.approx(expected["rewardbench_vs_arena"], abs=CLOSE)
    score = found["Score"]
    assert (score.pearson.low, score.pearson.high) == pytest.approx((-0.96, -0.32), abs=0.005)
    assert score.p_value == pytest.approx(2445 / 362_880)


def test_nine_reward_models_carry_no_prediction_from_everything(whole):
    (prediction,) = whole.predictions
    assert not whole.skill.useful
    assert (prediction.kind, prediction.level) == ("range", pytest.approx(0.8))
    assert (prediction.low, prediction.high) == pytest.approx((979.026, 1027.603), abs=1e-3)
