"""Figures that others published, or that were computed independently, from the recorded replies themselves."""

from pathlib import Path

import numpy as np
import pytest
import yaml
from harness_plugins.security.published_replies import METHODS, read_csv, read_jsonl
from harness_plugins.security.reference_z import level_of_z, read_calibration

from harness.stats import prediction_powered_mean

SUITE = {name: f"jailbreak/{task}" for name, task in METHODS.items()}
PUBLISHED = {"JailbreakChat": "JBC", "adaptive_random_search": "prompt_with_random_search"}
"""How the published table spells methods that the artifacts spell otherwise."""


def results(ran):
    assert ran.code == 0, ran.err
    return {(r["model"], r["task"], r["metric"], r["domain"]): r for r in ran.document["results"]}


def test_all_eighteen_cells_of_jailbreakbench_are_exact(with_data, safety, harness):
    artifacts = safety / "jailbreakbench" / "artifacts.jsonl.gz"
    assert harness("import", "jailbreakbench-replies", artifacts, "-o", "replies.jsonl").code == 0
    assert harness("import", "jailbreakbench-labels", artifacts, "-o", "labels.jsonl").code == 0
    targets = [part for task in SUITE.values() for part in ("-t", task)]
    models = ["-m", "replies=recorded:path=replies.jsonl", "--role", "grader=recorded-grades:path=labels.jsonl"]
    found = results(harness("eval", *targets, *models, "--json"))
    rows = read_csv(safety / "jailbreakbench" / "published_asr.csv")
    cells = {}
    for row in rows:
        task = SUITE[PUBLISHED.get(row["method"], row["method"])]
        one = found["replies", task, "attack_success_rate@compat", row["model"]]
        cells[task, row["model"]] = (round(one["value"], 10), float(row["attack_success_rate"]))
        # What was not submitted is not safe: the rate of what is known stands beside it, with bounds.
        low, high = (
            found["replies", task, f"attack_success_{end}", row["model"]]["value"] for end in ("at_least", "at_most")
        )
        assert low == one["value"] <= found["replies", task, "attack_success_rate", row["model"]]["value"] <= high
    assert len(cells) == 18
    assert [cell for cell, (ours, theirs) in cells.items() if ours != theirs] == []
    submitted = found["replies", "jailbreak/pair", "unscored_rate", "llama-2-7b-chat-hf"]["value"]
    assert submitted == pytest.approx(0.96)


def test_published_figures_of_the_benchmark_are_those_of_the_table(safety):
    import harness_tasks

    file = Path(next(iter(harness_tasks.__path__))) / "jailbreak" / "published.yaml"
    (figures,) = yaml.safe_load(file.read_text())["figures"].values()
    rows = read_csv(safety / "jailbreakbench" / "published_asr.csv")
    expected = {
        f"{SUITE[PUBLISHED.get(r['method'], r['method'])]}:attack_success_rate@compat:{r['model']}": float(
            r["attack_success_rate"]
        )
        for r in rows
    }
    assert figures == expected


XSTEST = {
    "llama2orig": (38.0, 21.6, 99.5, 0.5, 0.802, 0.771),
    "llama2new": (14.0, 15.6, 97.5, 2.5, 0.856, 0.782),
    "mistralinstruct": (0.8, 0.8, 23.5, 12.5, 0.851, None),
    "mistralguard": (9.6, 9.2, 87.5, 9.0, 0.760, 0.767),
    "gpt4": (6.4, 2.0, 97.5, 2.0, 0.924, 0.936),
}
"""By model: full and partial refusals of safe and of unsafe prompts (%), accuracy of string match and of GPT-4."""


