"""The task files of published matrices: what each makes of rows of its authors' form, and of real ones."""

import csv
import gzip
import json
import os
import pickle
import zipfile
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from harness import DataError, Item
from harness.names.registry import Registry
from harness.tasks import build_task

REAL = Path(os.environ.get("HARNESS_DATA", "")) / "routing"
real = pytest.mark.skipif(not REAL.is_dir(), reason="HARNESS_DATA names no folder with routing/")


@pytest.fixture
def mirror(tmp_path, monkeypatch):
    monkeypatch.setenv("HARNESS_DATA", str(tmp_path))
    monkeypatch.setenv("HF_HOME", str(tmp_path / "no hub"))
    monkeypatch.setenv("HF_HUB_CACHE", str(tmp_path / "no hub"))
    return tmp_path


def questions(name, split="test"):
    task = build_task(Registry(), f"routing/{name}")
    read = [item for item in task.items(split) if isinstance(item, Item)]
    return task, read


def outcomes(read):
    return np.array([item.fields["outcomes"] for item in read])


def router_bench_table(n=60):
    random = np.random.default_rng(0)
    table = {
        "sample_id": [f"mmlu-sociology.val.{i}" for i in range(n)],
        "prompt": [f"['Question {i}?']" for i in range(n)],
        "eval_name": ["mmlu-sociology" if i % 2 else "grade-school-math" for i in range(n)],
    }
    for label in ("WizardLM/WizardLM-13B-V1.2", "gpt-4-1106-preview"):
        scores = pd.Series(random.choice([0.0, 0.25, 0.75, 1.0], n), dtype=object)
        scores[3] = None
        table[label] = scores
        table[f"{label}|model_response"] = [f"answer {i}" for i in range(n)]
        table[f"{label}|total_cost"] = random.random(n) * 1e-4
    table["oracle_model_to_route_to"] = "no_model_correct"
    return pd.DataFrame(table)


def test_router_bench_is_read_from_its_pickle(mirror):
    table = router_bench_table()
    table.loc[3, "gpt-4-1106-preview"] = 0.5
    folder = mirror / "withmartian" / "routerbench"
    folder.mkdir(parents=True)
    table.to_pickle(folder / "routerbench_0shot.pkl")
    task, test = questions("routerbench-0shot")
    _, train = questions("routerbench-0shot", "train")
    assert task.models_of() == ("WizardLM/WizardLM-13B-V1.2", "gpt-4-1106-preview")
    assert len(test) + len(train) == len(table)
    rows = table.set_index("sample_id")
    for item in (*test, *train):
        row = rows.loc[item.id]
        assert item.fields["prompt"].text == row["prompt"]
        assert item.domains == (item.fields["category"],) == (row["eval_name"],)
        for label, outcome, cost in zip(
            item.fields["models"], item.fields["outcomes"], item.fields["costs"], strict=True
        ):
            expected = row[label]
            assert np.isnan(outcome) if expected is None else outcome == expected  # partial credit, and gaps
            assert cost == row[f"{label}|total_cost"]
    said = [*task.remarks("test"), *build_task(Registry(), "routing/routerbench-0shot").remarks("train")]
    assert sum("1 of " in text and "unknown" in text for text in said) == 1


def test_a_table_that_is_not_router_bench_says_what_it_lacks(mirror):
    folder = mirror / "withmartian" / "routerbench"
    folder.mkdir(parents=True)
    for lacking in ("prompt", "gpt-4-1106-preview", "eval_name"):
        router_bench_table().drop(columns=lacking).to_pickle(folder / "routerbench_5shot.pkl")
        with pytest.raises(DataError, match=lacking):
            questions("routerbench-5shot")
    wrong = router_bench_table()
    wrong.loc[5, "gpt-4-1106-preview"] = "right"
    wrong.to_pickle(folder / "routerbench_5shot.pkl")
    with pytest.raises(DataError, match=r"row 5.*'right'"):
        questions("routerbench-5shot")


def router_eval_sets(texts=object):
    def scores(n):
        return np.random.default_rng(n).integers(0, 2, (n, 10)).astype(np.float16)

    pool = {
        "data": {f"{part}_score": scores(n) for part, n in (("train", 8), ("val", 3), ("test", 5))},
        "model": tuple(f"owner__model-{i}" for i in range(10)),
    }
    prompts = {f"{part}_prompt": np.array([f"{part} {i}?" for i in range(n)], dtype=texts)
               for part, n in (("train", 8), ("val", 3), ("test", 5))}  # fmt: skip
    return {"hard": {10: {"strong_to_weak": pool}}, "easy": {}, "prompt": prompts, "split_index": {"train": [1]}}


