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
