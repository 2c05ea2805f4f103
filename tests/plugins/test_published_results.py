"""Published numbers of JudgeBench, LLMBar, RewardMATH and RM-Bench, to the last published digit."""

import csv
import gzip
import json

import numpy as np
import pytest
from click.testing import CliRunner

from harness.cli import import_command
from harness.metric import Columns
from harness.tasks.build_metric import build_metric

SUBSETS = ["Natural", "Neighbor", "GPTInst", "GPTOut", "Manual"]
LONG_NAME = {name: f"LLMBar/Adversarial/{name}" for name in SUBSETS} | {"Natural": "LLMBar/Natural"}


@pytest.fixture
def recorded(published, tmp_path):
    """Imports published results on the command line; returns the model that answers from them."""

    def convert(importer, file, **settings):
        output = tmp_path / "recorded.jsonl"
        options = [part for key, value in settings.items() for part in ("--set", f"{key}={value}")]
        result = CliRunner().invoke(
            import_command.command, [importer, str(published / file), "-o", str(output), *options]
        )
        assert result.exit_code == 0, result.output
        return f"judge=recorded:path={output}"

    return convert


def percent(estimate):
    return round(100 * estimate.value, 2)


JUDGED = [
    "claude-3-5-sonnet-20240620__arena_hard__claude-3-haiku-20240307",
    "gpt-4o-2024-05-13__reward_model__Ray2333_GRM-Gemma-2B-rewardmodel-ft",
    "gpt-4o-2024-05-13__reward_model__Skywork_Skywork-Reward-Llama-3.1-8B",
    "gpt-4o-2024-05-13__reward_model__internlm_internlm2-7b-reward",
]


def test_all_saved_judgments_of_judgebench_are_tested(expected):
    assert sorted(expected["judgebench"]) == JUDGED


@pytest.mark.parametrize("name", JUDGED)
def test_judgebench_gives_the_published_cells(name, expected, recorded, evaluated):
    split, protocol, _ = name.split("__")
    task = "judgebench/gpt-4o" if split.startswith("gpt-4o") else "judgebench/claude-3-5-sonnet"
    single = "accuracy_ties_to_second@compat" if protocol == "reward_model" else "accuracy_first_order@compat"
    model = recorded("judgebench", f"ppe/judgebench/judgments__{name}.json")
    found = evaluated(model, task)
    cells = {
        domain: {
            "n": found[task, domain, single].n,
            "two_game": percent(found[task, domain, "accuracy_both_orders@compat"]),
            "single_game": percent(found[task, domain, single]),
        }
        for domain in expected["judgebench"][name]
    }
    assert cells == expected["judgebench"][name]


def test_claude_haiku_is_right_on_balance_in_32_22_percent_of_judgebench(recorded, evaluated):
    model = recorded("judgebench", f"ppe/judgebench/judgments__{JUDGED[0]}.json")
    found = evaluated(model, "judgebench/claude-3-5-sonnet")
    assert percent(found["judgebench/claude-3-5-sonnet", "overall", "accuracy_both_orders@compat"]) == 32.22


def test_the_longer_response_is_right_in_46_and_44_4_percent_of_judgebench(published, evaluated):
    found = evaluated("length", "judgebench")
    tasks = ("judgebench/gpt-4o", "judgebench/claude-3-5-sonnet")
    longer = [100 * found[task, "overall", "accuracy_ties_to_second@compat"].value for task in tasks]
    assert [round(v, 1) for v in longer] == [46.0, 44.4]


def test_the_longer_output_is_right_in_12_percent_of_llmbars_neighbours(published, evaluated):
    found = evaluated("length", "llmbar")
    longer = [round(100 * found["llmbar/pairs", s, "accuracy_strict@compat"].value, 1) for s in SUBSETS]
    assert longer == [56.0, 11.9, 13.0, 44.7, 17.4]