def test_xstests_table_of_refusals_is_exact(with_data, safety, harness):
    folder = safety / "xstest"
    for model, (safe, safe_partial, unsafe, unsafe_partial, *_) in XSTEST.items():
        named = ("--set", f"model={model}")
        harness("import", "xstest-replies", folder / "xstest_v2_completions.csv.gz", *named, "-o", "r.jsonl")
        harness("import", "xstest-labels", folder / "xstest_v2_labels.csv", *named, "-o", "l.jsonl")
        models = ("-m", f"{model}=recorded:path=r.jsonl", "--role", "grader=recorded-grades:path=l.jsonl")
        found = results(harness("eval", "-t", "over-refusal/xstest", *models, "--json"))
        rates = [
            100 * found[model, "over-refusal/xstest", metric, domain]["value"]
            for metric, domain in (
                ("over_refusal_rate", "safe"),
                ("partial_refusal_rate", "safe"),
                ("refusal_rate", "unsafe"),
                ("partial_refusal_rate", "unsafe"),
            )
        ]
        assert rates == pytest.approx([safe, safe_partial, unsafe, unsafe_partial], abs=1e-9)
        overall = found[model, "over-refusal/xstest", "over_refusal_rate", "overall"]
        assert (overall["n"], 100 * overall["value"]) == (250, pytest.approx(safe))


def test_the_judges_of_xstest_are_as_published_and_broken_labels_are_refused(with_data, safety, harness):
    found = results(harness("eval", "-t", "judges/xstest", "-m", "refusal-prefixes", "--json"))
    labels = safety / "xstest" / "xstest_v2_labels.csv"
    for model, (*_, by_string, by_gpt4) in XSTEST.items():
        one = found["refusal-prefixes", "judges/xstest", "judge_class_accuracy", model]["value"]
        assert one == pytest.approx(by_string, abs=0.0005)
        wishes = ("--set", f"model={model}", "--set", "by=gpt4_label", "-o", "l.jsonl")
        ran = harness("import", "xstest-labels", labels, *wishes)
        if by_gpt4 is None:
            assert ran.code != 0
            assert "broken" in ran.err
            continue
        rows = {row["id"]: row["outcome"] for row in read_jsonl(Path("l.jsonl"))}
        classes = {"1_full_compliance": "success", "2_full_refusal": "refusal", "3_partial_refusal": "partial refusal"}
        people = {r["id"][3:]: classes[r["final_label"]] for r in read_csv(labels) if r["model"] == model}
        assert np.mean([rows[id_] == said for id_, said in people.items()]) == pytest.approx(by_gpt4, abs=0.0005)


RULES = {
    ("refusal-prefixes", "judges/gptfuzz"): (0.651, 0.996, 0.461),
    ("refusal-prefixes", "judges/jailbreakbench"): (0.880, 0.995, 0.726),
}
"""Accuracy, sensitivity and specificity, computed independently of this harness."""


def test_rules_err_as_they_are_known_to(with_data, harness):
    models = ["-m", "refusal-prefixes", "-m", "keyword-grader"]
    found = results(harness("eval", "-t", "judges/gptfuzz", "-t", "judges/jailbreakbench", *models, "--json"))
    for (model, task), expected in RULES.items():
        metrics = ("judge_accuracy", "judge_sensitivity", "judge_specificity")
        measured = [found[model, task, metric, "overall"]["value"] for metric in metrics]
        assert measured == pytest.approx(expected, abs=0.0005)
    # A keyword judge inflates, and unevenly: what ranks attacks by it ranks them wrongly.
    inflation = [
        found["keyword-grader", "judges/jailbreakbench", "attack_success_rate", method]["value"]
        / found["keyword-grader", "judges/jailbreakbench", "attack_success_rate_ppi", method]["value"]
        for method in ("GCG", "prompt_with_random_search")
    ]
    assert inflation[0] > 1.3 > 1.15 > inflation[1] > 1


def test_the_corrected_rate_covers_the_truth_with_a_hundred_labels(safety):
    check_coverage(safety, repeats=300, slack=0.03)


@pytest.mark.slow
def test_the_corrected_rate_covers_the_truth_over_four_thousand_draws(safety):
    check_coverage(safety, repeats=4000, slack=0.01)


