"""The kind ``same-answer``: its data, what it asks, and its metrics."""

from __future__ import annotations

import json

import numpy as np
import pytest
from harness_plugins.prompt_caching.answers import Components, answer_set, groups_of_answers, normalised
from harness_plugins.prompt_caching.reuse import Reuse
from harness_plugins.prompt_caching.verifiers import CompareToReuse, EmbedToReuse, ScoreToReuse, probability_of

from harness import Candidates, Failure, Pair, Text, Verdict, evaluate
from harness.errors import HarnessError
from harness.metric import Columns
from harness.names.registry import Registry
from harness.task import BadItem
from harness.tasks import build_task
from harness.tasks.build_metric import build_metric

REGISTRY = Registry()


@pytest.fixture
def written(project):
    """Write a task: ``written(rows, options={...})`` or ``written({"train": rows, "test": rows})``."""

    def of(rows, **keys):
        folder = project / "tasks" / "m"
        folder.mkdir(parents=True, exist_ok=True)
        splits = rows if isinstance(rows, dict) else {"test": rows}
        for split, own in splits.items():
            (folder / f"{split}.jsonl").write_text("".join(json.dumps(row) + "\n" for row in own))
        shares = keys.get("options", {}).get("shares")
        sources = {split: {"file": f"{split}.jsonl"} for split in splits}
        if shares:
            sources = {split: {"file": "test.jsonl"} for split in shares}
        (folder / "t.yaml").write_text(json.dumps({"kind": "same-answer", "data": sources, **keys}))
        (project / "registry.yaml").write_text("task_folders: [tasks]\n")
        return build_task(Registry(), "m/t")

    return of


def pair(first, second, label, **more):
    return {"first": first, "second": second, "label": label, **more}


def test_answers_are_compared_as_the_field_does():
    assert normalised(" The Beatles, a band ") == "beatles band"
    assert answer_set(["The", "7 a.m."]) == {"7 am"}
    assert groups_of_answers([frozenset("a"), frozenset("b"), frozenset("ab"), frozenset()]) == ["0", "0", "0", "3"]
    joined = Components()
    for k in range(5000):  # no recursion
        joined.join(k, k + 1)
    assert joined.of(0) == joined.of(5000)


@pytest.mark.parametrize(
    "row",
    [
        {"first": "a", "second": "b"},
        {"first": "a", "label": 1},
        {"first": "a", "second": "b", "label": 1.5},
        {"first": "a", "second": "b", "label": -0.1},
        {"prompt": "a"},
        {"prompt": "a", "first": "a", "second": "b", "label": 1},
        {"label": 1},
    ],
)
def test_a_row_that_is_neither_pair_nor_prompt_is_bad(written, row):
    [item] = written([row]).items()
    assert isinstance(item, BadItem)


def test_labels_may_be_probabilities(written):
    task = written([pair("a", "b", 0.7), pair("c", "d", 0.2), pair("e", "f", 1)], options={"threshold": 0.75})
    rows = [task.row(item, [answers("embed", [[1, 0], [1, 1]])]) for item in task.items()]
    assert [row["judged"] for row in rows] == [0.7, 0.2, 1]
    assert [row["same"] for row in rows] == [0, 0, 1]
    assert rows[0]["similarity"] == pytest.approx(0.5**0.5)
    assert np.isnan(rows[0]["probability"])


def answers(capability, responses):
    from harness.task import Answers

    return Answers(capability, [], responses)


def test_it_asks_what_a_model_can_answer(written):
    task = written([pair("old", "new", 1, first_answer="it is 7")])
    [item] = task.items()
    [asked] = task.requests(item, 0, "reuse", ())
    assert (asked.prompt, asked.cached, asked.response) == ("new", "old", "it is 7")
    assert [r.text for r in task.requests(item, 0, "embed", ())] == ["old", "new"]
    [asked] = task.requests(item, 0, "score", ())
    assert (asked.prompt.text, asked.responses) == ("new", ("it is 7",))
    row = task.row(item, [answers("reuse", [0.25])])
    assert (row["similarity"], row["probability"], row["log_odds"]) == (0.25, 0.25, pytest.approx(np.log(1 / 3)))
    assert np.isfinite(task.row(item, [answers("reuse", [1.0])])["log_odds"])
    assert task.row(item, [answers("embed", [[0, 0], [1, 1]])])["similarity"] == 0
    assert np.isnan(task.row(item, [answers("embed", [[1, 0], Failure("gone")])])["similarity"])
    assert task.row(item, [answers("score", [[3.5]])])["similarity"] == 3.5


def test_a_pair_with_ends_in_two_parts_is_in_none_and_said(written):
    rows = [
        pair(f"a{i}", f"b{j}", int(i == j), first_group=f"g{i}", second_group=f"g{j}")
        for i in range(30)
        for j in range(30)
        if abs(i - j) < 3
    ]
    task = written(rows, options={"shares": {"train": 0.6, "test": 0.4}})
    parts = {split: list(task.items(split)) for split in ("train", "test")}
    groups = {
        split: {item.fields[end] for item in items for end in ("first_group", "second_group")}
        for split, items in parts.items()
    }
    assert groups["train"]
    assert groups["test"]
    assert groups["train"].isdisjoint(groups["test"])
    left = len(rows) - sum(map(len, parts.values()))
    assert left > 0
    assert f"{left} pairs" in task.remarks("test")[0]