@pytest.fixture(scope="module")
def verdicts(published):
    """LLMBar's verdicts by (subset, evaluator)."""
    found = {}
    with gzip.open(published / "alignment/llmbar/evaluator_verdicts.csv.gz", "rt", encoding="utf-8") as file:
        for row in csv.DictReader(file):
            found.setdefault((row["subset"], row["evaluator"]), []).append(row)
    return {key: rows for key, rows in found.items() if key[0].startswith("LLMBar/")}


@pytest.fixture(scope="module")
def statistics(published):
    """Published counts by (subset, evaluator)."""
    with (published / "alignment/llmbar/published_statistics.csv").open(encoding="utf-8") as file:
        return {(row["subset"], row["evaluator"]): row for row in csv.DictReader(file)}


def columns_of(rows):
    """As the preference task makes them of the importer's rows, in two lines."""
    credit = {True: 1.0, False: 0.0}
    given, exchanged = (
        np.array([np.nan if row[key] == "" else credit[row[key] == row["label"]] for row in rows])
        for key in ("winner_noswap", "winner_swap")
    )
    better = np.array([float(row["label"] == "2") for row in rows])
    values = {"as_given": given, "exchanged": exchanged, "better": better, "answered": np.ones(len(rows))}
    return Columns(values)


LLMBAR_METRICS = {
    "correct_noswap": "accuracy_first_order@compat",
    "average": "accuracy_strict@compat",
    "correct_both": "accuracy_right_in_both@compat",
    "agree": "order_consistency@compat",
}


def counts(values, n):
    """The published counts from our shares."""
    noswap, average, both, agree = (values[LLMBAR_METRICS[key]] * n for key in LLMBAR_METRICS)
    found = {"n": n, "correct_noswap": noswap, "correct_swap": 2 * average - noswap}
    found |= {"correct_both": both, "agree": agree}
    return {key: str(round(value, 6)).removesuffix(".0") for key, value in found.items()}


def test_every_saved_llmbar_evaluator_has_its_published_counts_on_every_subset(registry, verdicts, statistics):
    metrics = {name: build_metric(registry, name) for name in LLMBAR_METRICS.values()}
    assert len(verdicts) == 165
    for key, rows in verdicts.items():
        columns = columns_of(rows)
        found = counts({name: metric.compute(columns).value for name, metric in metrics.items()}, len(rows))
        assert found == {name: statistics[key][name] for name in found}, key


def reconstructed(row):
    """Columns with the counts of a published row; which pairs they fall on is lost for half of the evaluators."""
    n, noswap, swap, both, agree = (
        int(row[k]) for k in ("n", "correct_noswap", "correct_swap", "correct_both", "agree")
    )
    kinds = {(1.0, 1.0): both, (1.0, 0.0): noswap - both, (0.0, 1.0): swap - both, (0.0, 0.0): agree - both}
    kinds[0.0, np.nan] = n - sum(kinds.values())
    given, exchanged = (np.repeat([kind[i] for kind in kinds], list(kinds.values())) for i in (0, 1))
    values = {"as_given": given, "exchanged": exchanged, "better": np.zeros(n), "answered": np.ones(n)}
    return Columns(values)


def test_all_325_published_statistics_of_llmbar_have_their_published_percentages(registry, statistics, published):
    expected = json.loads((published / "ppe/llmbar/evaluator_statistics.json").read_text("utf-8"))
    fields = {
        "correct_average": "accuracy_strict@compat",
        "correct_False": "accuracy_first_order@compat",
        "correct_both": "accuracy_right_in_both@compat",
        "equal": "order_consistency@compat",
    }
    metrics = {name: build_metric(registry, name) for name in fields.values()}
    tested = 0
    for (subset, evaluator), row in statistics.items():
        if subset.startswith("LLMBar/"):
            columns, figures = reconstructed(row), expected[subset][evaluator]
            found = [100 * metrics[name].compute(columns).value for name in fields.values()]
            texts = [figures[field].rpartition("= ")[2].rstrip("%") for field in fields]
            assert found == pytest.approx([float(text) for text in texts], abs=1e-9), (subset, evaluator)
            tested += 1
    assert tested == 325


# With unreadable verdicts in both orders, in one, in none; and the best.
THROUGH_THE_DOOR = ["PaLM2/Vanilla_NoRules", "GPT-4/Vanilla_1shot", "LLaMA2/Metrics", "GPT-4/Swap_CoT", "Falcon/CoT"]