@pytest.mark.parametrize("packed", [False, True])
@pytest.mark.parametrize("texts", [object, str])
def test_router_eval_is_read_from_its_pickle_or_its_zip(mirror, packed, texts):
    content = pickle.dumps(router_eval_sets(texts))
    folder = mirror / "linggm" / "RouterEval" / "router_dataset"
    folder.mkdir(parents=True)
    if packed:
        with zipfile.ZipFile(folder.parent / "router_dataset.zip", "w") as archive:
            archive.writestr("router_dataset/mmlu_router_dataset.pkl", content)
    else:
        (folder / "mmlu_router_dataset.pkl").write_bytes(content)
    pool = router_eval_sets()["hard"][10]["strong_to_weak"]
    for split, part in (("train", "train"), ("validation", "val"), ("test", "test")):
        task, read = questions("routereval-mmlu", split)
        assert outcomes(read) == pytest.approx(pool["data"][f"{part}_score"].astype(float))
        assert read[0].fields["prompt"].text == f"{part} 0?"
        assert task.models_of(split) == pool["model"]


def test_a_pool_that_is_not_there_is_named_with_those_that_are(mirror):
    folder = mirror / "linggm" / "RouterEval" / "router_dataset"
    folder.mkdir(parents=True)
    sets = router_eval_sets()
    (folder / "mmlu_router_dataset.pkl").write_bytes(pickle.dumps({**sets, "hard": {100: {}}}))
    with pytest.raises(DataError, match="no '10' there; there are: 100"):
        questions("routereval-mmlu")
    del sets["prompt"]["test_prompt"]
    (folder / "mmlu_router_dataset.pkl").write_bytes(pickle.dumps(sets))
    with pytest.raises(DataError, match="test_prompt"):
        questions("routereval-mmlu")


def test_records_of_llm_router_bench(mirror):
    bench = mirror / "NPULH" / "LLMRouterBench" / "results" / "bench"

    def write(data_set, model, time, scores):
        path = bench / data_set / "test" / model / f"{time}.json"
        path.parent.mkdir(parents=True, exist_ok=True)
        records = [
            {"index": i, "origin_query": f"{data_set} {i}?", "prompt": f"Q: {data_set} {i}?", "score": score,
             "prompt_tokens": 10, "completion_tokens": 5, "cost": 0.001 * (i + 1)}
            for i, score in enumerate(scores)
        ]  # fmt: skip
        path.write_text(json.dumps({"performance": 0.5, "records": records}))

    for data_set in ("aime", "mmlu_pro"):
        write(data_set, "small", "20250101", [0.0] * 20)
        write(data_set, "small", "20250201", [1.0] * 20)  # the newer counts
        write(data_set, "large", "20250101", [1.0] * 10 + [0.5] * 10)
    task, test = questions("llmrouterbench")
    _, train = questions("llmrouterbench", "train")
    assert task.models_of() == ("large", "small")
    assert len(test) + len(train) == 40
    item = next(item for item in (*test, *train) if item.id == "aime/test/15")
    assert item.fields["outcomes"].tolist() == [0.5, 1.0]
    assert item.fields["costs"].tolist() == [0.016, 0.016]
    assert item.fields["tokens"].tolist() == [15, 15]
    assert item.fields["category"] == "aime"
    (bench / "aime" / "test" / "small" / "20250301.json").write_text('{"records": [{"index": 1}]}')
    with pytest.raises(DataError, match=r"20250301\.json"):
        questions("llmrouterbench")


