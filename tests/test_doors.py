"""One question asked at every door has one answer: figures, intervals, levels, ranks, counts and columns are the same.

The doors: the table, Markdown, CSV, JSON, HTML, LaTeX, a model card, the site, the viewer and Python. Asked for:
tasks of files, tasks of a source, the stores of two machines, the leaderboards of a run file, and intervals of another
level.
"""

from __future__ import annotations

import csv
import html
import io
import json
import re
from pathlib import Path
from typing import NamedTuple

import pytest
import yaml
from harness_plugins.evasion.disguises import HOW

from harness import build_leaderboard
from harness.leaderboard import Board
from harness.leaderboard.outputs import FORMATS
from harness.leaderboard.rendering import rank_text
from harness.names.registry import Registry
from harness.results.numbers import figure, interval, percent

PATCHY = "patchy=recorded:path=patchy.jsonl"
"""Answers from records that lack every seventh item."""
MODELS = ("prompt-length", "random", PATCHY)
DISGUISES = [f"evasion:demo/doors:how={how}" for how in HOW]
ROWS = [
    {"id": str(i), "text": "words " * (1 + (i * 7) % 13) + f"number {i}", "label": int(i % 3 > 0), "kind": "ab"[i % 2]}
    for i in range(40)
]
BENCHMARK = {
    "tasks": ["demo/doors", "demo/more"],
    "metrics": {"demo/doors": ["auroc", "brier"], "demo/more": ["auroc"]},
    "aggregates": [
        {"name": "mean", "of": ["demo/doors:auroc", "demo/more:auroc"]},
        {"name": "worst", "how": "minimum", "of": ["demo/doors:auroc:a", "demo/doors:auroc:b"]},
    ],
}


class World(NamedTuple):
    """A question, and its answers that are files."""

    board: Board
    """Python's answer."""
    written: dict[str, str]
    """By format."""
    site: Path
    stores: list[str]

    def figures(self):
        """(model, column, estimate)."""
        return [(e.model, c, e.figures[c.key]) for e in self.board.entries for c in self.board.columns]


@pytest.fixture
def demo(write_task, project):
    """Two tasks of detection, and a benchmark of them with two aggregates."""
    for name, rows in (("demo/doors", ROWS), ("demo/more", ROWS[:25])):
        write_task(name, rows, kind="detection", slices=["kind"], metrics=["auroc", "brier", "average_precision"])
    registry = {"task_folders": ["tasks"], "benchmarks": {"demo": BENCHMARK}}
    (project / "registry.yaml").write_text(yaml.safe_dump(registry))
    counts = {"demo/doors": 40, "demo/more": 25, **dict.fromkeys(DISGUISES, 40)}
    answers = [
        {"task": task, "id": str(i), "log_odds": (i * 13) % 17 - 8}
        for task, count in counts.items()
        for i in range(count)
        if i % 7
    ]
    (project / "patchy.jsonl").write_text("".join(json.dumps(row) + "\n" for row in answers))
    return project


def evaluated(harness, benchmark, *more, models=MODELS, store="one.sqlite"):
    """Evaluate models; returns the name of the store."""
    listed = [part for model in models for part in ("-m", model)]
    assert harness("eval", *listed, "-t", benchmark, "--store", store, *more).code == 0
    return store


def asked(harness, project, benchmark, stores):
    """Ask every command and Python."""
    options = ["--store", stores[0], *(part for other in stores[1:] for part in ("--merge", other))]
    written = {}
    for format_ in FORMATS:
        ran = harness("leaderboard", benchmark, "--format", format_, *options)
        assert ran.code == 0, ran.err
        written[format_] = ran.out
    ran = harness("leaderboard", benchmark, "-o", "site/", *options)
    assert ran.code == 0, ran.err
    board = build_leaderboard(benchmark, store=stores[0], merge=stores[1:], registry=Registry())
    return World(board, written, one_folder(project / "site"), stores)


def one_folder(site):
    """The folder of a site's only benchmark."""
    (found,) = site.glob("*/leaderboard.json")
    return found.parent