@pytest.mark.parametrize("evaluator", THROUGH_THE_DOOR)
def test_llmbar_gives_the_published_counts_from_recorded_verdicts(evaluator, recorded, evaluated, statistics):
    model = recorded("llmbar", "alignment/llmbar/evaluator_verdicts.csv.gz", evaluator=evaluator)
    found = evaluated(model, "llmbar/pairs")
    for subset, long_name in LONG_NAME.items():
        of_subset = {
            m: found["llmbar/pairs", subset, m].value for m in [*LLMBAR_METRICS.values(), "accuracy_strict@compat"]
        }
        made = counts(of_subset, found["llmbar/pairs", subset, "accuracy_strict@compat"].n)
        published_counts = statistics[long_name, evaluator]
        assert made == {name: published_counts[name] for name in made}, subset


@pytest.mark.parametrize(
    ("evaluator", "average"),
    [("GPT-4/Vanilla", [95.5, 78.7, 86.4, 77.7, 80.4]), ("ChatGPT/Vanilla", [81.5, 19.4, 26.6, 41.5, 34.8])],
)
def test_gpt_4_follows_llmbars_instructions_as_published(evaluator, average, registry, statistics):
    metric = build_metric(registry, "accuracy_strict@compat")
    columns = [reconstructed(statistics[LONG_NAME[subset], evaluator]) for subset in SUBSETS]
    assert [round(100 * metric.compute(c).value, 1) for c in columns] == average


REWARDMATH = {
    "acc": ("best_of_k_strict", 100, 3),
    "acc_with_tie": ("best_of_k_with_ties", 100, 3),
    "mrr": ("reciprocal_rank", 100, 3),
    "pair_acc_strict": ("pairwise_accuracy_strict", 1, 6),
    "pair_acc_halftie": ("pairwise_accuracy", 1, 6),
}
SCORED = ["ArmoRM", "beaver", "gpt4", "grm_gemma", "internlm2"]
SCORED += ["llama3_70B", "oasst-rm", "prometheus_7B", "skywork_llama3"]


def test_all_saved_models_of_rewardmath_are_tested(expected):
    assert sorted(expected["rewardmath"], key=str.lower) == sorted(SCORED, key=str.lower)


@pytest.mark.parametrize("name", SCORED)
def test_rewardmath_gives_the_published_figures(name, expected, recorded, evaluated):
    model = recorded("rewardmath", "ppe/rewardmath/rewardmath_scores.json", model=name)
    found = {metric: e for (_, _, metric), e in evaluated(model, "rewardmath").items()}
    figures = {key: round(unit * found[m].value, digits) for key, (m, unit, digits) in REWARDMATH.items()}
    accuracy = found["best_of_k_accuracy"]
    assert {**figures, "n": accuracy.n, "best_of_k_exact": [round(v, 6) for v in accuracy.detail["curve"]]} == (
        expected["rewardmath"][name]
    )
    rounded_area = np.mean(expected["rewardmath"][name]["best_of_k_exact"])
    assert found["best_of_k_area"].value == pytest.approx(rounded_area, abs=5e-7)
    assert accuracy.n + accuracy.n_failed == 485  # this copy lists two problems more than most models have scores for


@pytest.mark.parametrize(
    ("domain", "hard", "normal", "easy"),
    [("chat", 2.58, 28.42, 81.14), ("code", 25.44, 51.90, 77.49), ("safety", 9.98, 37.87, 92.44)],
)
def test_the_longer_answer_has_rm_benchs_published_accuracies(domain, hard, normal, easy, published, evaluated):
    task = f"rm-bench/{domain}"
    found = evaluated("length", task)
    cells = [percent(found[task, "overall", f"style_accuracy_{cell}"]) for cell in ("hard", "normal", "easy")]
    assert cells == [hard, normal, easy]
    assert percent(found[task, "overall", "style_accuracy"]) == pytest.approx((hard + normal + easy) / 3, abs=0.01)
