"""A half character (one half of a surrogate pair) in any text neither loses an answer nor ends a run."""

import json

import numpy as np
import pytest

from harness import Completion, Failure, Item, Likelihood, Verdict
from harness.capabilities import CORE
from harness.encoding import encodable, whole_characters
from harness.errors import CellError
from harness.store import Store

HALF = "\ud83d"
CAPABILITIES = {capability.name: capability for capability in CORE}


@pytest.mark.parametrize("text", ["", "plain", "Ġemoji 😀 ▁", "back\\slash \\ud83d"])
def test_a_text_that_can_be_written_stays_as_it_is(text):
    assert encodable(text) == text
    assert whole_characters(text) == text


def test_half_characters_are_written_out_or_joined():
    assert encodable(f"a{HALF}b") == "a\\ud83db"
    assert whole_characters(f"a{HALF}b") == "a\ufffdb"
    assert whole_characters("\ud83d\ude00") == "😀"


def test_names_and_messages_are_writable_where_they_enter():
    assert Item(f"i{HALF}", {}, (f"d{HALF}",)).id == "i\\ud83d"
    assert Item("i", {}, (f"d{HALF}", "e")).domains == ("d\\ud83d", "e")
    assert Failure(f"said {HALF}").reason == "said \\ud83d"
    assert Failure(ValueError("said")).reason == "said"
    assert str(CellError(f"said {HALF}")) == "said \\ud83d"


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("generate", (Completion(f"cut off {HALF}", "length", 1, 2), Completion("a\\ud83d 😀"))),
        ("compare", Verdict(0.5, f"[[A]] {HALF} {HALF}")),
    ],
)
def test_an_answer_with_half_characters_comes_back_to_the_letter(tmp_path, name, value):
    with Store(tmp_path / "store.sqlite") as store:
        number = store.model_id("m", "{}")
        assert store.file(number, CAPABILITIES[name], [(b"k" * 16, value)]) == {b"k" * 16: value}
        assert store.find(number, CAPABILITIES[name], [b"k" * 16]) == {b"k" * 16: value}


def test_two_halves_that_meet_are_one_character_in_this_run_and_in_the_next(tmp_path):
    with Store(tmp_path / "store.sqlite") as store:
        number = store.model_id("m", "{}")
        filed = store.file(number, CAPABILITIES["compare"], [(b"k" * 16, Verdict(0.5, "\ud83d\ude00"))])
        assert filed == store.find(number, CAPABILITIES["compare"], [b"k" * 16]) == {b"k" * 16: Verdict(0.5, "😀")}


def test_an_answer_that_has_no_form_to_be_kept_in_fails_alone(tmp_path):
    compare = CAPABILITIES["compare"]
    good, bad = Verdict(np.float32(0.5)), Verdict(0.5, object())
    with Store(tmp_path / "store.sqlite") as store:
        number = store.model_id("m", "{}")
        filed = store.file(number, compare, [(b"a" * 16, good), (b"b" * 16, bad)])
        assert filed[b"a" * 16] == good
        assert "cannot be filed" in filed[b"b" * 16].reason
        assert store.find(number, compare, [b"a" * 16, b"b" * 16]) == {b"a" * 16: Verdict(0.5)}


def test_a_response_on_file_that_is_of_no_known_form_is_asked_for_again(tmp_path):
    likelihood = CAPABILITIES["loglikelihood"]
    key, value = b"k" * 16, Likelihood(-1.0, 1, True)
    with Store(tmp_path / "store.sqlite") as store:
        number = store.model_id("m", "{}")
        store.file(number, likelihood, [(key, Likelihood(float("-inf"), 1, True))])  # JSON has no infinity: null
        assert store.find(number, likelihood, [key]) == {}
        store.file(number, likelihood, [(key, value)])
        assert store.find(number, likelihood, [key]) == {key: value}


ROWS = [
    {"prompt": f"A{HALF}?", "chosen": f"yes {HALF} it is", "rejected": "no", "id": f"a{HALF}", "kind": f"c{HALF}"},
    {"prompt": "B?", "chosen": "yes it is", "rejected": "no", "id": "b", "kind": "d"},
]


