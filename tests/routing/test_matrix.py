"""``harness matrix``: what models scored becomes a matrix of outcomes that is read back exactly."""

import json

import numpy as np
import pytest

import harness as api
from harness import Item
from harness.names.registry import Registry

TASKS = ("quickstart/best-of-16", "quickstart/preferences")


@pytest.fixture
def evaluated(project, harness):
    """Three models on two tasks; one of them on one only."""
    (project / "registry.yaml").write_text("task_folders: [tasks]\n")
    for models, task in ((("length", "random", "constant"), TASKS[0]), (("length", "random"), TASKS[1])):
        ran = harness("eval", *(part for model in models for part in ("-m", model)), "-t", task, "--limit", 20)
        assert ran.code == 0, ran.err
    return project


def expected():
    """Outcomes by id and label, as the store has them."""
    found = {}
    for task in TASKS:
        table = api.figures(task)
        for id_, row in zip(table.ids, table.values, strict=True):
            found[f"{task}:{id_}"] = dict(zip(table.models, row, strict=True))
    return found


def read_back(name):
    task = Registry().task(name)
    items = [item for split in task.splits for item in task.items(split)]
    assert all(isinstance(item, Item) for item in items)
    return task, {item.id: item for item in items}


@pytest.mark.parametrize("long", [(), ("--long",)])
@pytest.mark.parametrize("ending", ["csv", "jsonl", "parquet"])
def test_what_is_written_is_read_back_exactly(evaluated, harness, ending, long):
    command = ("matrix", *TASKS, "-o", f"m.{ending}", "--task-file", "tasks/my/router.yaml", "--usd-per-hour", 3)
    ran = harness(*command, "--cost", "length=0.25", *long)
    assert ran.code == 0, ran.err
    assert "40 items of 2 tasks, 3 models, 20 of 120 outcomes unknown" in ran.out
    task, items = read_back("my/router")
    known = expected()
    assert items.keys() == known.keys()
    assert task.models_of() == ("constant", "length", "random")
    for id_, item in items.items():
        one = item.fields
        assert one["models"] == ("constant", "length", "random")
        for label, outcome in zip(one["models"], one["outcomes"], strict=True):
            value = known[id_].get(label, np.nan)
            assert np.isnan(outcome) if np.isnan(value) else outcome == value
        assert one["category"] == id_.split(":")[0]
        assert one["costs"][1] == 0.25
        assert np.isfinite(one["latencies"][1:]).all()
        assert one["costs"][2] == one["latencies"][2] * (3 / 3600)
    prompts = {f"{name}:{item.id}": item.fields["prompt"] for name in TASKS for item in Registry().task(name).items()}
    assert all(item.fields["prompt"] == prompts[id_] for id_, item in items.items())


def test_models_are_chosen_and_the_counts_are_printed(evaluated, harness):
    ran = harness("matrix", *TASKS, "-o", "m.csv", "-m", "random", "-m", "length", "--json")
    assert ran.code == 0, ran.err
    counts = {key: ran.document[key] for key in ("items", "models", "gaps", "tasks", "repeated_texts", "left_out")}
    assert counts == {"items": 40, "models": 2, "gaps": 0, "tasks": 2, "repeated_texts": 0, "left_out": 0}
    assert ran.document["labels"] == ["random", "length"]
    assert any("first 20 items only" in note for note in ran.document["notes"])
    ran = harness("matrix", *TASKS, "-o", "m.csv", "--exclude", "length", "--json")
    assert ran.document["labels"] == ["constant", "random"]
    assert ran.document["gaps"] == 20


def test_a_domain_may_be_the_category_and_a_benchmark_brings_what_can_be_used(evaluated, harness):
    ran = harness("matrix", "quickstart", "-o", "m.jsonl", "--category", "domain")
    assert ran.code == 0, ran.err
    assert "quickstart/detection" in ran.err  # it has no figures of items
    rows = [json.loads(line) for line in (evaluated / "m.jsonl").read_text().splitlines()]
    assert {row["category"].split(":")[0] for row in rows} == set(TASKS)
    assert any(":" in row["category"] for row in rows)


WRONG = [
    (("quickstart/detection",), "quickstart/detection"),
    ((TASKS[0], "-m", "lenght", "-m", "random"), "length"),
    ((TASKS[0], "-m", "length"), "two models or more"),
    ((TASKS[1], "--exclude", "length"), "two models or more"),
    ((TASKS[0], "--exclude", "nobody"), "nobody"),
    ((TASKS[0], "--metric", "nothing"), "nothing"),
    ((TASKS[0], "--metric", f"{TASKS[1]}=accuracy"), TASKS[1]),
    ((TASKS[0], "--cost", "length"), "LABEL=USD"),
    ((TASKS[0], "--cost", "length=-1"), "LABEL=USD"),
    ((TASKS[0], "--cost", "length=nan"), "LABEL=USD"),
    ((TASKS[0], "--cost", "lenght=1"), "length"),
    (("quickstart/nothing",), "quickstart/nothing"),
    (("nothing/*",), "nothing/*"),
    ((TASKS[0], "--split", "train"), "train"),
    ((TASKS[0], "--store", "other.sqlite"), "other.sqlite"),
]


