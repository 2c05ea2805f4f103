"""MT-Bench by single grading: what is asked, what is read, and what becomes of grades that are not there."""

import json
import os
from collections import Counter
from pathlib import Path

import numpy as np
import pytest
from harness_plugins.mt_bench.loading import questions
from harness_plugins.mt_bench.reading import grade, label, published_grade
from harness_plugins.mt_bench.recorded_grades import read_judgments
from harness_plugins.mt_bench.score import MtBenchCoverage, MtBenchScore, MtBenchScoreCompat

from harness import Columns, DataError
from harness.tasks import MIRROR_VARIABLE

MIRROR = os.environ.get(MIRROR_VARIABLE)
FOLDER = Path(MIRROR or "") / "alignment" / "mt_bench"
JUDGMENTS = FOLDER / "judgments_granite_gpt4_single.jsonl.gz"
with_data = pytest.mark.skipif(not (MIRROR and JUDGMENTS.is_file()), reason="needs the data below HARNESS_DATA")
TASK = "mt-bench/questions"
MODELS = '''
from harness import Completion, Failure, Model, hookimpl


class Writer(Model):
    """Fails where a question says so; is silent where it says so; else repeats it."""

    seen = []

    def generate(self, requests):
        return [self.answer(request) for request in requests]

    def answer(self, request):
        self.seen.append((len(request.prompt.messages), request.sampling.temperature))
        text = request.prompt.messages[-1].content
        if "FAIL" in text:
            return Failure("the writer is gone")
        return (Completion("" if "SILENT" in text else f"answer to {text}"),)


class Language(Model):
    """A judge that writes what the last line of what it is shown says behind SAY, and fails where it says BREAK."""

    seen = []

    def generate(self, requests):
        return [self.judged(request) for request in requests]

    def judged(self, request):
        text = request.prompt.messages[-1].content
        self.seen.append(text)
        if "BREAK" in text:
            return Failure("the judge is gone")
        return (Completion(text.rpartition("SAY ")[2].partition("\\n")[0] if "SAY " in text else "Rating: [[4]]"),)


@hookimpl
def register_models(register):
    register("writer", "plugin_bench:Writer", offers=("generate",), description="writes")
    register("language", "plugin_bench:Language", offers=("generate",), description="judges")
'''


