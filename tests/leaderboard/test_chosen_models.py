"""Who makes a board chooses its models: everything is computed over these, and the board says how many were chosen."""

from __future__ import annotations

import json

import pytest

from harness import build_leaderboard, build_site, evaluate, publish
from harness.errors import HarnessError, UsageError
from harness.leaderboard import render
from harness.store import ModelChoice, StoreReader, latest_cells, models_and_tasks
from harness.store.choosing import ChosenModels, whole_of

AGGREGATES = [
    {"name": "worst", "how": "minimum", "of": ["suite/texts:auroc", "suite/more:auroc"]},
    {"name": "less", "how": "less-field-mean", "of": ["suite/texts:brier"]},
    {"name": "strength", "how": "bradley-terry", "of": ["suite/texts:brier"]},
]
FORMS = {
    "good": lambda i: (1.0 if i % 2 else -1.0) + 0.1 * (i % 7),
    "fair": lambda i: (1.0 if i % 2 else -1.0) + 0.1 * (i % 7) + (3.0 if i % 5 == 0 else 0.0),
    "poor": lambda i: float((i * 7) % 5) - 2,
    "trial": lambda i: float((i * 3) % 4) - 2,
}
PUBLISHED = """source: somebody
figures:
  elsewhere: {"suite/texts:auroc": 0.9}
  other: {"suite/texts:auroc": 0.8}
"""


@pytest.fixture
def registry(suite):
    return suite(aggregates=AGGREGATES)


@pytest.fixture
def store(registry, detector, tmp_path):
    """Four models evaluated on both tasks of `suite`."""
    store = tmp_path / "store.sqlite"
    evaluate([detector(name, form) for name, form in FORMS.items()], ["suite"], store=store, registry=registry)
    return store


@pytest.fixture
def board(registry, store):
    return lambda name="suite", **options: build_leaderboard(name, store=store, registry=registry, **options)


def figures(board):
    return {
        entry.model: (entry.rank, entry.rank_low, entry.rank_high, entry.tied_with_best, entry.figures)
        for entry in board.entries
    }


def test_a_board_of_chosen_models_is_that_of_a_store_that_holds_no_others(board, registry, detector, tmp_path):
    chosen = board(models=["good", "fair", "p*"], exclude=["trial"])
    alone = tmp_path / "alone.sqlite"
    evaluate(
        [detector(name, FORMS[name]) for name in ("good", "fair", "poor")], ["suite"], store=alone, registry=registry
    )
    expected = build_leaderboard("suite", store=alone, registry=registry)
    assert figures(chosen) == figures(expected)
    [told] = [note for note in chosen.notes if note not in expected.notes]
    assert "3 of 4 models with results were chosen for this board, and 1 is left out" in told
    before = {entry.model: entry.figures for entry in board().entries}
    assert before["good"]["less"] != figures(chosen)["good"][4]["less"]


def test_every_format_says_that_models_were_left_out_and_names_none(board):
    chosen = board(exclude=["trial"])
    for format_ in ("table", "markdown", "html", "latex", "json"):
        text = render(chosen, format_)
        assert "3 of 4 models" in text, format_
        assert "trial" not in text, format_
    assert json.loads(render(chosen, "json"))["chosen"] == {"models": 3, "of": 4}
    assert "chosen" not in json.loads(render(board(), "json"))
    whole = board(models=["*"])
    assert json.loads(render(whole, "json"))["chosen"] == {"models": 4, "of": 4}
    assert whole.notes == board().notes


def test_published_rows_are_chosen_and_counted_too(board, tmp_path):
    file = tmp_path / "published.yaml"
    file.write_text(PUBLISHED)
    chosen = board(models=["good", "else*"], published=[file])
    assert {entry.model for entry in chosen.entries} == {"good", "elsewhere"}
    assert tuple(chosen.chosen) == (2, 6)


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"models": ["godo"]}, ["'godo'", "did you mean 'good'", "there are: fair, good, poor, trial"]),
        ({"exclude": ["zz*"]}, ["'zz*'", "there are: fair, good, poor, trial"]),
        ({"models": ["good"], "exclude": ["g*"]}, ["no model is left", "fair"]),
        ({"models": "good"}, ["models", "list"]),
        ({"models": [""]}, ["empty"]),
    ],
)
def test_a_choice_of_nobody_is_refused_with_the_names_there_are(board, options, words):
    with pytest.raises(UsageError) as refused:
        board(**options)
    assert [word for word in words if word not in str(refused.value)] == []


def test_an_option_that_there_is_not_is_refused(board, tmp_path):
    with pytest.raises(TypeError, match="'exclude'"):
        board(exlude=["trial"])
    with pytest.raises(TypeError, match="no option 'texts'"):
        board(texts=True)
    with pytest.raises(TypeError, match="did you mean 'texts'"):
        publish("site", ["suite"], tmp_path / "site", text=True)


def test_a_failed_model_that_is_left_out_leaves_no_trace(board, registry, store, detector):
    evaluate([detector("broken", lambda i: None)], ["suite"], store=store, registry=registry)
    assert "broken" not in render(board(exclude=["broken"]), "json")
    assert tuple(board(exclude=["broken"]).chosen) == (4, 5)