def test_what_cannot_be_is_said_in_one_sentence(evaluated, harness):
    for arguments, says in WRONG:
        ran = harness("matrix", *arguments, "-o", "m.csv", "--task-file", "tasks/my/router.yaml")
        assert ran.code in (1, 2)
        assert says in ran.err
        assert "Traceback" not in ran.err
    for output in ("m.txt", "m", "registry.yaml", ".harness/store.sqlite"):
        ran = harness("matrix", *TASKS, "-o", output)
        assert ran.code == 2
        assert output in ran.err
    assert not list(evaluated.glob("m*"))
    assert not (evaluated / "tasks").exists()


def test_a_model_called_like_a_column_is_refused_or_written_in_long_rows(evaluated, harness):
    assert harness("eval", "-m", "prompt=length", "-t", TASKS[0], "--limit", 20).code == 0
    ran = harness("matrix", *TASKS, "-o", "m.csv")
    assert ran.code == 2
    assert "'prompt'" in ran.err
    ran = harness("matrix", *TASKS, "-o", "m.csv", "--long", "--task-file", "tasks/my/router.yaml")
    assert ran.code == 0, ran.err
    assert "prompt" in read_back("my/router")[0].models_of()


def test_questions_of_several_messages_and_clusters_are_kept(project, harness, write_task, rows):
    made = rows(12)
    for i, row in enumerate(made):
        row["prompt"] = [{"role": "system", "content": "Be brief."}, {"role": "user", "content": row["prompt"]}]
        row["document"] = f"d{i // 3}"
    write_task("demo/plain", made, cluster="document", evaluation_only=True)
    assert harness("eval", "-m", "length", "-m", "random", "-t", "demo/plain").code == 0
    ran = harness("matrix", "demo/plain", "-o", "m.csv")
    assert ran.code == 2
    assert "several messages" in ran.err
    for ending in ("jsonl", "parquet"):
        ran = harness("matrix", "demo/plain", "-o", f"m.{ending}", "--task-file", "tasks/my/router.yaml")
        assert ran.code == 0, ran.err
        task, items = read_back("my/router")
        assert len(items) == 12
        assert {item.cluster for item in items.values()} == {f"demo/plain:d{i}" for i in range(4)}
        assert [message.role for message in items["demo/plain:item-0"].fields["prompt"].messages] == ["system", "user"]
        # What is made of a task for evaluation only is for evaluation only, too.
        assert task.definition.evaluation_only
        assert harness("train", "category-router", "-t", "my/router", "-o", "c").code == 2


def test_routers_are_trained_on_it_and_judged(evaluated, harness):
    command = ("matrix", *TASKS, "-m", "length", "-m", "random", "-o", "m.parquet")
    assert (
        harness(*command, "--task-file", "tasks/my/router.yaml", "--cost", "length=2", "--cost", "random=1").code == 0
    )
    for trainer, *base in (("category-router",), ("neighbour-router", "--base", "tfidf")):
        ran = harness("train", trainer, "-t", "my/router", "-o", trainer, *base)
        assert ran.code == 0, ran.err
    models = [f"{name}:path={name}" for name in ("category-router", "neighbour-router")]
    ran = harness("eval", *(part for model in models for part in ("-m", model)), "-t", "my/router", "--json")
    assert ran.code == 0, ran.err
    assert "aiq" in ran.out
    assert {row["metric"] for row in ran.document["results"]} >= {"route_gain", "aiq", "cost_saved", "oracle"}


WRITER = """
from harness import Completion, Model, hookimpl

class Writer(Model):
    def __init__(self, words: int = 5, counted: bool = True):
        self.words, self.counted = words, counted
    def generate(self, requests):
        return [(self.written(r.prompt.text),) for r in requests]
    def written(self, text):
        counts = (len(text.split()), self.words) if self.counted else (None, None)
        return Completion("The answer is 7.", "stop", *counts)

@hookimpl
def register_models(register):
    register("writer", "plugin_writers:Writer", offers=("generate",))
"""


@pytest.mark.parametrize("long", [(), ("--long",)])
def test_tokens_that_were_counted_are_written_and_priced(project, harness, add_plugin, long):
    add_plugin("writers", WRITER)
    (project / "registry.yaml").write_text("task_folders: [tasks]\n")
    models = ("brief=writer", "verbose=writer:words=50", "uncounted=writer:counted=false")
    ran = harness(
        "eval", *(part for model in models for part in ("-m", model)), "-t", "curation/boxed-sums", "--limit", 12
    )
    assert ran.code == 0, ran.err
    command = ("matrix", "curation/boxed-sums", "-o", "m.jsonl", "--task-file", "tasks/my/router.yaml", *long)
    ran = harness(*command, "--price", "brief=1,2", "--price", "verbose=1,4", "--usd-per-hour", 3)
    assert ran.code == 0, ran.err
    _, items = read_back("my/router")
    for item in items.values():
        words = len(item.fields["prompt"].text.split())
        places = [item.fields["models"].index(label) for label in ("brief", "verbose", "uncounted")]
        tokens, costs = (item.fields[name][places] for name in ("tokens", "costs"))
        assert tokens[:2].tolist() == [words + 5, words + 50]
        assert np.isnan(tokens[2])
        assert costs[:2] == pytest.approx([(words + 2 * 5) / 1e6, (words + 4 * 50) / 1e6])
        assert costs[2] == item.fields["latencies"][places[2]] * (3 / 3600)
    for wrong, says in (
        ("uncounted=1,2", "no tokens"),
        ("brief=1", "IN,OUT"),
        ("brief=1,x", "IN,OUT"),
        ("breif=1,2", "brief"),
    ):
        ran = harness(*command, "--price", wrong)
        assert ran.code == 2
        assert says in ran.err