def test_ids_and_slices_with_half_characters_are_evaluated_with_all_others(harness, write_task):
    write_task("demo/sliced", ROWS, kind="preference", slices=["kind"])
    write_task("demo/z-other", ROWS[1:], kind="preference")
    ran = harness("eval", "-m", "length", "-t", "demo/sliced", "-t", "demo/z-other", "--json")
    assert ran.code == 0, ran.err
    domains = {r["domain"] for r in ran.document["results"] if r["task"] == "demo/sliced"}
    assert domains == {"overall", "c\\ud83d", "d"}
    assert {r["task"] for r in ran.document["results"]} == {"demo/sliced", "demo/z-other"}
    assert harness("eval", "-m", "length", "-t", "demo/sliced").code == 0


def test_records_are_found_by_an_id_with_half_characters(harness, write_task, project):
    write_task("demo/sliced", ROWS, kind="preference")
    records = [{"task": "demo/sliced", "id": row["id"], "scores": [1, 0]} for row in ROWS]
    (project / "records.jsonl").write_text("".join(json.dumps(row) + "\n" for row in records))
    ran = harness("eval", "-m", "recorded:path=records.jsonl", "-t", "demo/sliced", "--json")
    assert ran.code == 0, ran.err
    assert ran.document["results"][0]["value"] == 1.0


PLUGIN = """
from harness import Completion, Failure, Model
from harness.hooks import hookimpl


class Odd(Model):
    def score(self, requests):
        return [Failure("the server said \\ud83d") if "B" in r.prompt.text else [1.0, 0.0] for r in requests]

    def remarks(self):
        return ["its fingerprint is \\ud83d"]


class Broken(Model):
    def load(self):
        raise RuntimeError("the server serves \\ud83d")

    def score(self, requests):
        return []


@hookimpl
def register_models(register):
    register("odd", "plugin_odd:Odd", offers=("score",))
    register("broken", "plugin_odd:Broken", offers=("score",))
"""


def test_errors_and_remarks_with_half_characters_are_filed_and_the_other_models_are_asked(
    harness, write_task, add_plugin
):
    add_plugin("odd", PLUGIN)
    write_task("demo/plain", ROWS, kind="preference")
    ran = harness("eval", "-m", "broken", "-m", "odd", "-m", "length", "-t", "demo/plain", "--json")
    assert ran.code == 1, ran.err
    assert {r["model"] for r in ran.document["results"]} == {"odd", "length"}
    reasons = [f["reason"] for f in ran.document["failures"]]
    assert any("the server serves \\ud83d" in reason for reason in reasons)
    assert any(reason == "the server said \\ud83d" for reason in reasons)


def test_a_path_that_is_no_text_names_its_model_with_the_escape(harness, write_task):
    write_task("demo/plain", ROWS, kind="preference")
    ran = harness("eval", "-m", "recorded:path=\udcff.jsonl", "-t", "demo/plain")
    assert ran.code in (1, 2)
    assert "internal error" not in ran.err


def test_records_that_hold_no_answer_are_named_by_their_line(harness, write_task, project):
    write_task("demo/plain", ROWS, kind="preference")
    for record in ({"scores": [10**400, 1]}, {"p_first": 10**400}, {"text": ["a"]}, {"text": True}):
        (project / "records.jsonl").write_text(json.dumps({"task": "demo/plain", "id": "b", **record}) + "\n")
        ran = harness("eval", "-m", "recorded:path=records.jsonl", "-t", "demo/plain")
        assert ran.code == 2, ran.err
        assert "records.jsonl:1" in ran.err or "line 1" in ran.err


def test_files_and_pages_hold_half_characters_as_escapes(tmp_path):
    from harness_plugins.view.answers import _of_value

    from harness import write_atomically
    from harness.store.responses import texts_of_row

    row = {"text": f"half {HALF} 😀"}
    write_atomically(tmp_path / "rows.jsonl", json.dumps(row, ensure_ascii=False))
    assert json.loads((tmp_path / "rows.jsonl").read_text("utf-8")) == row
    assert _of_value((Completion(row["text"]),)).texts == [("completion (stop)", "half \\ud83d 😀")]
    assert _of_value(Verdict(0.5, row["text"])).texts == [("verdict", "half \\ud83d 😀")]

    class Filed:
        error, record = None, json.dumps([row])

    assert texts_of_row(Filed()) == ["half \\ud83d 😀"]
