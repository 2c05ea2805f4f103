"""The store: exact, whole or not at all, and shared."""

from __future__ import annotations

import math
import sqlite3

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from harness import Candidates, Completion, Conversation, Failure, Likelihood, Message, Origin, Verdict
from harness.capabilities import CORE
from harness.errors import StoreError
from harness.stats import Estimate
from harness.store import Store
from harness.store.cells import latest_cells, save_cell
from harness.store.curves import read_curve, save_curve
from harness.store.records import CellRecord, Result
from harness.store.runs import finish_run, start_run

CAPABILITIES = {capability.name: capability for capability in CORE}


@pytest.fixture
def store(tmp_path):
    with Store(tmp_path / "folder" / "s.sqlite") as opened:
        yield opened


def file_and_find(store, name, value):
    number = store.model_id("a model", "{}")
    store.file(number, CAPABILITIES[name], [(b"k" * 16, value)])
    return store.find(number, CAPABILITIES[name], [b"k" * 16])[b"k" * 16]


texts = st.text(st.characters(exclude_categories=("Cs",)))
finite = st.floats(allow_nan=False)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=50, deadline=None)
@given(st.data())
def test_a_response_is_read_back_exactly(tmp_path_factory, data):
    name, value = data.draw(
        st.one_of(
            st.tuples(st.just("score"), st.floats(allow_nan=False, allow_infinity=False)),
            st.tuples(st.just("detect"), st.floats(allow_nan=False, allow_infinity=False)),
            st.tuples(
                st.just("compare"),
                st.builds(Verdict, st.none() | st.floats(0, 1), texts, st.sampled_from(["", "slightly first"])),
            ),
            st.tuples(
                st.just("generate"),
                st.lists(
                    st.builds(Completion, texts, st.sampled_from(["stop", "length"]), st.none(), st.integers(0, 9))
                ).map(tuple),
            ),
            st.tuples(
                st.just("loglikelihood"),
                st.builds(Likelihood, st.floats(max_value=0, allow_infinity=False), st.integers(0, 99), st.booleans()),
            ),
        )
    )
    with Store(tmp_path_factory.mktemp("store") / "s.sqlite") as store:
        assert file_and_find(store, name, value) == value


def test_a_verdict_that_was_filed_without_a_label_has_none(tmp_path):
    with Store(tmp_path / "s.sqlite") as store:
        codec = store.codec(CAPABILITIES["compare"])
        assert codec.decode(None, '{"p_first":0.25,"text":"[[B]]"}') == Verdict(0.25, "[[B]]", "")


@pytest.mark.parametrize(("name", "dtype"), [("embed", "float32"), ("next_token", "float32"), ("route", "float64")])
def test_an_array_is_read_back_exactly_by_this_and_by_another_process(tmp_path, name, dtype):
    array = np.random.default_rng(0).normal(size=300).astype(dtype)
    with Store(tmp_path / "s.sqlite") as store:
        found = file_and_find(store, name, array)
        assert (found.dtype, found.tolist()) == (array.dtype, array.tolist())
    with Store(tmp_path / "s.sqlite") as store:
        found = store.find(store.model_id("a model", "{}"), CAPABILITIES[name], [b"k" * 16])[b"k" * 16]
        assert (found.dtype, found.tolist()) == (array.dtype, array.tolist())


def test_a_failure_is_kept_but_not_found(store):
    number, score = store.model_id("a model", "{}"), CAPABILITIES["score"]
    store.file(number, score, [(b"a" * 16, Failure("why")), (b"b" * 16, 2.0)])
    assert store.find(number, score, [b"a" * 16, b"b" * 16, b"c" * 16]) == {b"b" * 16: 2.0}
    assert store.count_responses() == 2


def test_a_response_replaces_a_failure_and_nothing_replaces_a_response(store):
    number, score, key = store.model_id("a model", "{}"), CAPABILITIES["score"], b"a" * 16
    for value, expected in ((Failure("why"), {}), (1.0, {key: 1.0}), (2.0, {key: 1.0}), (Failure("x"), {key: 1.0})):
        store.file(number, score, [(key, value)])
        assert store.find(number, score, [key]) == expected
    assert store.count_responses() == 1


def test_models_and_capabilities_do_not_share_responses(store):
    key = b"a" * 16
    one, other = store.model_id("one", "{}"), store.model_id("other", "{}")
    assert one != other
    assert store.model_id("one", "{}") == one
    store.file(one, CAPABILITIES["score"], [(key, 1.0)])
    assert store.find(other, CAPABILITIES["score"], [key]) == {}
    assert store.find(one, CAPABILITIES["detect"], [key]) == {}


def test_more_keys_are_found_at_once_than_a_statement_can_hold(store):
    number, score = store.model_id("a model", "{}"), CAPABILITIES["score"]
    answers = [(i.to_bytes(16, "big"), float(i)) for i in range(5000)]
    store.file(number, score, answers)
    assert store.find(number, score, [key for key, _ in answers]) == dict(answers)
    assert store.find(number, score, []) == {}


def test_nothing_to_file_is_no_error(store):
    store.file(store.model_id("a model", "{}"), CAPABILITIES["score"], [])
    assert store.count_responses() == 0


