"""The pages say what the store and the data hold."""

from __future__ import annotations

import html
import json
import re
import sqlite3
from urllib.parse import urlencode

import pytest

from harness.api import compare
from harness.results.numbers import figure


def text_of(page):
    """What a reader sees, without the tags."""
    return " ".join(html.unescape(re.sub(r"<[^>]+>", " ", page)).split())


def rows_of(page):
    """Row numbers of the samples that a page lists."""
    return [int(row) for row in re.findall(r'href="/cells/\d+/samples/(\d+)', page)]


def test_runs_cells_and_estimates_are_those_of_the_store(pairs, evaluate, view):
    pairs()
    document = evaluate("toy-judge", "demo/pairs")
    viewer = view()
    assert "run 1" in text_of(viewer.page("/"))
    assert "toy-judge" in viewer.page("/cells?task=demo/pairs&model=toy-judge")
    assert "Nothing here" in viewer.page("/cells?status=failed")
    cell = text_of(viewer.page("/cells/1"))
    for result in document["results"]:
        if result["metric"] == "accuracy":
            low, high = (figure(result[end]) for end in ("low", "high"))
            shown = f"{result['domain']} {figure(result['value'])} {low} to {high} "
            shown += f"{'at chance ' if result['at_chance'] else ''}{result['n']} {result['n_failed']}"
            assert " ".join(shown.split()) in cell
    assert "asked for compare" in cell
    assert "run 1" in cell


def test_a_sample_shows_prompt_responses_verdicts_and_figures(pairs, evaluate, view):
    pairs()
    evaluate("toy-judge", "demo/pairs")
    viewer = view()
    page = text_of(viewer.page("/cells/1/samples/10"))
    assert "question 10 about the weather" in page
    assert "10.5" in page
    assert "P(first is better) 1" in page
    assert "10.5 or 10.0" in page  # what the judge wrote, in the first order
    assert "10.0 or 10.5" in page
    assert "as_given 1 exchanged 1 better 0 answered 1" in page
    assert page.count("question 10 about the weather") == 1  # once, though the judge was asked twice
    assert "response 1 against response 2" in page
    assert "response 2 against response 1" in page
    assert "Right: picked response 1 in both orders" in page


def test_right_and_wrong_items_are_told_apart_and_counted(pairs, evaluate, view):
    pairs()
    document = evaluate("toy-judge", "demo/pairs")
    viewer = view()
    wrong = [i for i in range(30) if i % 3 == 0]
    assert rows_of(viewer.page("/cells/1/samples?show=wrong&order=worst")) == wrong
    assert f"{len(wrong)} of 30 items" in viewer.page("/cells/1/samples?show=wrong")
    failed = [5]  # the text is no number, so there is no verdict
    assert rows_of(viewer.page("/cells/1/samples?show=failed")) == failed
    right = [i for i in range(30) if i not in wrong + failed]
    assert rows_of(viewer.page("/cells/1/samples?show=right")) == right
    assert next(r["value"] for r in document["results"]) == pytest.approx(len(right) / 29)
    hard = [i for i in right if i % 2 == 0]
    assert rows_of(viewer.page("/cells/1/samples?show=right&domain=hard")) == hard


def test_pages_of_samples_follow_each_other(write_task, rows, evaluate, view):
    write_task("demo/plain", rows(60))
    evaluate("toy-reader", "demo/plain")
    viewer = view()
    seen = []
    path = "/cells/1/samples"
    while path:
        page = viewer.page(path)
        seen += rows_of(page)
        found = re.search(r'rel="next" href="([^"]+)"', page)
        path = html.unescape(found[1]) if found else ""
    assert seen == list(range(60))
    assert 'rel="prev"' in page


