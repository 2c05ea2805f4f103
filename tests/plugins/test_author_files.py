"""Importers on files as the authors publish them, made small here; and their figures on the real files."""

from __future__ import annotations

import csv
import gzip
import json
import os
from pathlib import Path

import numpy as np
import pytest
from harness_plugins.reward_benchmarks.importers import judgebench, llmbar, math_prm, rewardmath

from harness import stats
from harness.errors import DataError, UsageError
from harness.kinds.preference_agreement import kappa

from ..messages import saying

DATA = Path(os.environ.get("HARNESS_DATA", "/nowhere"))


@pytest.fixture
def lines(tmp_path):
    def write(rows, name="dataset=judgebench,judge_name=x.jsonl"):
        path = tmp_path / name
        path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
        return path

    return write


def pair(id_, *games, label="A>B"):
    """A line of JudgeBench's outputs."""
    texts = {"question": "q\u2028", "response_A": "a", "response_B": "b", "response_model": "gpt-4o-2024-05-13"}
    return {"pair_id": id_, "original_id": 1, "source": "mmlu-pro-law", **texts, "label": label,
            "judge_name": "reward_model", "judgments": list(games)}  # fmt: skip


def game(decision, **more):
    return {"judgment": {"judge_model": "org/rm", "prompt": "", "response": "", **more}, "decision": decision}


def test_judgebench_lines_of_a_judge_with_games_that_are_null(lines):
    path = lines([pair("x", game("A>B"), game("B>A")), pair("y", None, game("A=B")), pair("z", game(None), None)])
    found = [(row["id"], row["order"], row["p_first"]) for row in judgebench(path)]
    assert found == [
        ("x", "ab", 1.0), ("x", "ba", 0.0), ("y", "ab", None), ("y", "ba", 0.5), ("z", "ab", None), ("z", "ba", None)
    ]  # fmt: skip


def test_judgebench_lines_of_a_reward_model_whose_scores_lie_inside_the_judgment(lines):
    rows = [
        pair("x", game("A>B", scores=[1.5, 1.0]), game("B>A", scores=[1.0, 1.5])),
        pair("y", None, game("B>A", scores=[1.0, 1.5])),  # the second game shows the responses exchanged
        pair("z", None, None),
        pair("single", game("B>A", scores=[1.0, 2.0])),
    ]
    found = {row["id"]: row["scores"] for row in judgebench(lines(rows))}
    assert found == {"x": [1.5, 1.0], "y": [1.5, 1.0], "z": [None, None], "single": [1.0, 2.0]}


def test_a_line_that_is_no_json_is_named(tmp_path):
    (tmp_path / "x.jsonl").write_text('{"pair_id": "x", "judgments": [null, null]}\n{"pair\n')
    with pytest.raises(DataError, match=r"x\.jsonl line 2: not valid JSON"):
        list(judgebench(tmp_path / "x.jsonl"))


def result(given, swapped, *thoughts, label=1, **more):
    """A pair of LLMBar's result.json; ``thoughts`` are results before the final one."""
    final = {"swap = False": {"completion": ["...", "stop"], "winner": given},
             "swap = True": {"completion": ["...", "stop"], "winner": swapped}, **more}  # fmt: skip
    return {"input": "i", "output_1": "1", "output_2": "2", "label": label, "results": [*thoughts, final]}


@pytest.fixture
def llmbar_folder(tmp_path):
    rows = [result("1", "1"), result("2", None, ["metrics", "stop"]), result("2", "1", score_1=["9", "stop"])]
    for place in ("LLMBar/Natural", "LLMBar/Adversarial/Manual", "Processed/FairEval"):
        for evaluator in ("GPT-4/CoT", "GPT-4/Swap"):
            folder = tmp_path / "Dataset" / place / "evaluators" / evaluator
            folder.mkdir(parents=True)
            (folder / "result.json").write_text(json.dumps(rows))
            (folder / "statistics.json").write_text("{}")
    return tmp_path / "Dataset"


def test_llmbars_own_results(llmbar_folder):
    file = llmbar_folder / "LLMBar/Adversarial/Manual/evaluators/GPT-4/CoT/result.json"
    found = [(row["id"], row["order"], row["p_first"]) for row in llmbar(file)]
    assert found == [
        ("Manual/0", "ab", 1.0), ("Manual/0", "ba", 0.0),
        ("Manual/1", "ab", 0.0), ("Manual/1", "ba", None),
        ("Manual/2", "ab", 0.0), ("Manual/2", "ba", 0.0),
    ]  # fmt: skip
    assert list(llmbar(file, evaluator="GPT-4/CoT")) == list(llmbar(file))
    whole = list(llmbar(llmbar_folder, evaluator="GPT-4/Swap"))
    assert {row["id"].split("/")[0] for row in whole} == {"Natural", "Manual"}  # FairEval is no part of LLMBar
    assert len(whole) == 12