@pytest.fixture(params=["tasks of files", "tasks of a source", "two stores", "a run file", "a level", "two levels"])
def world(request, demo, harness):
    """The question, as it may be asked."""
    kind, source = request.param, "evasion:demo/doors"
    if kind == "tasks of files":
        return asked(harness, demo, "demo", [evaluated(harness, "demo")])
    if kind == "tasks of a source":
        return asked(harness, demo, source, [evaluated(harness, source)])
    if kind == "two stores":
        stores = [evaluated(harness, source, models=m, store=f"{m[0]}.sqlite") for m in (MODELS[:1], MODELS[1:])]
        return asked(harness, demo, source, stores)
    if kind == "a level":
        return asked(harness, demo, "demo", [evaluated(harness, "demo", "--confidence", "0.5")])
    if kind == "two levels":
        evaluated(harness, "demo", "--confidence", "0.5", models=MODELS[:1])
        return asked(harness, demo, "demo", [evaluated(harness, "demo", models=MODELS[1:])])
    boards = [{"benchmark": "demo", "output": f"out/{f}.out", "format": f} for f in FORMATS]
    boards.append({"benchmark": "demo", "output": "out/site/"})
    file = {"models": list(MODELS), "tasks": ["demo"], "store": "run.sqlite", "confidence": 0.5, "leaderboards": boards}
    (demo / "study.yaml").write_text(yaml.safe_dump(file))
    ran = harness("run", "study.yaml")
    assert ran.code == 0, ran.err
    written = {f: (demo / "out" / f"{f}.out").read_text() for f in FORMATS}
    board = build_leaderboard("demo", store="run.sqlite", registry=Registry())
    return World(board, written, one_folder(demo / "out" / "site"), ["run.sqlite"])


def test_every_door_gives_the_same_answer(world):
    assert {e.model: e.n_failed > 0 for e in world.board.entries} == {
        "prompt-length": False,
        "random": False,
        "patchy": True,
    }
    assert all(e.confidence == world.board.confidence for _, _, e in world.figures())
    for check in (tables, machine_formats, page, model_card, site, viewer):
        check(world)


def expected_rows(world):
    """A row of text for every entry: rank, model, figures, failed."""
    level = world.board.confidence
    return [
        [
            rank_text(entry),
            entry.model,
            *(interval(entry.figures[c.key], c.unit, level) for c in world.board.columns),
            str(entry.n_failed),
        ]
        for entry in world.board.entries
    ]


def heads(world):
    lower = {True: "", False: " (lower is better)"}
    return ["rank", "model", *(c.title + lower[c.higher_is_better] for c in world.board.columns), "failed"]


def tables(world):
    """The formats whose rows are lines."""
    rows = [heads(world), *expected_rows(world)]
    lines = [re.split(r"\s{2,}", line.strip()) for line in world.written["table"].splitlines()]
    start = next(i for i, line in enumerate(lines) if line[0] == "rank")
    assert [lines[start], *lines[start + 2 : start + 1 + len(rows)]] == rows
    said = f"{percent(world.board.confidence)} intervals"
    lines = [line for line in world.written["markdown"].splitlines() if line.startswith("|") and "---" not in line]
    assert [[cell.strip().replace("\\", "") for cell in line.strip("|").split(" | ")] for line in lines] == rows
    body = world.written["latex"].replace("\\_", "_")
    body = body[body.index(r"\toprule") : body.index(r"\bottomrule")]
    lines = [line.removesuffix(r"\\").strip() for line in body.splitlines() if " & " in line]
    assert [[cell.strip() for cell in line.split(" & ")] for line in lines] == rows
    for format_ in ("table", "markdown", "latex", "html"):
        assert said in world.written[format_].replace("\\%", "%"), format_


def machine_formats(world):
    """CSV and JSON, with every digit."""
    document = json.loads(world.written["json"])
    assert document["confidence"] == world.board.confidence
    assert [c["key"] for c in document["columns"]] == [c.key for c in world.board.columns]
    rows = {(r["model"], r["column"]): r for r in csv.DictReader(io.StringIO(world.written["csv"]))}
    assert len(rows) == len(world.figures())
    entries = {e["model"]: e for e in document["entries"]}
    for entry in world.board.entries:
        found = entries[entry.model]
        places = (entry.rank, entry.rank_low, entry.rank_high)
        assert (found["rank"], found["rank_low"], found["rank_high"]) == places
        assert (found["n_failed"], found["tied_with_best"]) == (entry.n_failed, entry.tied_with_best)
        for key, e in entry.figures.items():
            numbers = {name: getattr(e, name) for name in ("value", "stderr", "low", "high", "confidence")}
            chance = {"chance": e.chance, "at_chance": e.at_chance}
            assert found["figures"][key] == {**numbers, "n": e.n, "n_failed": e.n_failed, **chance}
            row = rows[entry.model, key]
            assert {name: float(row[name]) for name in numbers} == numbers
            assert (int(row["n"]), int(row["n_failed"])) == (e.n, e.n_failed)
            assert tuple(int(row[name]) for name in ("rank", "rank_low", "rank_high")) == places


def cells_of(text, tag="tr"):
    """The texts of the cells of every row of a page's tables."""
    rows = re.split(rf"<{tag}\b[^>]*>", text)[1:]
    found = []
    for row in rows:
        cells = re.split(r"<t[dh]\b[^>]*>", row.split("</table>")[0])[1:]
        found.append([" ".join(html.unescape(re.sub(r"<[^>]+>", "", cell)).split()) for cell in cells])
    return found