def test_search_finds_words_of_the_data_and_of_the_model(pairs, evaluate, view):
    pairs()
    evaluate("toy-judge", "demo/pairs")
    viewer = view()
    viewer.page("/cells/1/samples?q=needle")
    assert rows_of(viewer.page("/cells/1/samples?q=needle")) == [4]
    assert "<mark>needle</mark>" in viewer.page("/cells/1/samples?q=needle")
    assert rows_of(viewer.page("/cells/1/samples?q=needle&place=model")) == []
    assert rows_of(viewer.page("/cells/1/samples?q=cannot+say&place=model")) == [5]
    assert rows_of(viewer.page('/cells/1/samples?q="the+weather"&show=wrong')) == [9, 12, 15, 18, 21, 24, 27]
    assert rows_of(viewer.page('/cells/1/samples?q="weather+the"')) == []
    assert rows_of(viewer.page("/cells/1/samples?q=hayst*")) == [4]
    for rubbish in ("%22", "%22%22", "AND", "a%20OR", "NEAR(", "*", "%00", "-x", "col:x", "%F0%9F%98%80", "%ff", "'"):
        assert viewer.get(f"/cells/1/samples?q={rubbish}").status == 200


def test_search_finds_domains_groups_and_other_fields_of_the_data(write_task, evaluate, view):
    rows = [
        {"id": f"n{i}", "prompt": f"p {i}", "chosen": "2", "rejected": "1", "level": level, "source": f"group {i // 2}"}
        for i, level in enumerate(["mmlu-pro/easy", "mmlu-pro/hard", "数学", "mmlu-pro/easy"])
    ]
    write_task("demo/pairs", rows, kind="preference", slices=["level"], cluster="source")
    evaluate("toy-judge", "demo/pairs")
    viewer = view()
    viewer.page("/cells/1/samples?q=easy")
    assert rows_of(viewer.page("/cells/1/samples?q=easy")) == [0, 3]
    assert rows_of(viewer.page("/cells/1/samples?q=mmlu-pro/easy&place=data")) == [0, 3]
    assert rows_of(viewer.page("/cells/1/samples?q=easy&place=model")) == []
    assert rows_of(viewer.page('/cells/1/samples?q="group+1"')) == [2, 3]
    assert rows_of(viewer.page("/cells/1/samples?q=%E6%95%B0%E5%AD%A6")) == [2]
    assert rows_of(viewer.page("/cells/1/samples?q=%E5%AD%A6")) == [2]
    assert "depend on each other: group 1" in text_of(viewer.page("/cells/1/samples/3"))


def test_words_inside_chinese_and_thai_texts_are_found_in_the_data_and_in_what_the_model_wrote(
    write_task, evaluate, view, add_plugin
):
    source = """
from harness import Model, Verdict, hookimpl

class Writes(Model):
    def compare(self, requests):
        return [Verdict(0.25, "因为第二个回答更好") for _ in requests]

@hookimpl
def register_models(register):
    register("writes", "plugin_writes:Writes", offers=("compare",))
"""
    add_plugin("writes", source)
    texts = ["请评估这个模型的回答", "ฉันรักภาษาไทยมาก", "この言葉を探す"]
    rows = [{"id": f"n{i}", "prompt": text, "chosen": "2", "rejected": "1"} for i, text in enumerate(texts)]
    write_task("demo/pairs", rows, kind="preference")
    evaluate("writes", "demo/pairs")
    viewer = view()
    viewer.page("/cells/1/samples?q=x")

    def found(word, place=""):
        return rows_of(viewer.page(f"/cells/1/samples?{urlencode({'q': word, 'place': place})}"))

    assert [found(word, "data") for word in ("模型", "ภาษา", "言葉", "型模")] == [[0], [1], [2], []]
    assert [found(word, "model") for word in ("第二个", "模型")] == [[0, 1, 2], []]


def test_a_search_that_would_take_too_long_says_so(pairs, evaluate, view, monkeypatch):
    pairs()
    evaluate("toy-judge", "demo/pairs")
    viewer = view()
    viewer.page("/cells/1/samples?q=needle")

    def too_long(*_, **__):
        raise TimeoutError

    monkeypatch.setattr("harness_plugins.view.index.SearchIndex.matching", too_long)
    assert "Too many words are like that" in viewer.page("/cells/1/samples?q=n*")


