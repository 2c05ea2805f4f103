"""The task: its draw, recorded annotations, judges on the real path, and answers that are hard to show."""

import csv
import importlib
import json

import pytest
from harness_plugins.alpaca_eval.annotations import annotations_of, preference
from harness_plugins.alpaca_eval.demonstration import PRAISE, ShelfJudge, ShelfWriter, questions, things
from harness_plugins.alpaca_eval.task import AlpacaEval, shown_first

from harness import Completion, Conversation, Failure, UsageError
from harness.errors import HarnessError
from harness.task import Answers, Definition, Item

HEADER = ["model", "index", "preference", "len_1", "len_2"]


@pytest.fixture
def annotations(tmp_path):
    def write(*rows):
        path = tmp_path / "annotations.csv"
        with path.open("w", newline="") as file:
            csv.writer(file).writerows([HEADER, *rows])
        return path

    return write


@pytest.fixture
def duels(write_task):
    def write(*rows, **keys):
        write_task("demo/duels", rows, kind="alpaca-eval", **keys)

    return write


def test_the_draw_is_the_published_one_and_the_seed_changes_it():
    task = AlpacaEval(Definition("demo/duels"))
    drawn = [shown_first(f"Question {n}?") for n in range(100)]
    items = [Item(str(n), {"prompt": Conversation.user(f"Question {n}?"), "baseline": "b"}) for n in range(100)]
    assert [task.candidate_first(item) for item in items] == drawn
    assert 30 < sum(drawn) < 70
    other = AlpacaEval(Definition("demo/duels", options={"order_seed": 1}))
    assert [other.candidate_first(item) for item in items] != drawn


def test_a_recorded_annotation_asks_no_judge():
    task, item = AlpacaEval(Definition("demo/duels")), Item("7", {"prompt": Conversation.user("?"), "baseline": "b"})
    failed = Answers("annotate", (), [Failure("nothing recorded")])
    assert task.requests(item, 1, "compare", [failed]) == []
    row = task.row(item, [failed])
    assert set(row) == set(task.columns)
    assert (row["duel_answered"] == 0).sum() == 1


@pytest.mark.parametrize(
    ("logs", "switched", "expected"),
    [((0.0, None), False, 0.0), ((None, -3.0), False, 1.0), ((None, -3.0), True, 0.0), ((-1.0, -1.0), True, 0.5)],
)
def test_a_missing_label_has_no_probability(logs, switched, expected):
    assert preference(*logs, switched=switched) == expected
    assert preference(None, None, switched=switched) is None


def test_codes_of_ties_and_missing_verdicts_are_read(annotations):
    path = annotations(["a", 0, 1.5, 10, 20], ["a", 1, 0, 10, 20], ["a", 2, "", 10, 20], ["b", 0, 2, 10, 20])
    rows = annotations_of(path, "a")
    assert [rows[key].better for key in ("0", "1", "2")] == [0.5, 0.5, None]
    assert (rows["0"].baseline_characters, rows["0"].candidate_characters) == (10, 20)


@pytest.mark.parametrize(
    ("row", "said"),
    [
        (["a", 0, 3, 1, 1], "preference is 3"),
        (["a", 0, "x", 1, 1], "preference is 'x'"),
        (["a", 0, 1.2, -1, 1], "len_1"),
        (["a", 0, 1.2, 1, ""], "len_2"),
    ],
)
def test_a_bad_row_is_refused_with_its_line(row, said, annotations):
    with pytest.raises(UsageError, match=f":2: {said}"):
        annotations_of(annotations(row), "a")


def test_an_unknown_model_and_a_row_twice_are_refused(annotations):
    path = annotations(["a", 0, 1, 1, 1], ["a", 0, 2, 1, 1])
    with pytest.raises(UsageError, match="recorded twice"):
        annotations_of(path, "a")
    with pytest.raises(UsageError, match="among them a"):
        annotations_of(path, "c")
    path.write_text("model,index\na,0\n")
    with pytest.raises(HarnessError, match="preference"):
        annotations_of(path, "a")


def test_recorded_annotations_are_evaluated(annotations, duels, harness):
    duels(*[{"id": str(n), "prompt": f"Question {n}?", "baseline": "base"} for n in range(4)])
    path = annotations(["a", 0, 2, 4, 8], ["a", 1, 1, 4, 8], ["a", 2, 1.5, 4, 4])
    ran = harness("eval", "-m", f"a=alpaca-annotations:model=a,path={path}", "-t", "demo/duels", "--json",
                  "--role", "judge=unnamed-judge")  # fmt: skip
    found = {r["metric"]: r for r in ran.document["results"] if r["domain"] == "overall"}
    assert found["duel_win_rate"]["value"] == 0.5
    assert (found["duel_win_rate"]["n"], found["duel_win_rate"]["n_failed"]) == (3, 1)
    assert "no instruction has a difficulty" in json.dumps(found["lc_win_rate"])