def test_embedllm_is_long_and_repeats_count_by_their_greatest(mirror):
    folder = mirror / "RZ412" / "EmbedLLM"
    folder.mkdir(parents=True)
    header = ["prompt_id", "model_id", "category_id", "label", "model_name", "category", "prompt"]
    rows = [
        [q, m, 0, int((q + m) % 3 == 0), f"owner/model-{m}", "mmlu_anatomy" if q % 2 else "gsm8k", f"Question {q}?"]
        for m in range(3)
        for q in range(6)
    ]
    rows.append([4, 0, 0, 1, "owner/model-0", "gsm8k", "Question 4?"])  # contradicts the row above
    for name in ("train", "val", "test"):
        with (folder / f"{name}.csv").open("w", newline="") as stream:
            csv.writer(stream).writerows([header, *rows])
    task, read = questions("embedllm")
    assert task.models_of() == ("owner/model-0", "owner/model-1", "owner/model-2")
    assert [item.id for item in read] == [str(q) for q in range(6)]
    assert read[4].fields["outcomes"].tolist() == [1, 0, 1]
    assert read[1].fields["category"] == "mmlu_anatomy"
    assert read[1].domains == ("mmlu",)
    assert any("1 pair of" in text and "1 of them" in text and "max" in text for text in task.remarks("test"))
    assert len(questions("embedllm", "validation")[1]) == 6


@pytest.mark.parametrize(
    ("name", "hub"),
    [
        ("embedllm", "RZ412/EmbedLLM"),
        ("routerbench-0shot", "withmartian/routerbench"),
        ("routerbench-5shot", "withmartian/routerbench"),
        ("routereval-mmlu", "linggm/RouterEval"),
        ("llmrouterbench", "NPULH/LLMRouterBench"),
        ("nine-models", "llmrouter_9models"),
        ("routellm-mmlu", "routellm_mmlu"),
    ],
)
def test_data_that_is_absent_is_named(mirror, monkeypatch, name, hub):
    monkeypatch.setenv("HF_DATASETS_OFFLINE", "1")
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    with pytest.raises(DataError, match=hub):
        questions(name)


def test_every_task_has_a_licence_and_a_citation():
    registry = Registry()
    for name in registry.benchmarks().find("routing").tasks:
        definition = build_task(registry, name).definition
        assert definition.licence
        assert definition.citation


@real
def test_nine_models_as_given_and_by_hash():
    task, test = questions("nine-models")
    _, train = questions("nine-models", "train")
    assert (len(train), len(test)) == (5160, 450)
    values = np.concatenate([outcomes(train), outcomes(test)])
    expected = [0.3141, 0.5677, 0.6034, 0.6586, 0.6191, 0.2130, 0.1904, 0.3831, 0.5619]
    assert values.mean(axis=0) == pytest.approx(expected, abs=5e-5)
    assert task.models_of()[0] == "codegemma-7b"
    texts = {}
    for split in ("train", "validation", "test"):
        _, read = questions("nine-models-by-hash", split)
        texts[split] = {item.fields["prompt"].text for item in read}
    assert not texts["train"] & texts["test"]
    assert not texts["train"] & texts["validation"]
    assert not texts["validation"] & texts["test"]
    assert not any("gpqa" in item.fields["category"] for item in (*train, *test))


@real
@pytest.mark.parametrize(
    ("name", "n", "bases"),
    [("mmlu", 14037, (0.68091, 0.80587, 0.85873)), ("gsm8k", 1307, (0.63734, 0.85769, 0.92961))],
)
def test_both_halves_of_routellm_give_the_published_accuracies(name, n, bases):
    _, test = questions(f"routellm-{name}")
    _, train = questions(f"routellm-{name}", "train")
    values = np.concatenate([outcomes(train), outcomes(test)])
    assert len(values) == n
    assert values.mean(axis=0) == pytest.approx(bases[:2], abs=5e-6)
    assert values.max(axis=1).mean() == pytest.approx(bases[2], abs=5e-6)


@real
def test_mt_bench_is_scaled_and_for_evaluation_only():
    task, read = questions("routellm-mt-bench")
    assert task.definition.evaluation_only
    with (REAL / "routellm_mtbench_2models.csv").open(newline="") as stream:
        rows = [row for row in csv.DictReader(stream) if row["contaminated"] == "0"]
    scores = {
        label: np.mean([float(row["score"]) for row in rows if row["model"] == label])
        for label in ("mistralai/Mixtral-8x7B-Instruct-v0.1", "gpt-4-1106-preview")
    }
    assert len(read) == len(rows) / 2
    assert 9 * outcomes(read).mean(axis=0) + 1 == pytest.approx(list(scores.values()))


@real
def test_no_question_of_gpqa_is_in_the_data():
    with gzip.open(REAL / "llmrouter_9models.csv.gz", "rt", newline="") as stream:
        assert not any("gpqa" in row["task_name"] for row in csv.DictReader(stream))