def test_failed_requests_show_their_reasons(write_task, rows, harness, view):
    made = rows(10)
    made[2]["responses"][0] = "refuse"
    made[7]["responses"][1] = "boom"
    write_task("demo/plain", made)
    harness("eval", "-m", "toy-reader", "-t", "demo/plain")
    viewer = view()
    assert "the model refused" in viewer.page("/cells/1")
    assert rows_of(viewer.page("/cells/1/samples?show=failed")) == [2, 7]
    assert "the model refused" in viewer.page("/cells/1/samples/2")
    assert "the text says boom" in viewer.page("/cells/1/samples/7")
    assert rows_of(viewer.page("/cells/1/samples?q=boom&place=model")) == [7]


@pytest.mark.parametrize(
    ("model", "task", "expected"),
    [
        ("toy-judge", "best-of-k", ["P(first is better)", "through compare-to-score", "0.5 or 0.25"]),
        ("toy-reader", "best-of-k", ["response 1 ✓ correct score 0.25", "response 2 ▸ picked by toy-reader score 0.5"]),
        ("toy-listwise", "best-of-k", ["response 1 ✓ correct", "score 0"]),
    ],
)
def test_answers_are_found_whichever_way_the_model_was_asked(write_task, rows, evaluate, view, model, task, expected):
    write_task("demo/plain", rows(6), kind=task)
    evaluate(model, "demo/plain")
    page = text_of(view().page("/cells/1/samples/0"))
    assert [text for text in expected if text not in page] == []
    assert "not on file" not in page


def test_answers_of_recorded_models_are_found_by_item(write_task, rows, evaluate, view, toys):
    write_task("demo/plain", rows(4))
    recorded = [{"task": "demo/plain", "id": f"item-{i}", "scores": [i + 0.125, i]} for i in range(4)]
    (toys / "scores.jsonl").write_text("".join(json.dumps(row) + "\n" for row in recorded))
    evaluate("mine=recorded:path=scores.jsonl", "demo/plain")
    page = text_of(view().page("/cells/1/samples/2"))
    assert "score 2.125" in page
    assert "not on file" not in page


def test_recorded_verdicts_are_found_by_whose_answer_they_are_on_and_other_judges_are_said(
    toys, write_task, evaluate, view
):
    write_task(
        "demo/duel", [{"id": str(i), "prompt": f"write {i}", "reference": "2.0"} for i in range(3)], kind="toy-duel"
    )
    rows = [
        {"task": "demo/duel", "id": str(i), "p_first": p, "of": of, "text": f"verdict on {of}"}
        for of, p in (("a", 1), ("b", 0))
        for i in range(3)
    ]
    (toys / "verdicts.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    for label, judge in (
        ("a", "recorded:path=verdicts.jsonl"),
        ("b", "recorded:path=verdicts.jsonl"),
        ("c", "toy-judge"),
    ):
        evaluate(f"{label}=toy-writer", "demo/duel", "--role", f"judge={judge}")
    viewer = view()
    for cell, label in ((1, "a"), (2, "b")):
        page = text_of(viewer.page(f"/cells/{cell}/samples/1"))
        assert f"verdict on {label}" in page
        assert "not on file" not in page
    assert "different models as judge" not in text_of(viewer.page("/compare/1/2"))
    assert "demo/duel: different models as judge, so its figures cannot be compared" in text_of(
        viewer.page("/compare/1/3")
    )