def page(world):
    """The page of one file, whose intervals have a digit more."""
    head, *rows = cells_of(world.written["html"])
    assert head == heads(world)
    for row, entry in zip(rows, world.board.entries, strict=True):
        figures = [entry.figures[c.key] for c in world.board.columns]
        shown = [
            f"{figure(e.value, c.unit)}{figure(e.low, c.unit)} to {figure(e.high, c.unit)}"
            for e, c in zip(figures, world.board.columns, strict=True)
        ]
        # Beside a figure stands whether it can be told from chance.
        told = [re.sub(r" (at|worse than) chance$", "", cell) for cell in row]
        assert told == [rank_text(entry), entry.model, *shown, str(entry.n_failed)]


def model_card(world):
    """What goes on a model's own page elsewhere."""
    cards = yaml.safe_load(world.written["model-card"])["model-index"]
    metrics = {card["name"]: [result["metrics"][0] for result in card["results"]] for card in cards}
    found = {(model, m["name"].rpartition(" [")[0]): m for model, own in metrics.items() for m in own}
    for model, column, e in world.figures():
        card = found[model, column.title]
        args = {"unit": column.unit, "n": e.n, "n_failed": e.n_failed}
        args[f"interval_{100 * world.board.confidence:g}"] = [e.low, e.high]
        assert (card["value"], card["args"]) == (e.value, args)


def site(world):
    """The site's table, its JSON, and the pages of models and tasks."""
    assert json.loads((world.site / "leaderboard.json").read_text()) == json.loads(world.written["json"])
    level = percent(world.board.confidence)
    text = (world.site / "index.html").read_text()
    assert f"their {level} intervals" in text
    assert f"{level} intervals" in text.partition("<footer>")[2]
    rows = [
        row for row in cells_of(text) if len(row) > 3 and row[2].startswith(tuple(e.model for e in world.board.entries))
    ]
    for row, entry in zip(rows, world.board.entries, strict=True):
        places = "" if entry.rank_low == entry.rank_high else f"{entry.rank_low}–{entry.rank_high}"
        figures = [interval(entry.figures[c.key], c.unit).replace(" [", "[") for c in world.board.columns]
        assert row[1:2] + row[3:-1] == [f"{entry.rank}{places}", *figures]
        assert row[2].startswith(entry.model)
        assert row[-1] == str(entry.n_failed)
    for entry in world.board.entries:
        head, *rows = cells_of((world.site / "models" / f"{entry.model}.html").read_text())
        assert head[2] == f"{level} interval"
        # Tables of domains and costs follow, whose rows may have the same name.
        found = {row[0].removesuffix(" lower is better"): row for row in reversed(rows) if len(row) > 5}
        for column in world.board.columns:
            e = entry.figures[column.key]
            value, _, ends = interval(e, column.unit).partition(" ")
            assert found[column.title][1:3] == [value, ends]
            assert found[column.title][5] == str(e.n)
            assert int((found[column.title][6:] or ["0"])[0]) == e.n_failed


def viewer(world):
    """The pages of the cells, each of which has the level that it was evaluated at."""
    from harness_plugins.view.app import make_app
    from starlette.testclient import TestClient

    from harness.store.reading import StoreReader

    seen = set()
    for name in world.stores:
        with StoreReader(Path(name)) as store:
            application, samples = make_app(Registry(), store, host="127.0.0.1", token="", cache=Path("cache"))
            client = TestClient(application, base_url="http://127.0.0.1")
            listed = client.get("/cells").text
            for number in dict.fromkeys(re.findall(r'href="/cells/(\d+)"', listed)):
                seen |= of_one_cell(world, client.get(f"/cells/{number}").text)
            samples.close()
    assert seen == {(model, c.key) for model, c, _ in world.figures() if ":" in c.key}


def of_one_cell(world, text):
    """The (model, column) that the page of a cell shows with the board's figures, at its own level."""
    title = html.unescape(re.sub(r"<[^>]+>", "", re.search(r"<h1>(.*?)</h1>", text, re.S)[1])).split()
    model, task = title[0], title[2]
    entry = next(e for e in world.board.entries if e.model == model)
    seen = set()
    for section in text.split("<h2>")[1:]:
        if "<table" not in section:
            continue
        head, *rows = cells_of(section)
        # The headline stands alone, by domain; the others stand together, one row a metric.
        headline = re.match(r"[\w@:=.,]+", section)[0]
        for row in rows:
            metric = headline if row[0] == "overall" else row[0].split()[0]
            column = next((c for c in world.board.columns if c.key == f"{task}:{metric}"), None)
            if column is None or column.key in {key for _, key in seen}:
                continue
            e = entry.figures[column.key]
            assert [row[1], *row[3:5]] == [figure(e.value, column.unit), str(e.n), str(e.n_failed)]
            if head[2] == f"{percent(world.board.confidence)} interval":
                told = re.sub(r" (at|worse than) chance$", "", row[2])
                assert told == f"{figure(e.low, column.unit)} to {figure(e.high, column.unit)}"
            seen.add((model, column.key))
    return seen
