"""Streams of public data: the frozen ones with their figures, and the readers on made-up files of their form."""

from __future__ import annotations

import json
import os
from itertools import combinations
from pathlib import Path

import numpy as np
import pytest
from harness_plugins.prompt_caching.public_streams import corrected

REAL = Path(os.environ.get("HARNESS_DATA", "")) / "caching"
needs_data = pytest.mark.skipif(not REAL.is_dir(), reason="HARNESS_DATA names no folder with caching/")


def figures(ran):
    assert ran.code == 0, ran.err
    return {row["metric"]: row["value"] for row in ran.document["results"] if row["domain"] == "overall"}


@needs_data
def test_the_frozen_stream_of_clinc150_has_its_known_figures_with_vectors_on_file(project, harness, monkeypatch):
    monkeypatch.setenv("HARNESS_DATA", str(REAL.parent))
    whole = json.loads((REAL / "clinc150_data_full.json").read_text("utf-8"))
    texts = [row[0] for part in ("val", "test", "oos_val", "oos_test") for row in whole[part]]
    Path("texts.jsonl").write_text("".join(json.dumps({"prompt": text}) + "\n" for text in texts), "utf-8")
    model = f"recorded-vectors:path={REAL / 'clinc150_minilm_f16.npz'},vector=emb,texts=texts.jsonl"
    metrics = [f"hit_rate_at_error:budget={budget}" for budget in (0.01, 0.05, 0.1)]
    found = figures(
        harness(
            *("eval", "-t", "prompt_caching/clinc150-stream", "-m", model, "--json"),
            *(word for metric in metrics for word in ("--metric", metric)),
        )
    )
    assert found["match_auroc"] == pytest.approx(0.8812, abs=0.001)
    assert found["precision_hit_area"] == pytest.approx(0.8991, abs=0.001)
    assert found["hit_rate_at_error"] == pytest.approx(0.4276, abs=0.001)
    assert [found[metric] for metric in metrics] == pytest.approx([0.3431, 0.5664, 0.6964], abs=0.001)
    assert found["cache_hit_rate:policy=static"] == pytest.approx(0.340, abs=0.001)
    assert found["cache_error_rate:policy=static"] == pytest.approx(0.0136, abs=0.0002)


@pytest.mark.slow
@needs_data
def test_questions_share_answers_as_is_known(project, harness, monkeypatch):
    monkeypatch.setenv("HARNESS_DATA", str(REAL.parent))
    files = ",".join(
        str(REAL / f"NQ-open.{part}.jsonl") for part in ("dev", "efficientqa.dev.1.1", "efficientqa.test.1.1")
    )
    model = f"recorded-vectors:path={REAL / 'nq_open_minilm_f16.npz'},vector=emb,text=question,texts=[{files}]"
    found = figures(harness("eval", "-t", "prompt_caching/nq-open-stream", "-m", model, "--json"))
    assert found["match_auroc"] == pytest.approx(0.908, abs=0.002)


@pytest.fixture
def mirror(tmp_path, monkeypatch):
    monkeypatch.setenv("HARNESS_DATA", str(tmp_path / "data"))

    def write(name, rows):
        place = tmp_path / "data" / name
        place.parent.mkdir(parents=True, exist_ok=True)
        if place.suffix == ".parquet":
            import pyarrow
            import pyarrow.parquet

            pyarrow.parquet.write_table(pyarrow.Table.from_pylist(rows), place)
        elif place.suffix == ".jsonl":
            place.write_text("".join(json.dumps(row) + "\n" for row in rows), "utf-8")
        else:
            place.write_text(rows, "utf-8")
        return place

    return write


BANKING = 'text,category\nis my card here,card_arrival\n"it has\ntwo lines",card_arrival\nwhat rate,exchange_rate\n'


def test_banking77_is_read_in_its_own_form_with_cells_of_several_lines(project, harness, mirror):
    for split in ("train", "test"):
        mirror(f"caching/banking77_{split}.csv", BANKING * 1 + "".join(f"rate {i},exchange_rate\n" for i in range(30)))
    found = figures(harness("eval", "-t", "prompt_caching/banking77-stream", "-m", "equal-length", "--json"))
    assert found["cache_hit_rate:policy=static"] > 0.5
    pairs = harness("eval", "-t", "prompt_caching/banking77-pairs", "-m", "tfidf", "--json")
    assert pairs.code == 0, pairs.err
    mirror("caching/banking77_test.csv", "text,kind\na,b\n")
    ran = harness("eval", "-t", "prompt_caching/banking77-stream", "-m", "equal-length")
    assert ran.code != 0
    assert "'category'" in ran.err
    assert "banking77_test.csv:2" in ran.err


def lm_arena(**changed):
    """Rows of the form of vCache's suites, vectors of two encoders among their columns."""
    rows = []
    for i in range(40):
        group = i % 8
        vector = np.eye(8)[group] + 0.01 * (i % 5)
        rows.append(
            {
                "id": i,
                "prompt": f"prompt {group} put in way {i}",
                "ID_Set": group,
                "output_format": "",
                "response_gpt-4o-mini": f"answer {group}",
                "response_gpt-4o-mini_lat": 1.5,
                "emb_e5_large_v2_ft": vector.tolist(),
                "emb_e5_large_v2_ft_lat": 0.01,
                "emb_gte": np.roll(vector, i % 3).tolist(),
            }
            | {name: value(i) for name, value in changed.items()}
        )
    return [{name: value for name, value in row.items() if value is not ...} for row in rows]