def test_later_stages_are_asked_again_for_what_came_of_the_earlier(write_task, evaluate, view):
    rows = [{"id": str(i), "prompt": f"say {i}", "reference": "2.5"} for i in range(5)]
    write_task("demo/duel", rows, kind="toy-duel")
    evaluate("toy-writer", "demo/duel", "--role", "judge=toy-judge")
    page = text_of(view().page("/cells/1/samples/3"))
    assert "stage 1, candidate" in page
    assert "completion (stop) 3.0" in page
    assert "stage 2, judge" in page
    assert "3.0 or 2.5" in page
    assert "not on file" not in page


def test_embeddings_and_log_odds_are_shown(write_task, evaluate, view):
    write_task("demo/same", [{"first": "a", "second": "b", "label": i % 2} for i in range(4)], kind="similarity")
    write_task("demo/texts", [{"text": f"x {i}", "label": i % 2} for i in range(4)], kind="detection")
    evaluate("toy-vectors", "demo/same")
    evaluate("toy-detector", "demo/texts")
    viewer = view()
    assert "shape 8" in text_of(viewer.page("/cells/1/samples/0"))
    page = text_of(viewer.page("/cells/2/samples/3"))
    assert "detect 3" in page
    assert "user x 3" in page
    # An area under a curve has no right and wrong items, but some that worsen it.
    assert "worsens auroc" in text_of(viewer.page("/cells/2/samples"))


def test_two_models_side_by_side_as_harness_compare_gives_them(pairs, evaluate, view):
    pairs()
    evaluate("toy-judge", "demo/pairs")
    evaluate("length", "demo/pairs")
    viewer = view()
    page = viewer.page("/compare/1/2")
    for c in compare("toy-judge", "length", ["demo/pairs"]):
        if c.domain == "overall":
            d = c.difference
            sign = "+" if d.value > 0 else ""
            w = c.win_rate
            rate = f"{figure(w.value)} {figure(w.low)} to {figure(w.high)}"
            winner = {"first": "toy-judge", "second": "length", "neither": "neither"}[c.better]
            gap = f"{sign}{figure(d.value)} {figure(d.low)} to {figure(d.high)}"
            shown = f"{gap} {winner} {d.p_value:.4f} {rate} {d.n}"
            assert shown in text_of(page)
    listed = [int(row) for row in re.findall(r'href="/compare/1/2/(\d+)', page)]
    assert listed
    one = text_of(viewer.page(f"/compare/1/2/{listed[0]}"))
    assert "P(first is better)" in one
    assert "score" in one
    assert viewer.page("/compare/1/2?show=all").count('class="sample"') == 25
    assert viewer.page("/compare/1/2?q=needle&show=all").count('class="sample"') == 1


def test_detectors_side_by_side_show_where_each_ranks_an_item_among_the_negatives(write_task, evaluate, view, project):
    write_task("demo/texts", [{"id": str(i), "text": f"x {i}", "label": i % 2} for i in range(4)], kind="detection")
    for name, scores in (("one", [0, 3, 1, 2]), ("other", [5, 4, 1, 9])):
        answers = [{"task": "demo/texts", "id": str(i), "log_odds": s} for i, s in enumerate(scores)]
        (project / f"{name}.jsonl").write_text("".join(json.dumps(row) + "\n" for row in answers), "utf-8")
        evaluate(f"{name}=recorded:path={name}.jsonl", "demo/texts")
    page = view().page("/compare/1/2")
    shown = re.findall(r'<span class="id"><bdi>(\d)</bdi>.*?</a>', page, flags=re.DOTALL)
    # Item 0 is a negative, lowest by the one and above the other negative by the other; 1 is a positive that the other
    # ranks between the two negatives. Both rank the positive 3 above all, and 2 falls as 0 rises.
    assert shown == ["0", "1", "2"]
    words = text_of(page)
    assert "one above 25 % of 2 negatives" in words
    assert "other above 75 % of 2 negatives" in words
    assert "worsens auroc" not in words
    assert "Sorted by where each ranks an item among the negatives" in words