def test_what_llmbars_importer_cannot_know_it_asks_for(llmbar_folder, tmp_path):
    file = llmbar_folder / "LLMBar/Natural/evaluators/GPT-4/CoT/result.json"
    moved = tmp_path / "result.json"
    moved.write_bytes(file.read_bytes())
    with pytest.raises(UsageError, match="of which subset is it"):
        list(llmbar(moved))
    assert {row["id"] for row in llmbar(moved, subset="GPTOut")} == {"GPTOut/0", "GPTOut/1", "GPTOut/2"}
    with pytest.raises(UsageError, match="did you mean 'Natural'"):
        list(llmbar(moved, subset="natural"))
    with pytest.raises(UsageError, match="did you mean 'GPT-4/CoT'"):
        list(llmbar(llmbar_folder, evaluator="GPT4/CoT"))
    with pytest.raises(UsageError, match="not of 'GPT-4/Swap'"):
        list(llmbar(file, evaluator="GPT-4/Swap"))
    with pytest.raises(DataError, match="is it LLMBar's folder"):
        list(llmbar(tmp_path / "Dataset/LLMBar/Natural/evaluators/GPT-4/CoT", evaluator="GPT-4/CoT"))
    moved.write_text('[{"results": []}]')
    with pytest.raises(DataError, match=r"result\.json row 0"):
        list(llmbar(moved, subset="GPTOut"))
    (tmp_path / "x.csv").write_text("a,b\n1,2\n")
    with pytest.raises(DataError, match="no column 'evaluator'"):
        list(llmbar(tmp_path / "x.csv", evaluator="x"))


def solutions(*scores, sources=("human_to_GPT-4", "modified_with_GPT-4", "gpt-4o-2024-05-13"), **more):
    return {"problem": "1 + 1", "solution_reference": list(sources), "score": list(scores), **more}


def test_rewardmaths_own_scores_put_the_correct_solution_first(lines, tmp_path):
    path = tmp_path / "internlm2_reward.json"
    other = ("modified_with_GPT-4", "human_to_GPT-4", "gpt-4o-2024-05-13")
    path.write_text(json.dumps([solutions(3.5, 1.0, 2.0), solutions(1, 10, 4, sources=other)]))
    assert list(rewardmath(path)) == [
        {"task": "rewardmath", "id": "0", "scores": [3.5, 1.0, 2.0]},
        {"task": "rewardmath", "id": "1", "scores": [10, 1, 4]},
    ]
    path.write_text(json.dumps([solutions(3.5, 1.0, sources=("human_to_GPT-4", "modified_with_GPT-4"))]))
    assert list(math_prm(path)) == [{"task": "rewardbench/math-prm", "id": "0", "scores": [3.5, 1.0]}]


def test_rewardmaths_scores_of_steps_are_reduced_as_asked(tmp_path):
    path = tmp_path / "Math_Shepherd_reward.json"
    path.write_text(json.dumps([solutions([0.5, 0.25], [1.0, 0.125], [0.5])]))
    wanted = {"min": 0.25, "max": 0.5, "prod": 0.125, "mean": 0.375, "last": 0.25, "geometric_mean": 0.125**0.5}
    for steps, score in wanted.items():
        (row,) = rewardmath(path, steps=steps)
        assert row["scores"][0] == score
    for steps in ("", "mim"):
        with pytest.raises(UsageError, match=r"give --set steps=min\|max"):
            list(rewardmath(path, steps=steps))


def test_rewardmaths_pairs_of_a_judge_score_as_the_authors_count_them(tmp_path):
    path = tmp_path / "gpt4o_pairwise_reward.json"
    sources = ("modified_with_GPT-4", "gpt-4o-2024-05-13", "google/gemma-7b-it")
    row = solutions("A", "B", "A", sources=sources, chosen_position=["A", "B", "B"])
    path.write_text(json.dumps([row, {**row, "score": ["A", "B", "B"]}]))
    assert [row["scores"] for row in rewardmath(path)] == [[3, 1, 1, 5], [4, 1, 1, 1]]