ECHO = """
from harness import Completion, Model
from harness.hooks import hookimpl

SHOWN = []


class Echo(Model):
    batch_size = 8

    def generate(self, requests):
        SHOWN.extend(request.prompt.text for request in requests)
        return [(Completion("m"),) for _ in requests]


@hookimpl
def register_models(register):
    register("echo", "plugin_echo:Echo", offers=("generate",))
"""


def test_placeholders_in_answers_reach_the_judge_as_they_are(add_plugin, duels, harness, tmp_path):
    add_plugin("echo", ECHO)
    duels({"id": "0", "prompt": "Say {output_1}.", "baseline": "{second} and {output_2}"})
    records = tmp_path / "candidate.jsonl"
    records.write_text(json.dumps({"task": "demo/duels", "id": "0", "text": "{output_1} {first} {conversation}"}))
    ran = harness("eval", "-m", f"candidate=recorded:path={records}", "-t", "demo/duels", "--json",
                  "--role", "judge=judge:base=echo,prompt=alpaca-eval,verdict=text")  # fmt: skip
    (shown,) = importlib.import_module("plugin_echo").SHOWN
    for text in ("Say {output_1}.", "{second} and {output_2}", "{output_1} {first} {conversation}"):
        assert text in shown
    found = {r["metric"]: r["value"] for r in ran.document["results"] if r["domain"] == "overall"}
    assert found["duel_win_rate"] == float(shown_first("Say {output_1}."))


def test_a_recorded_candidate_and_a_recorded_judge(duels, harness, tmp_path):
    rows = [{"id": str(n), "prompt": f"Question {n}?", "baseline": "base"} for n in range(6)]
    duels(*rows)
    texts = ["other", "other", "base", "", "other", "other"]
    candidate, judge = tmp_path / "candidate.jsonl", tmp_path / "judge.jsonl"
    candidate.write_text(
        "\n".join(json.dumps({"task": "demo/duels", "id": str(n), "text": text}) for n, text in enumerate(texts))
    )
    verdicts = {0: 0.9, 1: 0.1, 3: 0.2, 4: None}  # for the answer; item 5 failed
    lines = []
    for n, better in verdicts.items():
        first = shown_first(f"Question {n}?")
        p_first = better if first or better is None else 1 - better
        lines.append({"task": "demo/duels", "id": str(n), "order": "ba" if first else "ab", "p_first": p_first,
                      "of": "c"})  # fmt: skip
    judge.write_text("\n".join(map(json.dumps, lines)))
    ran = harness("eval", "-m", f"c=recorded:path={candidate}", "-t", "demo/duels", "--json", "--metric",
                  "duel_unread_rate", "--role", f"judge=recorded:path={judge}")  # fmt: skip
    found = {r["metric"]: r for r in ran.document["results"] if r["domain"] == "overall"}
    assert found["duel_win_rate"]["value"] == pytest.approx((0.9 + 0.1 + 0.5 + 0.2) / 4)
    assert found["duel_coverage"]["value"] == pytest.approx(4 / 6)
    assert found["duel_unread_rate"]["value"] == pytest.approx(1 / 5)


def test_the_demonstration_shows_the_headline_in_miniature(harness):
    ran = harness("eval", "alpaca-eval-demonstration", "--json")
    values = {(r["model"], r["metric"]): r["value"] for r in ran.document["results"] if r["domain"] == "overall"}
    plain, controlled = "duel_win_rate", "lc_win_rate"
    assert values["padded", plain] > values["able-and-brief", plain]
    assert values["padded", controlled] < values["able-and-brief", controlled] - 0.1
    assert values["baseline-again", controlled] == 0.5
    assert values["empty", controlled] < 0.05


def test_the_difficulty_of_a_field_is_fitted_from_what_is_on_file(harness, project):
    harness("eval", "alpaca-eval-demonstration")
    harness("difficulty", "alpaca-eval-demonstration/shelves", "-o", "difficulty.csv", "-m", "padded", "-m",
            "able-and-brief", "-m", "praises-itself")  # fmt: skip
    with open("difficulty.csv") as file:
        fitted = [float(row["difficulty"]) for row in csv.DictReader(file)]
    assert len(fitted) == 160
    assert abs(sum(fitted)) < 1e-5


def test_scripted_answers_are_what_they_are_said_to_be():
    able, padded = ShelfWriter(0.9, 0), ShelfWriter(0.9, 8)
    question = "What lies on shelf 3?"
    assert set(things(3)) & set(able.answer(question).replace(",", "").split())
    assert len(padded.answer(question)) > len(able.answer(question)) + 200
    assert ShelfWriter(constant="praise").answer("Anything?") == PRAISE
    assert ShelfWriter().answer("What is the capital of France?").startswith("There is nothing")
    assert 0 < ShelfJudge().p_first(question, "a", "b") < 0.5
    assert [row["id"] for row in questions("test", number=2)] == ["0", "1"]
    assert Completion(PRAISE).text == PRAISE
