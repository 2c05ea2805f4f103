"""RewardBench: sections of subsets, published figures, and data of its schema through the loader."""

import json
import math

import numpy as np
import pytest
from click.testing import CliRunner

from harness import build_leaderboard, evaluate
from harness.cli import import_command
from harness.errors import ConfigurationError
from harness.leaderboard.aggregates import aggregates_of
from harness.metric import Columns
from harness.stats import Estimate
from harness.store.records import Result
from harness.task import BadItem
from harness.tasks.build import build_task
from harness.tasks.build_metric import build_metric

from ..messages import saying

TASK = "rewardbench/filtered"
METRIC = "accuracy_rewardbench@compat"
PAIRS = {
    "Chat": {
        "alpacaeval-easy": 100,
        "alpacaeval-length": 95,
        "alpacaeval-hard": 95,
        "mt-bench-easy": 28,
        "mt-bench-med": 40,
    },
    "Chat Hard": {
        "mt-bench-hard": 37,
        "llmbar-natural": 100,
        "llmbar-adver-neighbor": 134,
        "llmbar-adver-GPTInst": 92,
        "llmbar-adver-GPTOut": 47,
        "llmbar-adver-manual": 46,
    },
    "Safety": {
        "refusals-dangerous": 100,
        "refusals-offensive": 100,
        "xstest-should-refuse": 154,
        "xstest-should-respond": 250,
        "donotanswer": 136,
    },
    "Reasoning": {"math-prm": 447, **{f"hep-{name}": 164 for name in ("cpp", "go", "java", "js", "python", "rust")}},
}
SUBSETS = {subset: count for subsets in PAIRS.values() for subset, count in subsets.items()}
# Published accuracies of PKU-Alignment/beaver-7b-v1.0-cost.
BEAVER = {
    "alpacaeval-easy": 0.5,
    "alpacaeval-hard": 0.7052631578947368,
    "alpacaeval-length": 0.5894736842105263,
    "donotanswer": 0.8235294117647058,
    "hep-cpp": 0.6280487804878049,
    "hep-go": 0.6341463414634146,
    "hep-java": 0.7073170731707317,
    "hep-js": 0.6646341463414634,
    "hep-python": 0.5487804878048781,
    "hep-rust": 0.6463414634146342,
    "llmbar-adver-GPTInst": 0.391304347826087,
    "llmbar-adver-GPTOut": 0.46808510638297873,
    "llmbar-adver-manual": 0.3695652173913043,
    "llmbar-adver-neighbor": 0.43283582089552236,
    "llmbar-natural": 0.52,
    "math-prm": 0.2953020134228188,
    "mt-bench-easy": 0.5714285714285714,
    "mt-bench-hard": 0.5405405405405406,
    "mt-bench-med": 0.725,
    "refusals-dangerous": 0.97,
    "refusals-offensive": 1,
    "xstest-should-refuse": 1,
    "xstest-should-respond": 0.284,
}


def aggregates(registry, accuracies, benchmark="rewardbench"):
    """The benchmark's aggregates of given accuracies by (task, metric, domain)."""
    results = {}
    for (task, metric, domain), (value, n) in accuracies.items():
        error = math.sqrt(value * (1 - value) / n)
        estimate = Estimate(value, error, value - 2 * error, value + 2 * error, n)
        results[task, metric, domain] = Result("m", task, metric, domain, estimate, "fraction", True)
    return {
        name: figure.estimate
        for name, figure in aggregates_of(registry, registry.benchmarks().find(benchmark), results).figures.items()
    }


def subsets(accuracies):
    return {(TASK, METRIC, subset): (value, SUBSETS[subset]) for subset, value in accuracies.items()}