def test_cells_that_cannot_be_compared_or_are_not_there_say_so(pairs, write_task, rows, evaluate, view):
    pairs()
    write_task("demo/plain", rows(4))
    evaluate("toy-judge", "demo/pairs")
    evaluate("toy-reader", "demo/plain")
    viewer = view()
    for path in ("/compare/1/2", "/cells/99", "/runs/99", "/cells/1/samples/30", "/nothing", f"/cells/{10**30}"):
        answer = viewer.get(path)
        for _ in range(100):
            if "data-poll" not in answer.text:
                break
            answer = viewer.get(path)
        assert answer.status == 404, path
        assert "Nothing to show" in answer.text
    for path in ("/cells?page=-1", "/cells?page=99999999999", "/cells/1/samples?page=x&order=y&show=z&domain=q"):
        assert viewer.get(path).status == 200, path


def test_without_the_data_ids_and_figures_are_shown_and_why(pairs, evaluate, view, toys):
    task = pairs()
    evaluate("toy-judge", "demo/pairs")
    task.with_suffix(".jsonl").unlink()
    page = view().page("/cells/1/samples")
    assert "no such file" in page
    assert "Ids and figures are shown without texts" in page
    assert "item-10" in page
    assert rows_of(page) == list(range(25))


def test_a_damaged_file_of_columns_is_told_until_it_is_written_anew(pairs, evaluate, view, toys):
    pairs()
    evaluate("toy-judge", "demo/pairs")
    (columns,) = (toys / ".harness/store.sqlite.files/columns").iterdir()
    whole = columns.read_bytes()
    viewer = view()
    for damage in (whole[:200], b"", b"not arrays", b"\x93NUMPY" + whole):
        columns.write_bytes(damage)
        page = viewer.page("/cells/1/samples")
        assert f"{columns.name}: damaged: " in page
        assert "evaluate again to write it anew" in page
        assert "pickle" not in page
        answer = viewer.final("/cells/1/samples/0")
        assert answer.status == 404
        assert "damaged" in answer.text
    columns.write_bytes(whole)
    assert rows_of(viewer.page("/cells/1/samples")) == list(range(25))


def test_another_definition_of_the_task_shows_no_texts_of_today(pairs, evaluate, view):
    task = pairs()
    evaluate("toy-judge", "demo/pairs")
    task.write_text(task.read_text() + "version: '2'\n")
    page = view().page("/cells/1/samples")
    assert "definition of the task has changed since" in page
    assert "about the weather" not in page


def test_a_task_that_is_gone_leaves_ids_and_figures(pairs, evaluate, view):
    task = pairs()
    evaluate("toy-judge", "demo/pairs")
    task.unlink()
    page = view().page("/cells/1/samples/10")
    assert "The task is not there" in page
    assert "item-10" in page


def test_data_that_changed_since_are_matched_by_id(write_task, rows, evaluate, view):
    task = write_task("demo/plain", rows(6))
    evaluate("toy-reader", "demo/plain")
    data = task.with_suffix(".jsonl")
    data.write_text("".join(reversed(data.read_text().splitlines(keepends=True))))
    viewer = view()
    viewer.page("/cells/1/samples")
    assert "question 1" in viewer.page("/cells/1/samples/1")
    assert rows_of(viewer.page('/cells/1/samples?q="question+1"')) == [1]


def test_a_cell_of_an_earlier_version_says_what_to_do(pairs, evaluate, view):
    pairs()
    evaluate("toy-judge", "demo/pairs")
    with sqlite3.connect(".harness/store.sqlite") as connection:
        connection.execute("DROP TABLE asked")
        connection.execute("DROP TABLE progress")
    viewer = view()
    assert "filed by an earlier version" in viewer.page("/cells/1/samples")
    assert "item-10" in viewer.page("/cells/1/samples")
    assert viewer.get("/").status == 200


def test_a_failed_cell_shows_its_problem(write_task, rows, harness, view):
    write_task("demo/plain", rows(4))
    assert harness("eval", "-m", "toy-unloadable", "-t", "demo/plain").code == 1
    viewer = view()
    assert "the weights do not fit" in viewer.page("/cells/1")
    assert "has no samples" in viewer.page("/cells/1/samples")


