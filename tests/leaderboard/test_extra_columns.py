"""A column that is declared once, a number or a text, stands in every format and in the site."""

import csv
import io
import json
import math

import pytest

from harness import build_site
from harness.api import build_leaderboard
from harness.leaderboard import extra_columns, render
from harness.leaderboard.board import Column, TextColumn
from harness.leaderboard.extra_columns import EXTRA_COLUMNS, ExtraColumn
from harness.stats import Estimate

SIZE = Column("size: parameters", "parameters", "billions", higher_is_better=False)
LICENCE = TextColumn("licence", "licence of weights")
LICENCES = {"length": "=MIT & <b>co</b>", "random": "7b"}
PARTS = ["parameters (lower is better)", "licence of weights", "0.07"]


@pytest.fixture
def declared(project, harness, monkeypatch):
    """A store with two models, and two more columns, of which one model has no number and a third no text."""

    def sizes(sources):
        assert {cell.label for cell in sources.cells} == {"length", "random", "tfidf"}
        return {"length": Estimate(0.07, math.nan, math.nan, math.nan, 1)}

    more = (
        ExtraColumn(column=SIZE, values=sizes, note="parameters: as declared"),
        ExtraColumn(column=LICENCE, values=lambda sources: LICENCES),
        ExtraColumn(column=TextColumn("nowhere", "empty"), values=lambda sources: {"other": "x"}),
        ExtraColumn(column=TextColumn("unasked", "unasked"), values=lambda _: LICENCES, asked_for=lambda _: False),
    )
    monkeypatch.setattr(extra_columns, "EXTRA_COLUMNS", (*EXTRA_COLUMNS, *more))
    ran = harness("eval", "-m", "length", "-m", "random", "-m", "tfidf", "-t", "quickstart/preferences")
    assert ran.code == 0, ran.err
    return project


def test_a_declared_column_is_there_only_where_a_model_has_a_value(declared):
    board = build_leaderboard("quickstart")
    assert board.columns[-1] == SIZE
    assert board.text_columns == [LICENCE]
    assert "parameters: as declared" in board.notes
    assert {entry.model: entry.texts for entry in board.entries} == {
        "length": {"licence": LICENCES["length"]},
        "random": {"licence": "7b"},
        "tfidf": {},
    }


@pytest.mark.parametrize(
    ("format_", "licence"),
    [
        ("table", "=MIT & <b>co</b>"),
        ("markdown", "=MIT &amp; &lt;b&gt;co&lt;/b&gt;"),
        ("html", "=MIT &amp; &lt;b&gt;co&lt;/b&gt;"),
        ("latex", r"=MIT \& \textless{}b\textgreater{}co\textless{}/b\textgreater{}"),
    ],
)
def test_tables_show_a_number_and_a_text_which_is_never_markup(declared, format_, licence):
    text = render(build_leaderboard("quickstart"), format_)
    assert [part for part in [*PARTS, licence] if part not in text] == []


def test_a_text_stands_at_the_left_and_a_number_at_the_right(declared):
    board = build_leaderboard("quickstart")
    lines = render(board, "table").splitlines()
    [line] = [line for line in lines if "7b" in line]
    [head] = [line for line in lines if "licence of weights" in line]
    assert line[head.index("licence of weights") :].startswith("7b ")
    sides = next(line for line in render(board, "markdown").splitlines() if line.startswith("| ---:"))
    assert sides.split("|")[-4:] == [" ---: ", " --- ", " ---: ", ""]
    assert "rlr}" in render(board, "latex")


def test_programs_find_both_in_csv_and_json(declared):
    board = build_leaderboard("quickstart")
    rows = list(csv.DictReader(io.StringIO(render(board, "csv"))))
    [size] = [row for row in rows if row["column"] == SIZE.key]
    assert (size["model"], size["value"], size["licence"]) == ("length", "0.07", "'" + LICENCES["length"])
    assert {row["licence"] for row in rows if row["model"] == "tfidf"} == {""}
    document = json.loads(render(board, "json"))
    assert document["columns"][-1]["key"] == SIZE.key
    assert document["text_columns"] == [{"key": "licence", "title": "licence of weights"}]
    entries = {entry["model"]: entry for entry in document["entries"]}
    assert entries["length"]["figures"][SIZE.key]["value"] == 0.07
    assert entries["random"]["texts"] == {"licence": "7b"}
    assert entries["tfidf"]["texts"] == {"licence": None}


def test_the_site_shows_both(declared):
    build_site(["quickstart"], declared / "site")
    page = (declared / "site/quickstart/index.html").read_text()
    assert '<td class="text"><bdi>=MIT &amp; &lt;b&gt;co&lt;/b&gt;</bdi></td>' in page
    assert 'data-key="text:licence"' in page
    assert f'data-key="{SIZE.key}"' in page
    assert "0.07" in page


def test_a_board_without_texts_says_nothing_of_them(project, harness):
    assert harness("eval", "-m", "length", "-t", "quickstart/preferences").code == 0
    document = json.loads(render(build_leaderboard("quickstart"), "json"))
    assert "text_columns" not in document
    assert "texts" not in document["entries"][0]
