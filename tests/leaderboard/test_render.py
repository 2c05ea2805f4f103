import csv
import html.parser
import io
import json

import pytest

from harness.leaderboard import FORMATS, Board, BoardEntry, render
from harness.leaderboard.board import Column
from harness.stats import Estimate

NAN = float("nan")
HOSTILE = [
    "<script>alert(1)</script>",
    '"><img src=x onerror=alert(1)>',
    "a|b|c",
    "[x](javascript:alert(1))",
    "`code` **bold** _it_ ~~no~~ $x$",
    "=cmd|' /C calc'!A0",
    "+1+1",
    "-2+3",
    "@SUM(A1)",
    "\t=1",
    "\n=1",
    "two\nlines",
    "\u202egnp.exe",
    "\x1b[31mred",
    "&lt;not escaped&gt;",
    "{{ 7 * 7 }}",
]


def board(*models):
    accuracy = Estimate(0.6229, 0.026, 0.571, 0.672, 350, 2)
    nats = Estimate(0.51234, NAN, NAN, NAN, 1)
    entries = [BoardEntry(name, {"mean": accuracy, "suite/task:loss": nats}, {}, 3, 1, 1, 2, True) for name in models]
    columns = [Column("mean", "mean", "fraction", True), Column("suite/task:loss", "task loss", "nats", False)]
    return Board("suite", "What it is.", columns, entries, ["a note"])


@pytest.fixture
def plain():
    made = board("first", "second")
    made.entries[1] = BoardEntry("second", {}, {"suite/task": ("embed-to-score", "x")}, 0)
    made.entries[1].missing_tasks, made.tasks = ("suite/more",), ("suite/task", "suite/more")
    return made


def test_the_table_shows_places_intervals_adapters_and_notes(plain):
    assert render(plain, "table") == (
        "suite: What it is.\n"
        "\n"
        "rank     model                  mean  task loss (lower is better)  failed\n"
        "-------  -------  ------------------  ---------------------------  ------\n"
        "1 (1-2)  first    62.29 [57.1, 67.2]                       0.5123       3\n"
        "-- not ranked: 1 of 2 tasks\n"
        "-        second*                   -                            -       0\n"
        "\n"
        "95 % intervals; rank (lowest-highest place that the errors allow)\n"
        "* asked through adapters on at least one task\n"
        "a note\n"
    )


def test_markdown_is_a_table_between_a_heading_and_notes(plain):
    assert render(plain, "markdown") == (
        "## suite\n"
        "\n"
        "What it is.\n"
        "\n"
        "| rank | model | mean | task loss (lower is better) | failed |\n"
        "| ---: | --- | ---: | ---: | ---: |\n"
        "| 1 (1-2) | first | 62.29 \\[57.1, 67.2\\] | 0.5123 | 3 |\n"
        "| | *not ranked: 1 of 2 tasks* | | | |\n"
        "| - | second\\* | - | - | 0 |\n"
        "\n"
        "95 % intervals; rank (lowest-highest place that the errors allow)  \n"
        "\\* asked through adapters on at least one task  \n"
        "a note  \n"
    )


def test_csv_has_a_row_for_each_figure_and_nothing_where_there_is_none(plain):
    assert render(plain, "csv") == (
        "rank,rank_low,rank_high,model,column,value,stderr,low,high,n,n_failed,published,confidence,roles,"
        "missing_tasks,failed_tasks,generated,bound\n"
        "1,1,2,first,mean,0.6229,0.026,0.571,0.672,350,2,,0.95,,,,,\n"
        "1,1,2,first,suite/task:loss,0.51234,,,,1,0,,,,,,,\n"
    )


