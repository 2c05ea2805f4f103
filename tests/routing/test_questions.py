"""Rows of outcomes become questions: wide and long rows, repeats, gaps, shares, and what is refused."""

import json
from itertools import pairwise

import numpy as np
import pytest
from harness_plugins.routing.questions import settle_repeats
from harness_plugins.routing.task import Routing

from harness import BadItem, ConfigurationError, DataError, Definition, Item
from harness.task import DataPart
from harness.tasks.data.field_mapping import ColumnReader
from harness.tasks.data.sources import FileSource


@pytest.fixture
def make(tmp_path):
    """Make a task of rows by split, with a ``columns`` block and options."""

    def of(rows, columns=None, **options):
        splits = rows if isinstance(rows, dict) else {"test": rows}
        parts = {}
        for split, content in splits.items():
            path = tmp_path / f"{len(list(tmp_path.iterdir()))}-{split}.jsonl"
            path.write_text("".join(json.dumps(row) + "\n" for row in content))
            types = {name: (field.type, field.required) for name, field in Routing.fields.items()}
            parts[split] = [DataPart(FileSource(path), ColumnReader(columns or {}, types))]
        return Routing(Definition("my/routing", parts=parts, options=options))

    return of


def outcomes(task, split="test"):
    return {item.id: item.fields["outcomes"].tolist() for item in task.items(split) if isinstance(item, Item)}


def problems(task, split="test"):
    return [item.problem for item in task.items(split) if isinstance(item, BadItem)]


def test_wide_and_long_rows_make_the_same_questions(make):
    wide = make(
        [
            {"id": "q", "prompt": "Why?", "small": 1, "large": None},
            {"id": "r", "prompt": "How?", "small": 0, "large": 0.5},
        ],
        {"outcomes": ["small", "large"]},
    )
    long = make(
        [
            {"id": "r", "prompt": "How?", "model": "large", "outcome": 0.5},
            {"id": "q", "prompt": "Why?", "model": "small", "outcome": 1},
            {"id": "r", "prompt": "How?", "model": "small", "outcome": 0},
        ],
        models=["small", "large"],
    )
    assert wide.models_of() == long.models_of() == ("small", "large")
    assert outcomes(long)["r"] == outcomes(wide)["r"] == [0, 0.5]
    assert np.isnan(outcomes(wide)["q"][1])
    assert np.isnan(outcomes(long)["q"][1])  # never zero


def test_labels_of_long_rows_are_sorted_whatever_their_order(make):
    task = make([{"id": "q", "prompt": "Why?", "model": label, "outcome": i} for i, label in enumerate(["b", "a"])])
    assert task.models_of() == ("a", "b")
    assert outcomes(task) == {"q": [1, 0]}


@pytest.mark.parametrize(
    ("policy", "counted"), [("max", 1.0), ("mean", 1 / 3), ("majority", 0.0), ("last", 0.0), ("error", None)]
)
def test_a_stated_policy_says_what_counts_of_repeated_pairs(make, policy, counted):
    rows = [{"id": "q", "prompt": "Why?", "model": "a", "outcome": value} for value in (1, 0, 0)]
    rows += [{"id": "q", "prompt": "Why?", "model": "b", "outcome": 1}]
    task = make(rows, repeats=policy)
    if counted is None:
        [problem] = problems(task)
        assert "'q'" in problem
        assert "'repeats'" in problem
    else:
        assert outcomes(task)["q"] == pytest.approx([counted, 1])
        assert any("1 pair of" in said and "1 of them" in said for said in task.remarks("test"))


def test_half_of_the_votes_are_a_majority():
    assert settle_repeats([1, 0], "majority") == 1
    assert settle_repeats([0.7], "majority") == 0.7


