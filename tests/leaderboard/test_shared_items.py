import json
import os
from pathlib import Path

import numpy as np
import pytest

from harness import Conversation, build_leaderboard, evaluate
from harness.leaderboard import influence_files, shared_items
from harness.leaderboard.shared_items import SharedItems
from harness.names.registry import Registry
from harness.running.table import Collector, prompt_key
from harness.stats import mean_estimate
from harness.task import Item

N = 60


@pytest.fixture
def lab(tmp_path):
    """Preference tasks over given prompts, the benchmark ``lab`` of them, and models that are right on given items."""

    class Lab:
        def __init__(self):
            self.tasks, self.store, self.models = {}, tmp_path / "store.sqlite", []

        def task(self, name, prompts, ids=None, domain=None):
            rows = [
                {
                    "id": str(i) if ids is None else ids[i],
                    "prompt": prompt,
                    "chosen": "yes",
                    "rejected": f"no {name}",
                    "part": "all" if domain is None else domain[i],
                }
                for i, prompt in enumerate(prompts)
            ]
            data = tmp_path / f"{name}.jsonl"
            data.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
            self.tasks[f"lab/{name}"] = {
                "kind": "preference",
                "data": {"test": {"file": str(data)}},
                "slices": ["part"],
                "metrics": ["accuracy"],
            }

        def registry(self, **benchmark):
            document = {
                "tasks": self.tasks,
                "benchmarks": {"lab": {"tasks": list(self.tasks), **benchmark}},
            }
            file = tmp_path / "registry.yaml"
            file.write_text(json.dumps(document), encoding="utf-8")
            return Registry(extra=file)

        def model(self, name, right):
            """``right(task, row)``: whether the model prefers the better one."""
            path = tmp_path / f"model-{name}.jsonl"
            rows = []
            for task, definition in self.tasks.items():
                text = Path(definition["data"]["test"]["file"]).read_text(encoding="utf-8")
                for i, line in enumerate(text.splitlines()):
                    scores = [1.0, 0.0] if right(task, i) else [0.0, 1.0]
                    rows.append({"task": task, "id": json.loads(line)["id"], "scores": scores})
            path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
            self.models.append(f"{name}=recorded:path={path}")

        def board(self, **benchmark):
            registry = self.registry(**benchmark)
            evaluate(self.models, ["lab"], store=self.store, registry=registry)
            return build_leaderboard("lab", store=self.store, registry=registry)

    return Lab()


def mean_of(*tasks, **more):
    return {"name": "mean", "of": [f"lab/{task}:accuracy" for task in tasks], **more}


def answers(seed, n=N, share=0.7):
    return np.random.default_rng(seed).random(n) < share


def test_tasks_over_the_same_items_are_no_more_certain_together_than_one(lab):
    prompts = [f"question {i}" for i in range(N)]
    for name in ("a", "b", "c"):
        lab.task(name, prompts, ids=[f"{name}-{i}" for i in range(N)])
    right = answers(0)
    lab.model("one", lambda task, i: right[i])
    entry = lab.board(aggregates=[mean_of("a", "b", "c")]).entries[0]
    alone, together = entry.figures["lab/a:accuracy"], entry.figures["mean"]
    assert together.value == pytest.approx(alone.value)
    assert together.stderr == pytest.approx(alone.stderr)
    assert (together.low, together.high) == pytest.approx((alone.low, alone.high))


def test_tasks_that_share_a_part_of_their_items_have_the_covariance_of_those(lab):
    lab.task("a", [f"question {i}" for i in range(N)])
    lab.task("b", [f"question {i}" for i in range(20, 20 + N)])
    right = answers(1, N + 20)
    lab.model("one", lambda task, i: right[i] if task == "lab/a" else right[20 + i])
    made = lab.board(aggregates=[mean_of("a", "b")])
    sums = np.zeros(N + 20)
    one, other = right[:N].astype(float), right[20:].astype(float)
    sums[:N] += (one - one.mean()) / N
    sums[20:] += (other - other.mean()) / N
    # The factor n / (n - 1) of the parts' own errors is that of the whole.
    assert made.entries[0].figures["mean"].stderr == pytest.approx(np.sqrt(N / (N - 1) * (sums @ sums)) / 2)
    assert [note for note in made.notes if "chance" not in note] == []


def test_tasks_that_share_nothing_have_the_figures_of_independent_ones(lab):
    lab.task("a", [f"question {i}" for i in range(N)])
    lab.task("b", [f"another {i}" for i in range(N)])
    right = answers(2, 2 * N)
    lab.model("one", lambda task, i: right[i + N * (task == "lab/b")])
    entry = lab.board(aggregates=[mean_of("a", "b")]).entries[0]
    parts = [mean_estimate(part.astype(float), bounds=(0, 1)) for part in (right[:N], right[N:])]
    assert entry.figures["mean"].stderr == pytest.approx(np.hypot(parts[0].stderr, parts[1].stderr) / 2, rel=1e-12)