def test_groups_follow_from_pairs_that_are_the_same(written):
    rows = [pair("a", "b", 1), pair("b", "c", 1), pair("c", "d", 0), pair("e", "d", 1)]
    found = {i.fields["first"]: i.fields["first_group"] for i in written(rows).items()}
    assert found["a"] == found["b"] == found["c"]
    assert found["e"] != found["a"]


def test_a_prompt_that_was_trained_on_is_said(written):
    task = written({"train": [pair("a", "b", 1), pair("c", "d", 0)], "test": [pair("a", "x", 1), pair("y", "z", 0)]})
    list(task.items("test"))
    [said] = task.remarks("test")
    assert said.startswith("1 of 4 prompts")
    assert task.remarks("train") == []


def test_shares_that_do_not_fit_are_refused(written):
    with pytest.raises(HarnessError):
        written([pair("a", "b", 1)], options={"shares": {"train": 0.8, "test": 0.4}})


def test_pairs_are_drawn_from_prompts(written):
    rows = [{"prompt": f"p{i}", "group": f"g{i % 9}"} for i in range(90)]
    task = written(rows, options={"pairs": 100, "positives": 0.3})
    items = list(task.items())
    assert sum(item.fields["label"] for item in items) == 30
    assert len({(i.fields["first"], i.fields["second"]) for i in items}) == 100
    for item in items:
        assert item.fields["label"] == (item.fields["first_group"] == item.fields["second_group"])
    assert [i.id for i in written(rows, options={"pairs": 100, "positives": 0.3}).items()] == [i.id for i in items]