def written(project, monkeypatch, rows):
    folder = project / "data" / "alignment" / "mt_bench"
    folder.mkdir(parents=True)
    (folder / "question.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    monkeypatch.setenv(MIRROR_VARIABLE, str(project / "data"))


def row(id_, first, second, category="writing", **more):
    return {"question_id": id_, "category": category, "turns": [first, second], **more}


@pytest.fixture
def evaluated(harness, project, monkeypatch, add_plugin):
    def run(rows, *options, code=0):
        written(project, monkeypatch, rows)
        add_plugin("bench", MODELS)
        ran = harness("eval", "-m", "writer", "-t", TASK, "--role", "judge=language", *options, "--json")
        assert ran.code == code, ran.err
        return {(r["metric"], r["domain"]): r for r in ran.document["results"]}, ran

    return run


def language():
    import sys

    return sys.modules["plugin_bench"]


@pytest.mark.parametrize(
    ("text", "meant", "published"),
    [
        ("Rating: [[7]]", 7, 7),
        ("Rating: [[7.5]]", 7.5, 7.5),
        ("Rating: [8]", 8, 8),
        ("Rating: [[3]]. My own answer would earn [[10]]", 3, 3),
        ("[2] is its source. Rating: [[9]]", 9, 9),
        ("return array[0]", None, 0),
        ("return array[5]", None, 5),
        ("Rating: [[0]]", None, 0),
        ("Rating: [[11]]", None, 11),
        ("Rating: [[-1]]", None, -1),
        ("Rating: 7", None, -1),
        ("", None, -1),
        ("<think>[[2]]</think> Rating: [[8]]", 8, 2),
    ],
)
def test_grades_are_read_as_meant_and_as_published(text, meant, published):
    assert grade(text) == meant
    assert published_grade(text) == published


@pytest.mark.parametrize(
    ("text", "read"),
    [("[[A]]", "A"), ("[[B]] [[B]]", "B"), ("[[C]]", "C"), ("[[A]] or [[B]]", None), ("[A]", None), ("", None)],
)
def test_a_text_that_names_both_answers_has_no_verdict(text, read):
    assert label(text) == read


@with_data
def test_the_recorded_judgments_have_the_coverage_that_they_have():
    texts = read_judgments(JUDGMENTS, "granite-7b-lab")
    turns = {turn: [text for id_, text in texts.items() if id_.endswith(f"-{turn}")] for turn in (1, 2)}
    assert [len(turns[turn]) for turn in (1, 2)] == [80, 80]
    published = {turn: np.array([published_grade(text) for text in turns[turn]]) for turn in (1, 2)}
    assert [int((published[turn] != -1).sum()) for turn in (1, 2)] == [37, 3]
    assert published[2].mean() == pytest.approx(-0.7875)
    # One of each turn is ``array[0]`` in code, published as the grade 0; one is ``[7/10]``, published as -1.
    differ = {id_: grade(text) for id_, text in texts.items() if (grade(text) or -1) != published_grade(text)}
    assert differ == {"127-1": None, "127-2": None, "118-1": 7}
    assert [sum(grade(text) is not None for text in turns[turn]) for turn in (1, 2)] == [37, 2]


@with_data
def test_the_recorded_judgments_through_the_whole_path(harness, monkeypatch):
    monkeypatch.setenv(MIRROR_VARIABLE, MIRROR)
    model = f"granite=mt-bench-judgments:model=granite-7b-lab,path={JUDGMENTS}"
    metrics = (
        "mt_bench_score", "mt_bench_coverage", "mt_bench_score@compat", "mt_bench_score@compat:unread=counted"
    )  # fmt: skip
    ran = harness("eval", "-m", model, "-t", TASK, *(p for m in metrics for p in ("--metric", m)), "--json")
    assert ran.code == 0, ran.err
    found = {(r["metric"], r["domain"]): r for r in ran.document["results"]}
    compat = "mt_bench_score@compat"
    assert [found[compat, f"turn {turn}"]["n"] for turn in (1, 2)] == [37, 3]
    assert found[compat, "overall"]["value"] == pytest.approx(7.4)
    assert found[f"{compat}:unread=counted", "turn 2"]["value"] == pytest.approx(-0.7875)
    assert [found["mt_bench_coverage", f"turn {turn}"]["value"] for turn in (1, 2)] == [37 / 80, 2 / 80]
    score = found["mt_bench_score", "overall"]
    assert (score["n"], score["n_failed"]) == (39, 121)
    assert score["value"] == pytest.approx((7.4 * 40 + 7) / 39)


@with_data
def test_the_questions_are_eighty_with_references_where_the_judge_needs_them(monkeypatch):
    monkeypatch.setenv(MIRROR_VARIABLE, MIRROR)
    rows = list(questions("test"))
    assert len(rows) == 160
    assert set(Counter(row["category"] for row in rows).values()) == {20}
    assert sum(row["references"] is not None for row in rows) == 60


def test_turns_temperatures_and_references(evaluated):
    rows = [row(1, "one", "two"), row(2, "sum", "more", "math", reference=["ref-a", "ref-b"]), row(3, "x", "y", "stem")]
    found, _ = evaluated(rows)
    assert found["mt_bench_score", "overall"]["value"] == 4
    assert found["mt_bench_score", "overall"]["n"] == 6
    assert found["mt_bench_score", "turn 2"]["n"] == 3
    assert found["mt_bench_score", "math"]["n"] == 2
    assert set(language().Writer.seen) == {(1, 0.7), (3, 0.7), (1, 0.0), (3, 0.0), (1, 0.1), (3, 0.1)}
    shown = language().Language.seen
    assert sum("ref-a" in text for text in shown) == 2
    assert sum("ref-b" in text for text in shown) == 1
    assert any("answer to one" in text and "answer to two" in text for text in shown)


def test_a_first_turn_that_failed_is_missing_twice_and_the_second_is_not_asked(evaluated):
    found, _ = evaluated([row(1, "FAIL", "two"), row(2, "one", "two"), row(3, "BREAK", "two")])
    score = found["mt_bench_score", "overall"]
    assert (score["value"], score["n"], score["n_failed"]) == (4, 2, 4)
    assert found["mt_bench_coverage", "overall"]["value"] == pytest.approx(2 / 6)
    assert found["mt_bench_unread_rate", "overall"]["value"] == 0
    assert sum(length == 3 for length, _ in language().Writer.seen) == 2
    lowest = MtBenchScore("lowest").compute(Columns({"grade": np.array([4.0, np.nan])}))
    highest = MtBenchScore("highest").compute(Columns({"grade": np.array([4.0, np.nan])}))
    assert (lowest.value, highest.value) == (2.5, 7.0)


def test_a_judge_that_never_gives_a_grade_leaves_no_score_and_that_is_said(evaluated):
    found, _ = evaluated([row(1, "SAY no grade", "SAY none")])
    for metric in ("mt_bench_score", "mt_bench_score@compat"):
        assert found[metric, "overall"]["value"] is None
    assert found["mt_bench_score", "overall"]["detail"]["reason"].startswith("none of 2 judgments")
    assert found["mt_bench_coverage", "overall"]["value"] == 0
    assert found["mt_bench_unread_rate", "overall"]["value"] == 1


def test_an_empty_answer_is_judged_and_places_in_texts_are_left_alone(evaluated):
    found, _ = evaluated([row(1, "SILENT", "{question_1} {answer_2} {reference_1}")])
    assert found["mt_bench_score", "overall"]["n"] == 2
    assert any("answer to {question_1} {answer_2} {reference_1}" in text for text in language().Language.seen)


@pytest.mark.parametrize(
    ("bad", "said"),
    [
        ({"question_id": 1, "category": "writing", "turns": ["only one"]}, "two turns"),
        (row(1, "one", "two", "math"), "reference"),
        (row(1, "one", "two", "coding", reference=["one of two"]), "reference"),
    ],
)
def test_questions_that_cannot_be_judged_are_no_items_and_are_said(evaluated, bad, said):
    found, ran = evaluated([bad, row(2, "one", "two")], code=1)
    assert found["mt_bench_score", "overall"]["n"] == 2
    assert said in ran.err + json.dumps(ran.document)


@pytest.mark.parametrize(
    "bad",
    [
        {"question_id": 1, "turn": 1, "score": 3},
        {"question_id": 1, "turn": 1, "model": "m"},
        {"question_id": 1, "turn": 1, "model": "m", "score": "three"},
        {"question_id": 1, "turn": 1, "model": "other", "score": 3},
    ],
)
def test_judgments_of_another_form_are_refused_by_line(tmp_path, bad):
    path = tmp_path / "j.jsonl"
    path.write_text(json.dumps(bad) + "\n")
    with pytest.raises(DataError, match=r"j\.jsonl"):
        read_judgments(path, "m")


def test_judgments_without_texts_stand_by_their_score(tmp_path):
    path = tmp_path / "j.jsonl"
    rows = [{"question_id": 1, "turn": turn, "model": "m", "score": score} for turn, score in ((1, 7), (2, -1))]
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    assert {id_: grade(text) for id_, text in read_judgments(path, "m").items()} == {"1-1": 7, "1-2": None}
    path.write_text(path.read_text() * 2)
    with pytest.raises(DataError, match="already"):
        read_judgments(path, "m")


def test_both_answers_to_a_question_are_one_cluster():
    grades = np.repeat([2.0, 9.0, 4.0, 7.0], 2)
    columns = {"grade": grades, "grade_published": grades, "grade_answered": np.ones(8)}
    alone = MtBenchScore().compute(Columns(columns))
    together = MtBenchScore().compute(Columns(columns, np.repeat(np.arange(4), 2)))
    assert together.stderr > 1.3 * alone.stderr
    assert MtBenchCoverage().compute(Columns(columns)).value == 1
    assert MtBenchScoreCompat().compute(Columns(columns)).value == alone.value


def test_the_benchmark_runs_without_data_and_forgotten_grades_hide_wrong_answers(harness):
    ran = harness("eval", "mt-bench", "--json")
    assert ran.code == 0, ran.err
    found = {(r["model"], r["metric"]): r["value"] for r in ran.document["results"] if r["domain"] == "overall"}
    assert {model for model, _ in found} == {"good", "fair", "poor", "constant", "empty", "copy-of-question"}
    assert found["fair", "mt_bench_score@compat"] > 7.5
    low, high = (found["fair", f"mt_bench_score:missing={end}"] for end in ("lowest", "highest"))
    assert low < 6.45 < high
    role = "judge=made-up-grader:forgets_wrong=0,forgets_right=0"
    whole = harness("eval", "-t", "mt-bench/made-up", "-m", "fair=made-up-pupil:skill=0.5", "--role", role, "--json")
    scores = {r["metric"]: r["value"] for r in whole.document["results"] if r["domain"] == "overall"}
    assert scores["mt_bench_score"] == pytest.approx(6.45)
    assert found["fair", "mt_bench_coverage"] < 0.7
    assert found["empty", "mt_bench_score"] == 3


def test_without_a_judge_every_grade_is_missing_and_that_is_said(harness, project, monkeypatch, add_plugin):
    written(project, monkeypatch, [row(1, "one", "two")])
    add_plugin("bench", MODELS)
    ran = harness("eval", "-m", "writer", "-t", TASK, "--json")
    values = {r["metric"]: r["value"] for r in ran.document["results"] if r["domain"] == "overall"}
    assert values["mt_bench_score"] is None
    assert "--role judge=MODEL" in ran.out + ran.err


def test_equal_grades_are_told_since_their_interval_has_no_width():
    equal = Columns({"grade": np.array([3.0, 3.0, np.nan])})
    assert "all 2 grades are 3" in MtBenchScore().constant(equal)
    assert MtBenchScore("lowest").constant(equal) == ""
    assert MtBenchScore().constant(Columns({"grade": np.array([3.0, 4.0])})) == ""