def test_the_published_subset_accuracies_give_the_published_sections(registry):
    made = aggregates(registry, subsets(BEAVER))
    assert {name: made[name].value for name in [*PAIRS, "score"]} == pytest.approx(
        {
            "Chat": 0.608938547,
            "Chat Hard": 0.449561404,
            "Safety": 0.721621622,
            "Reasoning": 0.466756698,
            "score": 0.561719568,
        },
        abs=1e-9,
    )
    pooled = sum(round(BEAVER[s] * n) for s, n in PAIRS["Safety"].items()) / 740
    assert made["Safety"].value == pytest.approx(pooled, abs=1e-12)


@pytest.mark.parametrize(
    ("refuse", "respond", "others", "published"), [(147, 243, 282, 0.905843735), (146, 235, 299, 0.919963496)]
)
def test_published_safety_counts_the_subsets_of_xstest_by_each_others_size(
    registry, refuse, respond, others, published
):
    """The published Safety of Skywork's Llama-8B and Gemma-27B are no n-th part of 740; with these weights they are."""
    rest = others / 336
    made = aggregates(
        registry,
        subsets(BEAVER)
        | subsets({"refusals-dangerous": rest, "refusals-offensive": rest, "donotanswer": rest})
        | subsets({"xstest-should-refuse": refuse / 154, "xstest-should-respond": respond / 250}),
    )
    assert made["Safety@compat"].value == pytest.approx(published, abs=1e-9)
    assert made["Safety"].value == pytest.approx((refuse + respond + others) / 740, abs=1e-12)
    sections = [made[name].value for name in ("Chat", "Chat Hard", "Safety@compat", "Reasoning")]
    assert made["score@compat"].value == pytest.approx(np.mean(sections))


def test_prior_sets_are_a_fifth_section_of_half_the_weight(registry):
    prior = {"anthropic_helpful": 0.7, "anthropic_hhh": 0.8, "shp": 0.5, "summarize": 0.6}
    given = subsets(BEAVER) | {("rewardbench/prior-sets", "accuracy_strict", k): (v, 100) for k, v in prior.items()}
    made = aggregates(registry, given, "rewardbench-with-prior-sets")
    assert made["Prior Sets"].value == pytest.approx(0.65)
    assert made["score"].value == pytest.approx((4 * 0.5617195678 + 0.5 * 0.65) / 4.5, abs=1e-9)


def rows(counts=SUBSETS):
    made = []
    for subset, count in counts.items():
        for i in range(count):
            texts = {"prompt": f"{subset} {i}", "chosen": f"good {subset} {i}", "rejected": f"bad {subset} {i}"}
            row = {"id": len(made), "subset": subset, **texts, "chosen_model": "a", "rejected_model": "b"}
            made.append(row)
    return made


@pytest.fixture
def whole(mirror, tmp_path):
    """RewardBench in full size, and a file of scores as its authors publish them; the scores by subset."""
    data = rows()
    mirror("allenai/reward-bench/filtered", data)
    rng = np.random.default_rng(7)
    scores = rng.integers(-3, 5, (len(data), 2)).astype(float)
    scores[:, 0] += rng.random(len(data)) < 0.5
    table = {"id": [r["id"] for r in data], "subset": [r["subset"] for r in data], "model": "who/rm"}
    table |= {"scores_chosen": [[c] for c in scores[:, 0]], "scores_rejected": scores[:, 1].tolist()}
    published, recorded = tmp_path / "published.json", tmp_path / "recorded.jsonl"
    published.write_text(json.dumps(table), encoding="utf-8")
    ran = CliRunner().invoke(import_command.command, ["rewardbench", str(published), "-o", str(recorded)])
    assert ran.exit_code == 0, ran.output
    names = np.array(table["subset"])
    return f"rm=recorded:path={recorded}", {subset: scores[names == subset] for subset in SUBSETS}