def test_prompts_with_answers_share_those_in_common(written):
    rows = [{"prompt": f"p{i}", "answers": [str(i // 2), f"x{i // 3}"]} for i in range(60)]
    for item in written(rows, options={"pairs": 60}).items():
        i, j = (int(item.fields[end][1:]) for end in ("first", "second"))
        assert item.fields["label"] == (i // 2 == j // 2 or i // 3 == j // 3)
        assert item.fields["first_answer"] == str(i // 2)


@pytest.mark.parametrize("groups", [["a"] * 6, list("abcdef")])
def test_prompts_of_which_all_or_none_are_the_same_give_no_pairs(written, groups):
    task = written([{"prompt": f"p{i}", "group": group} for i, group in enumerate(groups)])
    with pytest.raises(HarnessError):
        list(task.items())


# adapters


def test_an_embedder_is_asked_for_the_probability():
    adapter = EmbedToReuse(temperature=0.05, offset=16)
    request = Reuse("new", "old")
    assert adapter.expand(request) == [Text("new"), Text("old")]
    values = [adapter.reduce(request, [[1, 0], [np.cos(a), np.sin(a)]]) for a in np.linspace(0, 3, 20)]
    assert (np.diff(values) < 0).all()
    assert adapter.reduce(request, [[0, 0], [1, 0]]) == pytest.approx(probability_of(0, 0.05, 16))
    assert adapter.reduce(request, [[1, 0], [0.8, 0.6]]) == pytest.approx(0.5)


def test_a_scorer_is_asked_about_the_response():
    adapter = ScoreToReuse(temperature=2, offset=1)
    [asked] = adapter.expand(Reuse("new", "old", "it is 7"))
    assert isinstance(asked, Candidates)
    assert (asked.prompt.text, asked.responses) == ("new", ("it is 7",))
    assert adapter.expand(Reuse("new", "old"))[0].responses == ("old",)
    assert adapter.reduce(Reuse("new", "old"), [[2.0]]) == 0.5


def test_a_judge_is_asked_in_both_orders():
    adapter = CompareToReuse()
    asked = adapter.expand(Reuse("new", "old", "it is 7"))
    assert all(isinstance(request, Pair) for request in asked)
    assert asked[0].first == asked[1].second == "it is 7"
    assert adapter.reduce(Reuse("new", "old"), [Verdict(0.9), Verdict(0.3)]) == pytest.approx(0.8)
    assert isinstance(adapter.reduce(Reuse("new", "old"), [Verdict(None), Verdict(0.3)]), Failure)


def test_any_model_goes_through(project):
    found = evaluate(["length", "tfidf", "score=length"], ["prompt_caching/intents-pairs"], limit=60, adapters=[])
    assert found is not None


# metrics


def columns(n=400, seed=0, embedded=False):
    rng = np.random.default_rng(seed)
    odds = rng.normal(scale=2, size=n)
    same = (rng.random(n) < 1 / (1 + np.exp(-odds))).astype(float)
    probability = 1 / (1 + np.exp(-odds))
    nothing = np.full(n, np.nan)
    return Columns(
        {
            "similarity": odds / 10 if embedded else probability,
            "same": same,
            "probability": nothing if embedded else probability,
            "log_odds": nothing if embedded else odds,
            "judged": same,
        }
    )


@pytest.mark.parametrize("name", ["brier", "log_loss"])
def test_calibration_is_that_of_detection(name):
    given = columns()
    found = build_metric(REGISTRY, f"reuse_{name}").compute(given)
    other = Columns({"log_odds": given.values["log_odds"], "label": given.values["same"]})
    assert found.value == build_metric(REGISTRY, name).compute(other).value
    nothing = build_metric(REGISTRY, f"reuse_{name}").compute(columns(embedded=True))
    assert np.isnan(nothing.value)
    assert "probability" in nothing.detail["reason"]


def test_a_hit_is_at_the_threshold_or_above():
    given = Columns(
        {
            "similarity": np.array([0.8, 0.79999, 0.9, 0.8, 0.1]),
            "same": np.array([1.0, 1.0, 0.0, 0.0, 0.0]),
            "probability": np.full(5, np.nan),
        }
    )
    shares = {n: build_metric(REGISTRY, n).compute(given) for n in ("hit_precision", "false_hit_rate", "true_hit_rate")}
    assert shares["hit_precision"].value == pytest.approx(1 / 3)
    assert shares["false_hit_rate"].value == pytest.approx(2 / 3)
    assert shares["true_hit_rate"].value == 0.5
    assert shares["hit_precision"].detail["threshold"] == 0.8
    at = build_metric(REGISTRY, "false_hit_rate:similarity=0.85").compute(given)
    assert at.value == pytest.approx(1 / 3)


def test_probabilities_have_a_threshold_of_their_own():
    given = columns()
    probability, same = given.values["probability"], given.values["same"]
    for name, wanted in (("hit_precision", 0.5), ("hit_precision:probability=0.9", 0.9)):
        found = build_metric(REGISTRY, name).compute(given)
        assert found.value == pytest.approx(same[probability >= wanted].mean())


def test_a_threshold_that_nothing_reaches_has_no_precision():
    given = columns(embedded=True)
    assert np.isnan(build_metric(REGISTRY, "hit_precision:similarity=5").compute(given).value)
    assert build_metric(REGISTRY, "false_hit_rate:similarity=5").compute(given).value == 0


def test_efficiency_is_true_hits_less_false_ones_over_the_pairs_that_are_the_same():
    given = columns(embedded=True)
    metric = build_metric(REGISTRY, "pair_efficiency:similarity=0.1")
    found = metric.compute(given)
    hit, same = given.values["similarity"] >= 0.1, given.values["same"] == 1
    assert found.value == pytest.approx(((hit & same).sum() - (hit & ~same).sum()) / same.sum())
    influence = metric.on(given)[0].influence
    assert influence.mean() == pytest.approx(0, abs=1e-12)
    n, h = len(given), 1e-5
    for row in (0, 7, 100):  # the derivative in the direction of a row
        weights = np.full(n, 1 / n)
        moved = (1 - h) * weights + h * (np.arange(n) == row)
        value = ((hit & same) * moved).sum() - ((hit & ~same) * moved).sum()
        assert influence[row] == pytest.approx((value / (same * moved).sum() - found.value) / h, rel=1e-3, abs=1e-3)
    with pytest.raises(HarnessError):
        build_metric(REGISTRY, "pair_efficiency:probability=2")
    none = given.take(~same)
    assert np.isnan(metric.compute(none).value)


def test_a_model_without_probabilities_is_said_to_have_none(project):
    found = evaluate(["tfidf"], ["prompt_caching/intents-pairs"], limit=200)
    results = {result.metric: result.estimate for cell in found.cells for result in cell.results}
    assert np.isnan(results["reuse_brier"].value)
    assert "reuse" in results["reuse_brier"].detail["reason"]
    model = "calibrated-embedder:base=[tfidf],temperature=0.1,offset=5"
    through = evaluate([model], ["prompt_caching/intents-pairs"], limit=200)
    results = {result.metric: result.estimate for cell in through.cells for result in cell.results}
    assert 0 < results["reuse_brier"].value < 1


def test_prompts_of_other_kinds_are_read_by_the_names_of_their_fields():
    from harness_plugins.prompt_caching.prompt_sets import read_prompts

    from harness import DataError, Item

    def item(k, **fields):
        return Item(str(k), fields)

    rows = [
        item(0, prompt="a", answer="x"),
        item(1, prompt="b", answer=["y", "x"], response="it is x"),
        item(2, prompt="c"),
    ]
    found = read_prompts(rows, "t", unknown=True)
    first, second = np.array([0, 0, 1]), np.array([1, 2, 2])
    assert found.same(first, second).tolist() == [True, False, False]
    assert found.responses == ["", "it is x", ""]
    with pytest.raises(DataError):
        read_prompts(rows, "t")
    with pytest.raises(DataError):
        read_prompts([item(0, prompt="a", group="g"), item(1, prompt="b", answer="x")], "t")
    with pytest.raises(DataError):
        read_prompts([], "t")
    with pytest.raises(DataError):
        read_prompts([item(0, number=3, group="g")], "t")
