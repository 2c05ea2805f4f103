"""A model inside another one is asked through the client of the cell that runs, whatever cell asked it before."""

from __future__ import annotations

import sqlite3

OVER = '''
from harness import Model
from harness.hooks import hookimpl


class Over(Model):
    """Answers what its base answers."""

    part_names = ("base",)

    def __init__(self, base: str) -> None:
        self.base = base

    def score(self, requests):
        return self.parts["base"]("score", requests)


@hookimpl
def register_models(register):
    register("over", "plugin_over:Over", offers=("score",))
'''


def test_what_the_parts_of_a_model_are_asked_is_counted_in_every_cell(toys, add_plugin, write_task, rows, harness):
    add_plugin("over", OVER)
    tasks = ("demo/first", "demo/second")
    for number, name in enumerate(tasks):
        write_task(name, rows(4, start=10 * number))
    ran = harness("eval", "-m", "over:base=toy-reader", *(f"--task={name}" for name in tasks), "--json")
    assert ran.code == 0, ran.err
    connection = sqlite3.connect(".harness/store.sqlite")
    counts = connection.execute("SELECT task, requests, computed FROM cells ORDER BY task").fetchall()
    connection.close()
    assert counts == [("demo/first", 8, 16), ("demo/second", 8, 16)]


def test_a_model_over_one_that_answers_by_item_answers_by_item_too(toys, add_plugin, write_task, harness):
    add_plugin("over", OVER)
    rows = [
        {"id": name, "prompt": "same", "responses": ["yes", "no"], "correct": [1, 0], "scores": scores}
        for name, scores in (("a", [1.0, 0.0]), ("b", [0.0, 1.0]))  # the records on one text differ from item to item
    ]
    write_task("demo/same", rows)
    recorded = "".join(f'{{"task": "demo/same", "id": "{row["id"]}", "scores": {row["scores"]}}}\n' for row in rows)
    with open("scores.jsonl", "w") as stream:
        stream.write(recorded)
    for _ in range(2):
        ran = harness("eval", "-m", "over:base=[recorded:path=scores.jsonl]", "-t", "demo/same", "--json")
        assert ran.code == 0, ran.err
        assert ran.document["results"][0]["value"] == 0.5
    checked = harness("check", "over:base=[recorded:path=scores.jsonl]")
    assert checked.code == 0, checked.out
    assert "answers from records" in checked.out


def test_a_model_over_records_can_be_asked_where_the_texts_are_withheld(toys, add_plugin, write_task, harness):
    add_plugin("over", OVER)
    write_task(
        "demo/withheld",
        [{"id": "a", "prompt": "", "correct": [1, 0]}],
        columns={"id": "id", "prompt": "prompt", "responses": {"withheld": 2}, "correct": "correct"},
    )
    with open("scores.jsonl", "w") as stream:
        stream.write('{"task": "demo/withheld", "id": "a", "scores": [1.0, 0.0]}\n')
    more = ("-t", "demo/withheld", "--json")
    assert harness("eval", "-m", "over:base=toy-reader", *more).code != 0
    ran = harness("eval", "-m", "over:base=[recorded:path=scores.jsonl]", *more)
    assert ran.code == 0, ran.err