def test_published_scores_run_from_the_authors_file_to_the_leaderboard(whole, registry, tmp_path):
    model, scores = whole
    store = tmp_path / "store.sqlite"
    outcome = evaluate([model], ["rewardbench"], store=store, registry=registry)
    assert outcome.exit_code == 0
    (entry,) = build_leaderboard("rewardbench", store=store, registry=registry).entries
    accuracy = {subset: np.mean(pairs[:, 0] > pairs[:, 1]) for subset, pairs in scores.items()}
    found = {(r.metric, r.domain): r.estimate for r in outcome.results}
    assert {s: found[METRIC, s].value for s in SUBSETS} == pytest.approx(accuracy)
    weights = SUBSETS | {"math-prm": 984}
    sections = {
        name: sum(weights[s] * accuracy[s] for s in own) / sum(weights[s] for s in own) for name, own in PAIRS.items()
    }
    assert {name: entry.figures[name].value for name in PAIRS} == pytest.approx(sections)
    score = entry.figures["score"]
    assert score.value == pytest.approx(np.mean(list(sections.values())))
    assert entry.rank == 1
    # The same figure by two roads: aggregates of subsets, and one metric with an influence.
    one = found["section_mean", "overall"]
    assert one.value == pytest.approx(score.value, abs=1e-12)
    # Also the error, although some subsets have few pairs.
    assert one.stderr == pytest.approx(score.stderr, rel=1e-9)
    assert one.detail["sections"] == pytest.approx(sections)
    assert (score.n, one.n) == (2985, 2985)


def test_an_unknown_subset_is_reported_and_the_other_rows_go_on(mirror, registry):
    mirror("allenai/reward-bench/filtered", rows({"hep-cpp": 2, "hep-cp": 1, "donotanswer": 1}))
    items = list(build_task(registry, TASK).items())
    (bad,) = [item for item in items if isinstance(item, BadItem)]
    assert len(items) == 4
    assert bad.problem == saying("'subset'", "'hep-cp'", "'hep-cpp'")
    assert bad.where.endswith("filtered.jsonl:3")


def test_a_subset_that_the_data_lack_is_said_on_the_leaderboard(mirror, registry, tmp_path):
    mirror("allenai/reward-bench/filtered", rows({s: n for s, n in SUBSETS.items() if s != "donotanswer"}))
    store = tmp_path / "store.sqlite"
    assert evaluate(["length", "constant"], ["rewardbench"], store=store, registry=registry).exit_code == 0
    board = build_leaderboard("rewardbench", store=store, registry=registry)
    lacking = "since rewardbench/filtered has no items of the domain 'donotanswer'"
    assert board.notes[-3:] == [
        f"without 'Safety', {lacking}: length, constant",
        saying("'Safety@compat'", f"{lacking}", "constant", "length"),
        saying("'score'", "part", "constant", "length"),
    ]
    assert {"Chat", "Chat Hard", "Reasoning"} <= set(board.entries[0].figures)


def test_the_weights_of_a_benchmark_are_shown(harness):
    (shown,) = (d["aggregates"] for d in harness("show", "rewardbench", "--json").document if "aggregates" in d)
    assert shown["score"] == saying("Chat", "Safety", "Reasoning")
    assert shown["Reasoning"] == saying("984", f"{TASK}:{METRIC}:math-prm", "164", f"{TASK}:{METRIC}:hep-cpp")


def test_a_row_without_a_rejected_response_is_reported(mirror, registry):
    data = rows({"hep-cpp": 2})
    del data[1]["rejected"]
    mirror("allenai/reward-bench/filtered", data)
    _, bad = build_task(registry, TASK).items()
    assert "is missing" in bad.problem


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({}, saying("options.sections", "list")),
        ({"sections": {"Chat": "easy"}}, saying("options.sections", "list")),
        ({"sections": {"Chat": ["easy"]}, "pair_weights": {"eazy": 2}}, saying("'eazy'", "'easy'")),
        ({"sections": {"Chat": ["easy"]}, "pair_weights": {"easy": 0}}, saying("'easy'", "0", "positive", "number")),
    ],
)
def test_options_that_cannot_be_are_refused(options, message, tmp_path):
    from harness.names.registry import Registry

    task = {"kind": "sectioned-preference", "data": {"test": {"file": "rows.jsonl"}}, "options": options}
    path = tmp_path / "registry.yaml"
    path.write_text(json.dumps({"tasks": {"my/task": task}}), encoding="utf-8")
    with pytest.raises(ConfigurationError) as refused:
        build_task(Registry(extra=path), "my/task")
    assert str(refused.value) == message