@pytest.mark.parametrize(
    "row",
    [{}, {"score": [1]}, {"score": [1], "solution_reference": []}, solutions(1, 2, 3, sources=["a", "b", "c"]), 3],
)
def test_another_form_of_rewardmaths_results_is_an_error_with_its_row(row, tmp_path):
    path = tmp_path / "x.json"
    path.write_text(json.dumps([solutions(1, 2, 3), row]))
    with pytest.raises(DataError, match=saying("x.json", "1", "RewardMATH").pattern):
        list(rewardmath(path))


def test_kappa_is_cohens_and_its_influences_are_its_derivative():
    from sklearn.metrics import cohen_kappa_score

    rng = np.random.default_rng(3)
    one = rng.integers(0, 3, 60)
    other = np.where(rng.random(60) < 0.6, one, rng.integers(0, 3, 60))
    found = kappa(one, other)
    assert found.value == pytest.approx(cohen_kappa_score(one, other), abs=1e-12)
    assert found.influence.mean() == pytest.approx(0, abs=1e-12)
    # The change when one item weighs a little more, as the influence predicts it.
    for i in (0, 7, 31):
        weights = np.ones(60) / 60
        weights = (1 - 1e-6) * weights
        weights[i] += 1e-6
        moved = cohen_kappa_score(one, other, sample_weight=weights)
        assert (moved - found.value) / 1e-6 == pytest.approx(found.influence[i], abs=1e-4)
    estimate = stats.estimate_from_influence(found.value, found.influence, bounds=(-1, 1))
    assert estimate.low < found.value < estimate.high
    with pytest.raises(ValueError, match="every verdict is the same"):
        kappa(np.ones(4, np.int64), np.ones(4, np.int64))


@pytest.fixture
def published(toys, harness):
    verdicts = DATA / "alignment/llmbar/evaluator_verdicts.csv.gz"
    statistics = DATA / "ppe/llmbar/evaluator_statistics.json"
    if not (verdicts.is_file() and statistics.is_file()):
        pytest.skip("HARNESS_DATA names no folder with LLMBar's results")
    return verdicts, json.loads(statistics.read_text())


COMPAT = {
    "correct_False": "accuracy_first_order@compat",
    "correct_True": "accuracy_second_order@compat",
    "correct_average": "accuracy_strict@compat",
    "correct_both": "accuracy_right_in_both@compat",
    "equal": "order_consistency@compat",
    "kappa_False": "label_kappa_first_order@compat",
    "kappa_True": "label_kappa_second_order@compat",
    "kappa_average": "label_kappa@compat",
    "kappa_agreement": "order_kappa@compat",
}


def statistic(text: object) -> float:
    return float(text) if not isinstance(text, str) else float(text.split("= ")[-1].rstrip("%")) / 100


@pytest.mark.parametrize("evaluator", ["GPT-4/CoT", "ChatGPT-0301/CoT", "Falcon/Vanilla"])
def test_llmbars_published_statistics(published, harness, toys, evaluator):
    verdicts, statistics = published
    # Their own files, made of the verdicts in them: the texts of the answers are not read.
    rows: dict[str, list[dict]] = {}
    with gzip.open(verdicts, "rt", encoding="utf-8", newline="") as stream:
        for row in csv.DictReader(stream):
            if row["evaluator"] == evaluator and row["subset"].startswith("LLMBar/"):
                winners = [row[f"winner_{order}"] or None for order in ("noswap", "swap")]
                rows.setdefault(row["subset"], []).append(result(*winners, label=int(row["label"])))
    for subset, made in rows.items():
        file = toys / "Dataset" / subset / "evaluators" / evaluator / "result.json"
        file.parent.mkdir(parents=True)
        file.write_text(json.dumps(made))
    assert harness("import", "llmbar", "Dataset", "--set", f"evaluator={evaluator}", "-o", "judge.jsonl").code == 0
    os.environ["HARNESS_DATA"] = str(DATA)
    try:
        metrics = [part for name in COMPAT.values() for part in ("--metric", name)]
        ran = harness("eval", "-m", "judge=recorded:path=judge.jsonl", "-t", "llmbar/pairs", *metrics, "--json")
    finally:
        del os.environ["HARNESS_DATA"]
    assert ran.code == 0, ran.err
    found = {(row["metric"], row["domain"]): row["value"] for row in ran.document["results"]}
    for subset, figures in statistics.items():
        if subset.startswith("LLMBar/"):
            for name, metric in COMPAT.items():
                wanted = statistic(figures[evaluator][name])
                assert found[metric, subset.split("/")[-1]] == pytest.approx(wanted, abs=1e-9), (subset, name)