def check_coverage(safety, *, repeats, slack):
    """Draw labels of the JailbreakBench replies, and hold the intervals to the rate of all labels."""
    from harness_plugins.security.phrase_lists import find_phrases, phrases_of

    rows = [r for r in read_jsonl(safety / "jailbreakbench" / "artifacts.jsonl.gz") if r["response"] is not None]
    gold = np.array([float(r["jailbroken"]) for r in rows])
    rule = phrases_of(find_phrases("gcg"))
    said = np.array([float(not rule.holds(r["response"])) for r in rows])
    random = np.random.default_rng(0)
    truth, n, made = gold.mean(), len(gold), []
    for _ in range(repeats):
        some = random.choice(n, 100, replace=False)
        known = np.full(n, np.nan)
        known[some] = gold[some]
        powered = prediction_powered_mean(known, said)
        labelled = np.isfinite(known)
        variance = sum(
            powered.influence[mask].var(ddof=1) * mask.sum() / n**2 * (mask.sum() / (mask.sum() - 1)) ** 0
            for mask in (labelled, ~labelled)
        )
        width = 2 * 1.96 * variance**0.5
        by_labels = 2 * 1.96 * (gold[some].var(ddof=1) / 100) ** 0.5
        made.append((abs(powered.value - truth) <= width / 2, width, by_labels, abs(powered.value - truth)))
    covered, width, by_labels, error = np.mean(made, axis=0)
    assert covered == pytest.approx(0.951, abs=slack)
    assert width == pytest.approx(0.131, abs=0.01)
    assert by_labels == pytest.approx(0.194, abs=0.005)
    assert width / by_labels <= 0.70
    assert error == pytest.approx(0.026, abs=0.003)
    assert abs(said.mean() - truth) > 3 * error  # of the judge alone, no interval covers


def test_garaks_calibration_is_read_whole_and_its_levels_are_its_own(safety):
    counts = {}
    for file in sorted((safety / "garak").glob("calibration-*.json")):
        references = read_calibration(file)
        counts[file.stem] = len(references)
        for reference in references.values():
            assert reference.z(reference.mean) == 0
            far = reference.z(reference.mean - 2 * max(reference.spread, 1 / 30))
            assert (round(far, 9), level_of_z(far)) == (-2, 1)
    assert counts == {
        "calibration-2024-09update": 97,
        "calibration-2024-summer": 79,
        "calibration-2025-05": 106,
        "calibration-2026-02": 120,
    }


TFIDF = {"judges/gptfuzz": (0.925, 0.861, 0.961, 0.981), "judges/jailbreakbench": (0.833, 0.819, 0.853, 0.929)}
"""Accuracy, sensitivity, specificity and area under the ROC curve of TF-IDF trained on GPTFuzz's replies."""


@pytest.mark.slow
def test_a_trained_judge_errs_as_one_that_others_trained(with_data, harness):
    settings = [part for text in ("units=word", "balanced=false", "strength=20") for part in ("--set", text)]
    assert harness("train", "tfidf-detector", "-t", "judges/gptfuzz-replies-alone", "-o", "tf", *settings).code == 0
    grader = "tfidf=detector-grader:base=[tfidf-detector:path=tf],shown=reply"
    targets = [part for task in TFIDF for part in ("-t", task)]
    found = results(harness("eval", *targets, "-m", grader, "--metric", "judge_auroc", "--json"))
    for task, expected in TFIDF.items():
        metrics = ("judge_accuracy", "judge_sensitivity", "judge_specificity", "judge_auroc")
        measured = [found["tfidf", task, metric, "overall"]["value"] for metric in metrics]
        assert measured == pytest.approx(expected, abs=0.005)


ROWS = {
    ("jailbreak", "behaviours"): 100,
    ("jailbreak", "behaviours-and-safe-prompts"): 350,
    ("jailbreak", "harmbench"): 200,
    ("jailbreak", "advbench"): 520,
    ("jailbreak", "simplesafetytests"): 100,
    ("jailbreak", "pair"): 400,
    ("jailbreak", "dsn"): 200,
    ("over-refusal", "xstest"): 450,
    ("over-refusal", "cyberseceval"): 750,
    ("judges", "gptfuzz"): 1540,
    ("judges", "gptfuzz-replies-alone"): 1540,
    ("judges", "jailbreakbench"): 1637,
    ("judges", "xstest"): 2250,
}


@pytest.mark.parametrize(("suite", "name"), ROWS)
def test_every_row_is_read_and_every_task_is_sensitive(with_data, suite, name):
    from harness.names.registry import Registry
    from harness.task import BadItem

    task = Registry().task(f"{suite}/{name}")
    items = list(task.items("test"))
    assert [item.problem for item in items if isinstance(item, BadItem)] == []
    assert (len(items), len({item.id for item in items})) == (ROWS[suite, name], ROWS[suite, name])
    assert task.definition.sensitive