def test_what_is_undecided_is_wrong_for_scores_and_half_for_a_judge(registry):
    nan = float("nan")
    values = {
        "as_given": np.array([0.5, 0.5, nan, 1.0, 0.0, nan]),
        "exchanged": np.array([0.5, 0.5, 1.0, 1.0, nan, nan]),
        "answered": np.array([1.0, 1.0, 1.0, 1.0, 1.0, 0.0]),
        "scored": np.array([1.0, 0.0, 0.0, 0.0, 0.0, 1.0]),
    }
    made = build_metric(registry, METRIC).compute(Columns(values))
    assert made.value == pytest.approx((0 + 0.5 + 0.75 + 1 + 0.25) / 5)
    assert (made.n, made.n_failed) == (5, 1)


def test_a_judge_is_credited_half_for_what_cannot_be_read(mirror, registry, tmp_path, written, evaluated):
    mirror("allenai/reward-bench/filtered", rows({"donotanswer": 3}))
    # Won in both orders; a tie and a win; unreadable and a loss. Shown exchanged, the chosen response is the second.
    verdicts = [(0, "ab", 1.0), (0, "ba", 0.0), (1, "ab", 0.5), (1, "ba", 0.1), (2, "ab", None), (2, "ba", 0.9)]
    records = [{"task": "rewardbench", "id": str(i), "order": order, "p_first": p} for i, order, p in verdicts]
    found = evaluated(f"judge=recorded:path={written(records)}", TASK)
    assert found[TASK, "overall", METRIC].value == pytest.approx((1 + 0.75 + 0.25) / 3)
    assert found[TASK, "overall", "section_mean"].value == pytest.approx((1 + 0.75 + 0.25) / 3)
    strict = found[TASK, "overall", "accuracy_strict"]
    assert (strict.value, strict.n, strict.n_failed) == (0.75, 2, 1)


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        ("[1]", saying("list", "'id'")),
        ('{"id": [1], "subset": ["a"], "scores_chosen": [1]}', saying("list", "'scores_rejected'")),
        ('{"id": [1, 2], "subset": ["a"], "scores": [[1]]}', saying("columns", "length", "2", "1")),
    ],
)
def test_a_file_of_another_form_is_refused(content, problem, tmp_path):
    path = tmp_path / "scores.json"
    path.write_text(content)
    ran = CliRunner().invoke(import_command.command, ["rewardbench", str(path), "-o", str(tmp_path / "out.jsonl")])
    assert ran.exit_code != 0
    assert f"{ran.output} {ran.exception}" == problem


MATH_PRM = {
    "Skywork-Llama-3.1-8B": 97,
    "internlm2-20b": 95,
    "internlm2": 93,
    "GRM_Gemma_2B": 93,
    "Eurus-RM": 61,
}


@pytest.mark.parametrize("model", MATH_PRM)
def test_saved_scores_on_math_prm_give_the_published_percentages(model, published, tmp_path, evaluated):
    source, recorded = published / "ppe/rewardmath/rewardbench_math_prm_scores.json", tmp_path / "recorded.jsonl"
    options = ["--set", f"model={model}", "-o", str(recorded)]
    ran = CliRunner().invoke(import_command.command, ["rewardbench-math-prm", str(source), *options])
    assert ran.exit_code == 0, ran.output
    found = evaluated(f"rm=recorded:path={recorded}", "rewardbench/math-prm")
    estimate = found["rewardbench/math-prm", "overall", "best_of_k_strict"]
    pairs = json.loads(source.read_text("utf-8"))[model]
    assert (round(100 * estimate.value), estimate.n) == (MATH_PRM[model], 447)
    assert estimate.value == pytest.approx(np.mean([chosen > rejected for chosen, rejected in pairs]))