def test_a_suite_of_vcache_is_scored_by_the_vectors_in_its_columns(project, harness, mirror):
    mirror("vCache/SemBenchmarkLmArena/train.parquet", lm_arena())
    models = [
        f"{column}=recorded-vectors:hub=vCache/SemBenchmarkLmArena,vector=emb_{column}"
        for column in ("e5_large_v2_ft", "gte")
    ]
    ran = harness("eval", "-t", "prompt_caching/vcache-lm-arena", "-m", models[0], "-m", models[1], "--json")
    assert ran.code == 0, ran.err
    found = {(row["model"], row["metric"]): row["value"] for row in ran.document["results"]}
    metric = "cache_hit_rate:policy=static"
    assert found["e5_large_v2_ft", metric] == pytest.approx(32 / 40)
    assert found["e5_large_v2_ft", "cache_error_rate:policy=static"] == 0
    assert found["gte", "cache_error_rate:policy=static"] > 0.3
    saved = harness(
        *("eval", "-t", "prompt_caching/vcache-lm-arena", "-m", models[0], "--json"),
        *("--metric", "cache_seconds_saved:policy=static"),
    )
    assert figures(saved)["cache_seconds_saved:policy=static"] == pytest.approx(1.5 * 32 / 40)


def test_original_and_corrected_labels_are_two_versions(project, harness, mirror):
    mirror("vCache/SemBenchmarkLmArena/train.parquet", lm_arena())
    mirror(
        "caching/SemBenchmarkLmArena.corrected.jsonl",
        # 0, 8, 16, 24 and 32 are of one class, and alike; the nearest to 8 is 0
        [{"first": 8, "second": 0, "same": 0}, {"first": 1, "second": 2, "same": 1}],
    )
    model = "m=recorded-vectors:hub=vCache/SemBenchmarkLmArena,vector=emb_e5_large_v2_ft"
    tasks = ("prompt_caching/vcache-lm-arena", "prompt_caching/vcache-lm-arena-corrected")
    ran = harness("eval", "-t", tasks[0], "-t", tasks[1], "-m", model, "--json")
    assert ran.code == 0, ran.err
    errors = {
        row["task"]: row["value"]
        for row in ran.document["results"]
        if row["metric"] == "cache_error_rate:policy=static"
    }
    assert errors[tasks[0]] == 0
    assert errors[tasks[1]] == pytest.approx(1 / 40)


def test_corrections_say_of_every_pair_what_the_review_said_and_else_what_classes_say():
    draw = np.random.default_rng(0)
    classes = [str(c) for c in draw.integers(4, size=24)]
    pairs = [tuple(sorted(draw.choice(24, size=2, replace=False).tolist())) for _ in range(30)]
    said = {pair: bool(draw.integers(2)) for pair in pairs}
    answers = [set(own) for own in corrected(classes, said)]
    for i, j in combinations(range(24), 2):
        assert (not answers[i].isdisjoint(answers[j])) == said.get((i, j), classes[i] == classes[j])


@pytest.mark.parametrize(
    ("changed", "verdicts", "says"),
    [
        ({"prompt": lambda i: ...}, [], "'prompt'"),
        ({"ID_Set": lambda i: ..., "response_gpt-4o-mini": lambda i: ...}, [], "id_set"),
        ({"response_gpt-4o-mini_lat": lambda i: "soon"}, [], "response_gpt-4o-mini_lat"),
        ({"response_gpt-4o-mini_lat": lambda i: -1.0}, [], "'latency' is -1"),
        ({}, [{"first": 1, "second": 40, "same": 1}], "from 0 to 39"),
        ({}, [{"first": 1, "second": 1, "same": 1}], "itself"),
        ({}, [{"first": 1, "second": 2, "same": 2}], "'same' is 2"),
        ({}, [{"first": 1, "second": 2}], "'same' is None"),
        ({}, [{"first": 1, "second": 2, "same": 1}, {"first": 2, "second": 1, "same": 0}], "1 and 2"),
        ({}, None, "no such file"),
    ],
)
def test_a_suite_of_another_form_is_refused_in_a_sentence(project, harness, mirror, changed, verdicts, says):
    mirror("vCache/SemBenchmarkLmArena/train.parquet", lm_arena(**changed))
    if verdicts is not None:
        mirror("caching/SemBenchmarkLmArena.corrected.jsonl", verdicts)
    model = "m=recorded-vectors:hub=vCache/SemBenchmarkLmArena,vector=emb_e5_large_v2_ft"
    if "prompt" in changed:
        model = "equal-length"
    ran = harness("eval", "-t", "prompt_caching/vcache-lm-arena-corrected", "-m", model)
    assert ran.code != 0
    assert says in ran.err + ran.out
    assert "Traceback" not in ran.err


def test_the_suites_that_have_no_classes_are_judged_by_equal_responses(project, harness, mirror):
    rows = lm_arena(ID_Set=lambda i: ...)
    mirror("vCache/SemBenchmarkClassification/train.parquet", rows)
    model = "m=recorded-vectors:hub=vCache/SemBenchmarkClassification,vector=emb_e5_large_v2_ft"
    found = figures(harness("eval", "-t", "prompt_caching/vcache-classification", "-m", model, "--json"))
    assert found["cache_error_rate:policy=static"] == 0
    assert found["cache_hit_rate:policy=static"] == pytest.approx(32 / 40)