@pytest.mark.parametrize(
    ("row", "says"),
    [
        ({"outcomes": [1, 1.2]}, "1.2"),
        ({"outcomes": [1, -0.1]}, "-0.1"),
        ({"outcomes": [1]}, "1 values for 2 models"),
        ({"outcomes": [None, None]}, "no known outcome"),
        ({"outcomes": [1, 0], "costs": [1, -2]}, "-2"),
        ({"outcomes": [1, 0], "costs": [1]}, "'costs' has 1 values"),
        ({"outcomes": [1, 0], "model": "a"}, "wide row"),
        ({}, "wide row"),
    ],
)
def test_a_row_that_is_no_question_is_bad_by_itself(make, row, says):
    good = {"id": "good", "prompt": "How?", "outcomes": [0, 1]}
    task = make([{"id": "q", "prompt": "Why?", **row}, good], models=["a", "b"])
    assert outcomes(task) == {"good": [0, 1]}
    [problem] = problems(task)
    assert says in problem


def test_one_id_with_two_texts_is_refused(make):
    rows = [{"id": "q", "prompt": text, "model": label, "outcome": 1} for text, label in (("Why?", "a"), ("How?", "b"))]
    rows.append({"id": "q", "prompt": "Why?", "model": "c", "outcome": 1})
    [problem] = problems(make(rows))
    assert "another text" in problem


def test_rows_of_one_text_are_joined_where_asked(make):
    rows = [{"prompt": "Why?", "model": label, "outcome": 1} for label in "ab"]
    assert list(outcomes(make(rows, question="text")).values()) == [[1, 1]]


def test_one_model_alone_is_nothing_to_choose(make):
    with pytest.raises(DataError, match="only model"):
        list(make([{"id": "q", "prompt": "Why?", "model": "a", "outcome": 1}]).items())


def test_shares_part_questions_by_their_texts(make):
    rows = [{"id": str(i), "prompt": f"Question {i // 2}?", "outcomes": [1, 0]} for i in range(400)]
    data = {"train": rows, "validation": rows, "test": rows}
    shares = {"train": 0.7, "validation": 0.1, "test": 0.2}
    task = make(data, models=["a", "b"], shares=shares)
    texts = [{item.fields["prompt"].messages[-1].content for item in task.items(split)} for split in data]
    assert all(not (one & other) for one, other in pairwise([*texts, texts[0]]))
    assert sum(map(len, texts)) == 200
    assert len(texts[0]) == pytest.approx(140, abs=20)


def test_what_train_would_choose_is_matched_by_name(make):
    train = [
        {"id": str(i), "prompt": f"{i}?", "category": "sums" if i < 2 else "words", "outcomes": values, "models": names}
        for i, (values, names) in enumerate(
            [([1, 0], ["b", "a"]), ([1, 0], ["b", "a"]), ([0, 1], ["b", "a"]), ([1, 1], ["b", "a"])]
        )
    ]
    test = [
        {"id": "q", "prompt": "Why?", "category": "words", "models": ["a", "b", "new"], "outcomes": [1, 0, 1]},
        {"id": "r", "prompt": "How?", "category": "unseen", "models": ["a", "b", "new"], "outcomes": [1, 0, 1]},
    ]
    task = make({"train": train, "test": test})
    first, second = task.items("test")
    assert task.references.chosen(first) == {"train_best": 1, "train_best_of_category": 0}
    assert task.references.chosen(second) == {"train_best": 1, "train_best_of_category": 1}


def test_a_train_row_that_cannot_be_read_lets_no_test_question_into_what_train_chooses(make):
    train = [{"id": str(i), "prompt": f"{i}?", "outcomes": [1, 0]} for i in range(2)]
    train += [{"id": f"bad {i}", "prompt": f"bad {i}?", "outcomes": [7, 0]} for i in range(3)]
    test = [{"id": f"t{i}", "prompt": f"test {i}?", "outcomes": [0, 1]} for i in range(4)]
    task = make({"train": train, "test": test}, models=["a", "b"])
    first = next(iter(task.items("test")))
    assert task.references.chosen(first)["train_best"] == 0