def test_a_store_can_be_opened_twice_at_once(tmp_path):
    with Store(tmp_path / "s.sqlite") as one, Store(tmp_path / "s.sqlite") as other:
        number = one.model_id("a model", "{}")
        one.file(number, CAPABILITIES["score"], [(b"a" * 16, 1.0)])
        assert other.model_id("a model", "{}") == number
        assert other.find(number, CAPABILITIES["score"], [b"a" * 16]) == {b"a" * 16: 1.0}


def test_a_missing_array_file_names_it(tmp_path):
    with Store(tmp_path / "s.sqlite") as store:
        file_and_find(store, "embed", np.ones(4, np.float32))
    (path,) = (tmp_path / "s.sqlite.files/arrays").iterdir()
    path.unlink()
    with Store(tmp_path / "s.sqlite") as store, pytest.raises(StoreError, match=f"{path}: cannot be read, but the"):
        store.find(store.model_id("a model", "{}"), CAPABILITIES["embed"], [b"k" * 16])


def test_a_file_whose_version_is_no_number_is_refused(tmp_path):
    Store(tmp_path / "s.sqlite").close()
    with sqlite3.connect(tmp_path / "s.sqlite") as connection:
        connection.execute("UPDATE about SET value = 'soon'")
    connection.close()
    with pytest.raises(StoreError, match=r"s\.sqlite"):
        Store(tmp_path / "s.sqlite")


# records


def cell(label="m", task="t/t", value=0.5, **more):
    results = [
        Result(label, task, "accuracy", "overall", Estimate(value, 0.1, 0.3, 0.7, 10, 1), "fraction", True, (), True)
    ]
    settings = {"limit": None, "split": "test", "seed": 0}
    return CellRecord(label, "f", task, "d", settings, ("x",), "done", results=results, **more)


def test_a_cell_is_read_back_as_it_was_filed(store):
    run = start_run(store, {"models": ["m"]})
    filed = cell(items=10, requests=9, computed=8, failed_requests=1, seconds=1.5, columns="c.npz")
    save_cell(store, run, filed)
    finish_run(store, run, "done")
    (found,) = latest_cells(store, ["t/t"])
    assert found.results[0].as_json() == {**filed.results[0].as_json(), "adapters": ["x"]}
    assert {k: getattr(found, k) for k in ("label", "items", "requests", "computed", "seconds", "columns", "id")} == {
        k: getattr(filed, k) for k in ("label", "items", "requests", "computed", "seconds", "columns", "id")
    }


def test_only_the_newest_finished_cell_of_a_model_on_a_task_counts(store):
    run = start_run(store, {})
    for value in (0.1, 0.2):
        save_cell(store, run, cell(value=value))
    failed = cell(value=0.3)
    failed.status = "failed"
    save_cell(store, run, failed)
    save_cell(store, run, cell(label="other", value=0.4))
    found = {c.label: c.results[0].estimate.value for c in latest_cells(store, ["t/t", "t/none"])}
    assert found == {"m": 0.2, "other": 0.4}
    assert latest_cells(store, ["t/t"], settings={"limit": 5}) == []


def test_what_cannot_be_computed_is_null_and_comes_back_as_not_a_number(store):
    run = start_run(store, {})
    save_cell(store, run, cell(value=math.nan))
    (found,) = latest_cells(store, ["t/t"])
    assert math.isnan(found.results[0].estimate.value)
    assert found.results[0].as_json()["value"] is None


def test_a_learning_curve_is_read_in_order_and_a_step_again_replaces_it(store):
    for step, loss in ((2, 0.5), (1, 1.0), (2, 0.25)):
        save_curve(store, "model", step, {"loss": loss})
    assert read_curve(store, "model") == [(1, "loss", 1.0), (2, "loss", 0.25)]
    assert read_curve(store, "other") == []


# keys


conversations = st.lists(st.builds(Message, st.sampled_from(["user", "system"]), texts), min_size=1, max_size=3).map(
    lambda messages: Conversation(tuple(messages))
)
candidates = st.builds(Candidates, conversations, st.lists(texts, min_size=1, max_size=3).map(tuple))


@given(candidates, candidates)
def test_two_scores_share_a_key_only_if_prompt_and_response_are_the_same(one, other):
    score = CAPABILITIES["score"]
    for first_key, first in zip(score.keys(one), one.responses, strict=True):
        for second_key, second in zip(score.keys(other), other.responses, strict=True):
            same = (one.prompt.messages, first) == (other.prompt.messages, second)
            assert (first_key == second_key) == same


@given(candidates)
def test_a_key_does_not_depend_on_neighbours_or_origin(request_):
    score = CAPABILITIES["score"]
    whole = score.keys(request_)
    origin = Origin("t", "i", tuple(range(len(whole))))
    assert score.keys(Candidates(request_.prompt, request_.responses, origin=origin)) == whole
    for i, response in enumerate(request_.responses):
        assert score.keys(Candidates(request_.prompt, (response,))) == [whole[i]]


@given(candidates)
def test_a_listwise_key_depends_on_the_neighbours(request_):
    score = CAPABILITIES["score"]
    longer = Candidates(request_.prompt, (*request_.responses, "another"))
    keys, longer_keys = score.keys(request_, listwise=True), score.keys(longer, listwise=True)
    assert len(set(keys)) == len(keys)
    assert not set(keys) & set(longer_keys)