def test_a_view_of_a_store_shows_the_chosen_cells_to_whatever_reads_it(store):
    with StoreReader(store) as whole:
        view = ChosenModels(ChosenModels(whole, ["good", "trial"]), ["good", "poor"])
        assert {cell.label for cell in latest_cells(view, ["suite/texts"])} == {"good"}
        assert models_and_tasks(view) == (["good"], ["suite/more", "suite/texts"])
        assert whole_of(view) is whole


def test_a_label_that_is_written_out_is_no_glob():
    choice = ModelChoice(["bad[1]"])
    assert (choice.takes("bad[1]"), choice.takes("bad1")) == (True, True)
    assert ModelChoice(exclude=["a"]).takes("b")
    assert not ModelChoice()


# benchmarks that are made


def test_a_task_makes_a_benchmark_ranked_by_its_headline(board):
    made = board("suite/texts")
    assert (made.benchmark, made.tasks, made.ranking) == ("suite/texts", ("suite/texts",), "suite/texts:auroc")
    assert [entry.rank for entry in made.entries] == [1, 2, 3, 4]


def test_a_glob_makes_a_benchmark_ranked_by_the_mean_of_headlines(board, registry):
    made = board("suite/*", models=["good", "poor"])
    assert made.tasks == ("suite/texts", "suite/more")
    assert (made.ranking, made.columns[0].title) == ("mean auroc", "mean auroc")
    assert "2 tasks that match" in made.description
    assert {entry.model for entry in made.entries} == {"good", "poor"}
    assert not registry.benchmarks().exists("suite/*")


def test_a_glob_takes_the_tasks_with_results(registry, detector, tmp_path):
    store = tmp_path / "half.sqlite"
    evaluate([detector("good", FORMS["good"])], ["suite/more"], store=store, registry=registry)
    made = build_leaderboard("suite/*", store=store, registry=registry)
    assert (made.tasks, made.entries[0].rank) == (("suite/more",), 1)
    assert "1 of the 2 tasks that match" in made.description.replace("the task that matches", "")


@pytest.mark.parametrize("name", ["suite/txts", "zzz*", "suit"])
def test_what_is_neither_benchmark_nor_task_is_refused(board, name):
    with pytest.raises(HarnessError, match="benchmark or task"):
        board(name)


# what stands above a board

ABOUT = """# Hello

**Bold** <script>alert(1)</script> and <b onclick="x()">tag</b>, `<code>`, <https://ok.org>.

[bad](javascript:alert(1)) [worse](data:text/html,x) [good](https://example.org) ![pixel](https://evil.org/x.png)

| a | b |
|---|---|
| 1 | 2 |

<img src="x" onerror="alert(1)">

```
<kept>
"""


@pytest.fixture
def about(tmp_path):
    file = tmp_path / "about.md"
    file.write_text(ABOUT)
    return file


def test_title_and_introduction_stand_above_the_board(board, about):
    made = board(title="Mine <b>", about=about)
    page = render(made, "html")
    assert "<h1>Mine &lt;b&gt;</h1>" in page
    assert "<h2>Hello</h2>" in page
    assert "<strong>Bold</strong>" in page
    for text in ("<script", "<b ", "<img", 'href="javascript', 'href="data', 'src="http'):
        assert text not in page, text
    assert '<a href="https://evil.org/x.png">pixel</a>' in page
    text = render(made, "markdown")
    assert text.startswith("## Mine &lt;b&gt;\n")
    for tag in ("<script", "<b ", "<img"):
        assert tag not in text
    assert "`<code>`" in text
    assert "<https://ok.org>" in text
    assert text.count("```") == 2  # the one left open is closed, so that the table is no code
    plain = json.loads(render(made, "json"))
    assert (plain["title"], plain["benchmark"]) == ("Mine <b>", "suite")
    assert plain["about"].startswith("# Hello")
    assert "\nMine <b> (suite)\n" in render(made, "table")
    assert "Mine" in render(made, "latex")


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (None, "no such file"),
        (b"", "no text"),
        (b"\xff\xfe\x00", "UTF-8"),
        (b"x" * 200_001, "longer"),
        ("", "no such file"),
    ],
)
def test_an_introduction_that_cannot_be_shown_is_refused(board, tmp_path, content, words):
    file = tmp_path / "bad.md"
    if content == "":
        file.mkdir()
    elif content is not None:
        file.write_bytes(content)
    with pytest.raises(UsageError, match=words):
        board(about=file)


def test_a_site_shows_the_chosen_models_alone(registry, store, about, tmp_path):
    options = {"store": store, "registry": registry, "exclude": ["trial"], "title": "Mine", "about": about}
    build_site(["suite"], tmp_path / "one", **options)
    page = (tmp_path / "one/suite/index.html").read_text()
    assert "<h1><bdi>Mine</bdi></h1>" in page
    assert "<h2>Hello</h2>" in page
    assert "<script>alert" not in page
    assert "chosen among 4" in page
    assert not [file for file in (tmp_path / "one").rglob("*") if file.is_file() and b"trial" in file.read_bytes()]
    build_site(["suite", "suite/*"], tmp_path / "two", **options)
    assert "<h1><bdi>Mine</bdi></h1>" in (tmp_path / "two/index.html").read_text()
    assert "<h1><bdi>suite</bdi></h1>" in (tmp_path / "two/suite/index.html").read_text()
    assert len(list((tmp_path / "two").glob("suite-*/index.html"))) == 1