def test_the_code_of_a_category_does_not_hang_on_which_splits_were_read_before(make):
    def rows(categories):
        return [
            {"id": f"{category}{i}", "prompt": f"{category} {i}?", "category": category, "outcomes": [1, 0]}
            for i, category in enumerate(categories)
        ]

    data = {"train": rows("b"), "validation": rows("ab"), "test": rows("bc")}
    one, other = make(data, models=["x", "y"]), make(data, models=["x", "y"])
    of_validation = {item.fields["category"]: one.references.code("b") for item in one.items("validation")}
    assert other.facts()["categories"] == one.facts()["categories"] == ("a", "b", "c")
    list(other.items("test"))
    assert other.references.code("b") == of_validation["b"] == 1


def test_labels_are_left_out_where_splits_have_different_models(make):
    def rows(models):
        return [{"id": f"q{m}", "prompt": f"{m}?", "models": models, "outcomes": [1, 0]} for m in range(3)]

    task = make({"validation": rows(["a", "b"]), "test": rows(["a", "c"])})
    # Metrics see no split: labels of the test split would stand at figures of others on the validation split.
    assert task.facts()["models"] == ()


def test_a_rephrasing_is_in_the_share_of_its_original(make):
    rows = [{"id": str(i), "prompt": f"Question {i}?", "outcomes": [1, 0]} for i in range(300)]
    rows += [
        {"id": f"{i}/other words", "prompt": f"In other words: {i}?", "rephrases": str(i), "outcomes": [1, 0]}
        for i in range(300)
    ]
    # The original of these is not in the data: they stay together all the same.
    rows += [
        {"id": f"lost {i}/{j}", "prompt": f"Lost {i}, {j}?", "rephrases": f"lost {i}", "outcomes": [1, 0]}
        for i in range(100)
        for j in range(2)
    ]
    task = make({"train": rows, "test": rows}, models=["a", "b"], shares={"train": 0.6, "test": 0.4})
    origins = [{item.fields["rephrases"] or item.id for item in task.items(split)} for split in ("train", "test")]
    assert not origins[0] & origins[1]
    assert len(origins[0] | origins[1]) == 400


def test_questions_keep_their_share_whether_or_not_they_are_rephrased(make):
    plain = [{"id": str(i), "prompt": f"Question {i}?", "outcomes": [1, 0]} for i in range(50)]
    more = [{"id": "x", "prompt": "Other words", "rephrases": "3", "outcomes": [1, 0]}]
    shares = {"train": 0.6, "test": 0.4}
    before, after = (
        {item.id for item in make({"train": rows, "test": rows}, models=["a", "b"], shares=shares).items("test")}
        for rows in (plain, plain + more)
    )
    assert after - {"x"} == before


@pytest.mark.parametrize(
    ("options", "says"),
    [
        ({"models": ["a", "b", "a"]}, "'a'"),
        ({"models": ["a"]}, "'models'"),
        ({"scale": [0, float("inf")]}, "'scale'"),
        ({"shares": {"train": 0.8, "tset": 0.2}}, "'tset'"),
        ({"shares": {"train": 0.8, "test": 0.9}}, "1.7"),
    ],
)
def test_options_that_cannot_be_obeyed_are_refused_at_once(make, options, says):
    rows = [{"id": "q", "prompt": "Why?", "model": label, "outcome": 1} for label in "ab"]
    with pytest.raises(ConfigurationError, match=says):
        make({"train": rows, "test": rows}, **options)


def test_a_model_that_is_named_and_has_no_outcome_is_said(make):
    rows = [{"id": "q", "prompt": "Why?", "model": label, "outcome": 1} for label in ("small", "large")]
    [_, said] = make(rows, models=["small", "lagre"]).remarks("test")
    assert "'lagre'" in said
    assert "'large'" in said