def test_json_holds_the_estimates_unrounded_and_null_where_there_is_none(plain):
    chance = {"chance": None, "at_chance": False}
    nothing = {"stderr": None, "low": None, "high": None, "confidence": None, **chance}
    mean = {"value": 0.6229, "stderr": 0.026, "low": 0.571, "high": 0.672, "confidence": 0.95, **chance}
    first = {
        "mean": {**mean, "n": 350, "n_failed": 2},
        "suite/task:loss": {"value": 0.51234, **nothing, "n": 1, "n_failed": 0},
    }
    facts = {"missing_tasks": [], "failed_tasks": {}, "ahead_of_best": [], "constant_on": {}}
    here = {"published": False, "source": None, **facts}
    places = {"rank": 1, "rank_low": 1, "rank_high": 2, "tied_with_best": True, "n_failed": 3, **here}
    missing = {"rank": None, "rank_low": None, "rank_high": None, "tied_with_best": False, "n_failed": 0, **here}
    assert json.loads(render(plain, "json")) == {
        "schema": "harness-leaderboard/1",
        "benchmark": "suite",
        "description": "What it is.",
        "confidence": 0.95,
        "items": {},
        "generated": False,
        "verdict": "",
        "columns": [
            {"key": "mean", "title": "mean", "unit": "fraction", "higher_is_better": True},
            {"key": "suite/task:loss", "title": "task loss", "unit": "nats", "higher_is_better": False},
        ],
        "entries": [
            {"model": "first", **places, "adapters": {}, "roles": {}, "figures": first},
            {
                "model": "second",
                **missing,
                "missing_tasks": ["suite/more"],
                "adapters": {"suite/task": ["embed-to-score", "x"]},
                "roles": {},
                "figures": {},
            },
        ],
        "notes": ["a note"],
    }


class Page(html.parser.HTMLParser):
    """The tags of a page, and the texts of its table cells."""

    def __init__(self, text):
        super().__init__()
        self.tags, self.cells, self._open = [], [], False
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        self.tags.append(tag)
        if tag == "td":
            self.cells.append("")
        self._open = tag in {"td", "span", "abbr"}

    def handle_endtag(self, tag):
        self._open = self._open and tag != "td"

    def handle_data(self, data):
        if self._open:
            self.cells[-1] += data


def test_the_page_shows_the_figures_and_marks_the_best(plain):
    text = render(plain, "html")
    assert text.startswith("<!doctype html>")
    assert Page(text).cells[:5] == ["1 (1-2)", "first", "62.2957.10 to 67.20", "0.5123", "3"]
    assert Page(text).cells[5:7] == ["-", "second* 1 of 2 tasks"]
    assert "not ranked: 1 of 2 tasks</th>" in text
    assert text.count('class="best"') == 1
    assert "asked through: suite/task: embed-to-score &gt; x" in text


@pytest.mark.parametrize("name", HOSTILE)
def test_what_a_model_is_called_is_text_on_a_page(name):
    harmless, hostile = (Page(render(board(n), "html")) for n in ("harmless", name))
    assert hostile.tags == harmless.tags
    assert hostile.cells[1] in (name, name.encode("unicode_escape").decode())


@pytest.mark.parametrize("name", HOSTILE)
def test_what_a_model_is_called_stays_in_its_cell_of_markdown(name):
    harmless, hostile = (render(board(n), "markdown").splitlines() for n in ("harmless", name))
    assert len(hostile) == len(harmless)
    row = hostile[6]
    assert row.replace("\\|", "").count("|") == 6
    assert "<" not in row
    cell = row.removeprefix("| 1 (1-2) | ")
    for mark in "*_`[]~$":
        assert cell.split(" | ")[0].count(mark) == cell.split(" | ")[0].count("\\" + mark)


@pytest.mark.parametrize("name", HOSTILE)
def test_what_a_model_is_called_is_no_formula_of_a_spreadsheet(name):
    rows = list(csv.DictReader(io.StringIO(render(board(name), "csv"), newline="")))
    assert len(rows) == 2
    assert rows[0]["model"] in (name, "'" + name)
    assert rows[0]["model"][0] not in "=+-@\t\r\n"


@pytest.mark.parametrize("name", HOSTILE)
def test_json_keeps_the_name_as_it_is(name):
    assert json.loads(render(board(name), "json"))["entries"][0]["model"] == name


@pytest.mark.parametrize("format_", ["table", "markdown", "html"])
def test_nothing_turns_the_direction_of_writing_or_talks_to_the_terminal(format_):
    made = board("\u202egnp.exe", "\x1b[31mred\x07")
    made.notes.append("without rank: \u202egnp.exe")
    text = render(made, format_)
    assert not {"\u202e", "\x1b", "\x07"} & set(text)
    assert "u202e" in text


@pytest.mark.parametrize("format_", FORMATS)
def test_an_empty_board_can_be_shown(format_):
    assert render(Board("suite", "", [], []), format_)