def test_nested_means_and_the_lowest_know_of_shared_items_too(lab):
    prompts = [f"question {i}" for i in range(N)]
    for name in ("a", "b"):
        lab.task(name, prompts)
    lab.task("c", [f"another {i}" for i in range(N)])
    right = answers(3, 2 * N)
    lab.model("one", lambda task, i: right[i + N * (task == "lab/c")])
    inner = {"name": "inner", "of": ["lab/a:accuracy", "lab/c:accuracy"]}
    outer = {"name": "outer", "of": ["inner", "lab/b:accuracy"], "weights": [3, 1]}
    worst = {"name": "worst", "how": "minimum", "of": ["lab/a:accuracy", "lab/b:accuracy"]}
    figures = lab.board(aggregates=[outer, inner, worst]).entries[0].figures
    a, c = figures["lab/a:accuracy"].stderr, figures["lab/c:accuracy"].stderr
    assert figures["inner"].stderr == pytest.approx(np.hypot(a, c) / 2)
    # 3/8 a + 3/8 c + 1/4 b, where b goes with a.
    assert figures["outer"].stderr == pytest.approx(np.hypot(5 / 8 * a, 3 / 8 * c))
    assert figures["worst"].stderr == pytest.approx(a, rel=0.03)


def test_domains_that_share_no_item_are_independent_and_metrics_of_the_same_items_are_not(lab):
    lab.task("a", [f"question {i}" for i in range(N)], domain=["even", "odd"] * (N // 2))
    right = answers(4)
    lab.model("one", lambda task, i: right[i])
    apart = {"name": "apart", "of": ["lab/a:accuracy:even", "lab/a:accuracy:odd"]}
    nested = {"name": "nested", "of": ["lab/a:accuracy", "lab/a:accuracy:odd"]}
    figures = lab.board(aggregates=[apart, nested]).entries[0].figures
    even, odd = (mean_estimate(right[i::2].astype(float), bounds=(0, 1)).stderr for i in (0, 1))
    assert figures["apart"].stderr == pytest.approx(np.hypot(even, odd) / 2)
    assert figures["nested"].stderr > np.hypot(figures["lab/a:accuracy"].stderr, odd) / 2


def test_results_that_do_not_say_what_was_asked_are_noted(lab, monkeypatch):
    prompts = [f"question {i}" for i in range(N)]
    for name in ("a", "b"):
        lab.task(name, prompts)
    right = answers(5)
    lab.model("one", lambda task, i: right[i])
    monkeypatch.setattr(shared_items, "table_of_cell", without_prompts(shared_items.table_of_cell))
    made = lab.board(aggregates=[mean_of("a", "b")])
    assert [note.partition(":")[0] for note in made.notes] == ["mean"]
    assert "not on file" in made.notes[0]
    alone = made.entries[0].figures["lab/a:accuracy"].stderr
    assert made.entries[0].figures["mean"].stderr == pytest.approx(alone / np.sqrt(2))


def without_prompts(load):
    return lambda *arguments: load(*arguments)._replace(prompts=None)


def test_ids_of_the_data_tell_shared_items_where_prompts_are_not_on_file(lab, monkeypatch):
    for name in ("a", "b"):
        lab.task(name, [f"question {i}" for i in range(N)], ids=[f"item-{i}" for i in range(N)])
    right = answers(6)
    lab.model("one", lambda task, i: right[i])
    monkeypatch.setattr(shared_items, "table_of_cell", without_prompts(shared_items.table_of_cell))
    made = lab.board(aggregates=[mean_of("a", "b")])
    assert [note for note in made.notes if "chance" not in note] == []
    figures = made.entries[0].figures
    assert figures["mean"].stderr == pytest.approx(figures["lab/a:accuracy"].stderr)


def test_columns_that_are_lost_are_noted(lab):
    for name in ("a", "b"):
        lab.task(name, [f"question {i}" for i in range(N)])
    right = answers(7)
    lab.model("one", lambda task, i: right[i])
    lab.board()
    for file in lab.store.with_name("store.sqlite.files").rglob("*.npz"):
        file.unlink()
    made = build_leaderboard("lab", store=lab.store, registry=lab.registry(aggregates=[mean_of("a", "b")]))
    assert "not on file" in made.notes[0]
    assert np.isfinite(made.entries[0].figures["mean"].stderr)


def places(made):
    return {e.model: (e.rank_low, e.rank_high) for e in made.entries}


def test_models_that_agree_on_most_items_are_told_apart_and_opposite_ones_are_not(lab):
    lab.task("a", [f"question {i}" for i in range(400)])
    base = answers(8, 400, 0.6)
    better, opposite = base.copy(), ~base
    better[np.flatnonzero(~base)[:14]] = True
    lab.model("base", lambda task, i: base[i])
    lab.model("better", lambda task, i: better[i])
    assert places(lab.board()) == {"better": (1, 1), "base": (2, 2)}  # 3.5 points, with errors of 2.4 each
    lab.models.clear()
    lab.store = lab.store.with_name("other.sqlite")
    half = np.arange(400) < 218
    lab.model("half", lambda task, i: half[i])
    lab.model("opposite", lambda task, i: not half[i])
    assert places(lab.board()) == {"half": (1, 2), "opposite": (1, 2)}  # independent: 9 points, z = 2.6
    assert opposite.sum() == 400 - base.sum()


def test_models_that_differ_on_three_items_share_a_place(lab):
    lab.task("a", [f"question {i}" for i in range(100)])
    base = answers(9, 100, 0.6)
    better = base.copy()
    better[np.flatnonzero(~base)[:3]] = True
    lab.model("base", lambda task, i: base[i])
    lab.model("better", lambda task, i: better[i])
    assert places(lab.board()) == {"better": (1, 2), "base": (1, 2)}


def test_what_an_item_asks_is_its_prompt_whatever_else_it_holds():
    one = Item("1", {"prompt": Conversation.user("how?"), "responses": ("a", "b")})
    other = Item("x", {"text": "how?", "label": 1})
    assert prompt_key(one) == prompt_key(other) != 0
    assert prompt_key(Item("x", {"first": "how?", "second": "why?"})) == prompt_key(one)
    assert prompt_key(Item("7", {"label": 1})) == 0
    assert prompt_key(Item("q7", {"label": 1})) == prompt_key(Item("q7", {"label": 2})) != 0
    assert prompt_key(Item("7", {"prompt": Conversation.user("how?")}, withheld=True)) == 0
    assert prompt_key(Item("7", {"document": {"q": "a"}})) == prompt_key(Item("8", {"document": {"q": "a"}})) != 0
    assert prompt_key(Item("1", {"text": "\ud800"})) != 0


def test_clusters_link_items_of_two_tasks():
    collectors = []
    for prompts in (("p", "q"), ("q", "r")):
        collector = Collector(["x"])
        items = [Item(str(i), {"prompt": p}, cluster="c") for i, p in enumerate(prompts)]
        collector.add(items, [{"x": 1.0}] * 2)
        collectors.append(collector.table({}))
    units = shared_items._units_of(dict(zip("ab", collectors, strict=True)))
    assert len({*units["a"].tolist(), *units["b"].tolist()}) == 1


def test_a_board_without_results_has_no_correlations():
    assert SharedItems(Registry(), [], []).correlation("m", [{("t", "m", "overall"): 1.0}]) == (None, "")


def test_influences_are_kept_beside_a_store_and_made_anew_with_its_columns(lab, monkeypatch):
    monkeypatch.setattr(influence_files, "LEAST", 1)
    for name in ("a", "b"):
        lab.task(name, [f"question {i}" for i in range(N)])
    right = answers(10)
    lab.model("one", lambda task, i: right[i])
    lab.model("two", lambda task, i: right[i] or i % 3 == 0)
    first = lab.board(aggregates=[mean_of("a", "b")])
    kept = list(lab.store.with_name("store.sqlite.files").glob("influences/*.npz"))
    assert len(kept) == 2
    registry, read = lab.registry(aggregates=[mean_of("a", "b")]), []
    monkeypatch.setattr(SharedItems, "_read_influences", lambda *arguments: read.append(arguments))
    again = build_leaderboard("lab", store=lab.store, registry=registry)
    assert read == []
    assert again == first
    monkeypatch.undo()
    monkeypatch.setattr(influence_files, "LEAST", 1)
    for file in kept:
        file.write_bytes(b"no arrays")
    assert build_leaderboard("lab", store=lab.store, registry=registry) == first
    for file in lab.store.with_name("store.sqlite.files").glob("columns/*.npz"):
        os.utime(file, ns=(1, 1))
    calls = []
    whole = SharedItems._read_influences
    monkeypatch.setattr(SharedItems, "_read_influences", lambda *a: (calls.append(a), whole(*a))[1])
    assert build_leaderboard("lab", store=lab.store, registry=registry) == first
    assert len(calls) == 4