def test_lone_halves_of_characters_do_not_break_a_page(write_task, evaluate, view):
    rows = [{"id": "a", "prompt": "half \ud800 of one", "responses": ["0.5", "0.25"], "correct": [1, 0]}]
    write_task("demo/plain", json.dumps(rows[0]) + "\n")
    evaluate("toy-reader", "demo/plain")
    viewer = view()
    assert "half \\ud800 of one" in viewer.page("/cells/1/samples/0")
    assert "half" in viewer.page("/cells/1/samples?q=half")


def test_data_without_texts_say_so(write_task, evaluate, view, toys):
    rows = [{"id": str(i), "label": "A"} for i in range(3)]
    columns = {"prompt": {"value": "(withheld)"}, "responses": {"withheld": 2}, "correct": {"value": [1, 0]}}
    write_task("demo/plain", rows, columns=columns)
    recorded = [{"task": "demo/plain", "id": str(i), "scores": [2.5, 1.0]} for i in range(3)]
    (toys / "scores.jsonl").write_text("".join(json.dumps(row) + "\n" for row in recorded))
    evaluate("mine=recorded:path=scores.jsonl", "demo/plain")
    page = view().page("/cells/1/samples/1")
    assert "This copy of the data holds no texts." in page
    assert "2.5" in page


def test_answers_through_an_adapter_with_arguments_are_found_and_it_is_named(evaluate, view):
    evaluate("tfidf", "quickstart/detection", "--limit", "5", "--adapter", "embed-to-detect:scale=5")
    viewer = view()
    assert "asked for detect through embed-to-detect:scale=5" in text_of(viewer.page("/cells/1"))
    page = text_of(viewer.page("/cells/1/samples/0"))
    assert "through embed-to-detect:scale=5" in page
    assert "cannot be told" not in page
    assert "failed" not in page


ROUNDS = """
from harness import Stage
from harness.hooks import hookimpl
from harness.kinds.best_of_k import BestOfK


class Often(BestOfK):
    def __init__(self, definition):
        super().__init__(definition)
        self.stages = (Stage(("score",)), Stage(("score",), "judge")) * 20


@hookimpl
def register_tasks(register):
    register("often", "plugin_often:Often", description="asks often")
"""


def test_stages_that_come_in_rounds_are_shown_once(add_plugin, write_task, rows, evaluate, view):
    add_plugin("often", ROUNDS)
    write_task("demo/often", rows(3), kind="often")
    evaluate("length", "demo/often", "--role", "judge=length:sign=-1")
    page = text_of(view().page("/cells/1"))
    assert "candidate, rounds 1-20" in page
    assert "judge, rounds 1-20" in page
    assert page.count("asked for score") == 2


def test_items_without_a_value_of_the_headline_metric_are_failed_in_every_line(pairs, evaluate, view, harness):
    pairs()
    document = evaluate("toy-judge", "demo/pairs")
    overall = next(r for r in document["results"] if (r["metric"], r["domain"]) == ("accuracy", "overall"))
    assert (overall["n"], overall["n_failed"]) == (29, 1)  # the judge was answered for, and could not be read
    shown = harness("eval", "-m", "toy-judge", "-t", "demo/pairs", "--color", "always")
    row = next(line for line in shown.out.splitlines() if line.lstrip().startswith("toy-judge"))
    assert re.sub(r"\x1b\[[0-9;]*m", "", row).split()[-2:] == ["29", "1"]
    assert ", 1 failed, 30 items" in shown.err
    viewer = view()
    assert 'data-label="failed">1<' in viewer.page("/cells")
    page = viewer.page("/cells/1")
    assert "30 items, 1 failed (1 answered, but without a value of accuracy); 60 requests" in text_of(page)
    assert "show=failed" in page
