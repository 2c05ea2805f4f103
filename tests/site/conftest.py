"""A small store with everything a site shows, the site made of it, and a browser to look at it."""

from __future__ import annotations

import json
import urllib.parse
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pytest
import sqlalchemy as sa
from harness_plugins.site.content import Content, gather
from harness_plugins.site.measured import Measured, measure

from harness import build_site, evaluate
from harness.metric import Columns
from harness.names.registry import Registry
from harness.pictures import Picture, Series
from harness.store import Store
from harness.store import schema as s

MODELS = ["good", "better", "poor", "patchy", "judge"]
ITEMS = 60


class Lab(NamedTuple):
    """Where everything lies."""

    folder: Path
    registry: Registry
    store: Path

    @property
    def options(self) -> tuple[str, ...]:
        """Of every command."""
        return ("--store", str(self.store), "--registry", str(self.folder / "registry.yaml"))

    def only(self, folder: Path, *labels: str) -> Lab:
        """A copy of the store without the other models."""
        copy = folder / "store.sqlite"
        copy.write_bytes(self.store.read_bytes())
        (folder / "store.sqlite.files").symlink_to(self.store.with_name("store.sqlite.files"))
        with Store(copy) as store, store.transaction() as connection:
            others = sa.select(s.cells.c.id).where(s.cells.c.label.not_in(labels))
            for table in (s.estimates, s.chance_levels, s.failures, s.reuse, s.remarks, s.asked):
                connection.execute(sa.delete(table).where(table.c.cell.in_(others)))
            connection.execute(sa.delete(s.cells).where(s.cells.c.label.not_in(labels)))
        return self._replace(store=copy)

    def build(self, folder: Path, *benchmarks: str, **options: Any) -> Path:
        """Write a site."""
        build_site(benchmarks or ("lab",), folder, store=self.store, registry=self.registry, **options)
        return folder


def write(path: Path, rows: list[dict[str, Any]]) -> str:
    """JSONL."""
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    return str(path)


def make_lab(folder: Path, *, hostile: str = "") -> Lab:
    """Three tasks, five recorded models: one fails on some items, one lacks a task, one is asked through an adapter.

    Args:
        folder: Where.
        hostile: Put behind every text that a model or data set can write, and before every name of a model.
    """
    rng = np.random.default_rng(0)
    texts = [{"id": f"t{i}{hostile}", "text": f"text {i}{hostile}", "label": i % 2} for i in range(ITEMS)]
    pairs = [
        {
            "id": f"p{i}{hostile}",
            "prompt": f"question {i}{hostile}",
            "chosen": f"right {i}{hostile}",
            "rejected": f"wrong {i}{hostile}",
            "kind": f"easy{hostile}" if i < ITEMS // 2 else f"hard{hostile}",
            "topic": f"topic {i // 2}",
        }
        for i in range(ITEMS)
    ]
    choices = [
        {
            "id": f"c{i}",
            "prompt": f"p{i}",
            "responses": ["a", "b", "c", "d"],
            "correct": [1, 0, 0, i % 2],
            "kind": "one",
        }
        for i in range(ITEMS)
    ]
    tasks = {
        "lab/texts": {"kind": "detection", "data": {"test": {"file": write(folder / "texts.jsonl", texts)}}},
        "lab/pairs": {
            "kind": "preference",
            "data": {"test": {"file": write(folder / "pairs.jsonl", pairs)}},
            "slices": ["kind"],
            "cluster": "topic",
            "metrics": ["accuracy", "tie_rate"],
        },
        "lab/choices": {"kind": "best-of-k", "data": {"test": {"file": write(folder / "choices.jsonl", choices)}}},
    }
    for task in tasks.values():
        task["description"] = f"What it is.{hostile}"
    benchmark = {
        "description": f"Three tasks.{hostile}",
        "tasks": list(tasks),
        "metrics": {"lab/pairs": ["accuracy", "tie_rate"]},
        "aggregates": [{"name": f"mean{hostile}", "of": ["lab/texts:auroc", "lab/pairs:accuracy"]}],
    }
    published: dict[str, Any] = {"source": f"Them, table 1{hostile}", "note": f"A note.{hostile}"}
    figures = {"lab/pairs:accuracy": 0.5, "lab/texts:auroc": 0.6, "lab/pairs:accuracy:easy": 0.4}
    published["figures"] = {f"theirs{hostile}": {"lab/pairs:accuracy": 0.71}, f"good{hostile}": figures}
    (folder / "published.yaml").write_text(json.dumps(published), encoding="utf-8")
    benchmark["published"] = ["published.yaml"]
    document = {"tasks": tasks, "benchmarks": {"lab": benchmark, "alone": {"tasks": ["lab/choices"]}}}
    file = folder / "registry.yaml"
    file.write_text(json.dumps(document), encoding="utf-8")
    lab = Lab(folder, Registry(extra=file), folder / "store.sqlite")
    made = {name: _model(folder, rng, name, hostile) for name in MODELS}
    judge = made.pop("judge")
    options = {"store": lab.store, "registry": lab.registry}
    evaluate(list(made.values()), ["lab/texts", "lab/pairs", "lab/choices"], **options)
    evaluate([judge], ["lab/pairs"], **options)
    with Store(lab.store) as store, store.transaction() as connection:
        adapted = sa.update(s.cells).where(s.cells.c.label == "judge")
        connection.execute(adapted.values(adapters=json.dumps([f"score-to-compare{hostile}"])))
        if hostile:
            connection.execute(sa.update(s.cells).values(label=f"{hostile} ".lstrip() + s.cells.c.label))
            connection.execute(sa.update(s.failures).values(reason=f"it broke{hostile}"))
    return lab


def _model(folder: Path, rng: np.random.Generator, name: str, hostile: str) -> str:
    skill = {"good": 1.0, "better": 1.5, "poor": 0.1, "patchy": 0.8, "judge": 0.6}[name]
    rows: list[dict[str, Any]] = []
    for i in range(ITEMS):
        failed = name == "patchy" and i % 7 == 0
        score = skill * (2 * (i % 2) - 1) + rng.standard_normal()
        gap = float(np.round(skill * 0.5 + rng.standard_normal(), 1))
        four = [float(v) for v in np.round(rng.standard_normal(4) + np.array([skill, 0, 0, skill * (i % 2)]), 1)]
        if name != "judge":
            rows.append({"task": "lab/texts", "id": f"t{i}{hostile}", "log_odds": None if failed else float(score)})
            rows.append({"task": "lab/choices", "id": f"c{i}", "scores": [None] * 4 if failed else four})
        rows.append({"task": "lab/pairs", "id": f"p{i}{hostile}", "scores": [None] * 2 if failed else [gap, 0.0]})
    return f"{name}=recorded:path={write(folder / f'{name}.jsonl', rows)}"


@pytest.fixture(scope="session")
def new_lab() -> Callable[..., Lab]:
    """Makes further stores."""
    return make_lab


@pytest.fixture(scope="session")
def lab(tmp_path_factory: pytest.TempPathFactory) -> Lab:
    """The store; treat it as read-only."""
    return make_lab(tmp_path_factory.mktemp("lab"))


@pytest.fixture(scope="session")
def site(lab: Lab, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The site of both benchmarks; treat it as read-only."""
    return lab.build(tmp_path_factory.mktemp("site"), "lab", "alone", texts=True)


@pytest.fixture(scope="session")
def new_site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The site of a task with 22 domains of ten items and three of one; treat it as read-only."""
    folder = tmp_path_factory.mktemp("few")
    names = [f"common {i // 10:02d}" for i in range(220)] + [f"rare {i}" for i in range(3)]
    rows = [{"id": str(i), "prompt": "?", "chosen": "a", "rejected": "b", "kind": name} for i, name in enumerate(names)]
    data = {"test": {"file": write(folder / "pairs.jsonl", rows)}}
    task = {"kind": "preference", "data": data, "slices": ["kind"], "metrics": ["accuracy"]}
    document = {"tasks": {"few/pairs": task}, "benchmarks": {"few": {"tasks": ["few/pairs"]}}}
    (folder / "registry.yaml").write_text(json.dumps(document), encoding="utf-8")
    options = {"store": folder / "store.sqlite", "registry": Registry(extra=folder / "registry.yaml")}
    # The first model fails on all but the last three items, so that the fields of a matrix rest on three.
    for name, right, answered in (("few", 1, range(220, 223)), ("steady", 1, range(223)), ("poor", -1, range(223))):
        scores = [{"task": "few/pairs", "id": str(i), "scores": [right * (i % 5 - 1), 0]} for i in answered]
        lacking = [{"task": "few/pairs", "id": str(i), "scores": [None] * 2} for i in range(223) if i not in answered]
        evaluate(
            [f"{name}=recorded:path={write(folder / f'{name}.jsonl', scores + lacking)}"], ["few/pairs"], **options
        )
    build_site(["few"], folder / "site", **options)
    return folder / "site"


@pytest.fixture(scope="session")
def whole(lab: Lab, tmp_path_factory: pytest.TempPathFactory) -> Lab:
    """The store without the model that failed on some items."""
    return lab.only(tmp_path_factory.mktemp("whole"), "good", "better", "poor", "judge")


@pytest.fixture
def visit(browser: Any) -> Iterator[Callable[..., Any]]:
    """Open a page: ``visit(file, "#state")``; whatever it complains of fails the test."""
    pages, complaints = [], []

    def open_(file: Path, state: str = "", *, width: int = 1280) -> Any:
        page = browser.new_page()
        pages.append(page)
        page.set_viewport_size({"width": width, "height": 900})
        page.on("console", lambda message: complaints.append(f"{file.name}: {message.type}: {message.text}"))
        page.on("pageerror", lambda error: complaints.append(f"{file.name}: {error}"))
        page.on("requestfailed", lambda request: complaints.append(f"{file.name}: cannot load {request.url}"))
        page.on("dialog", lambda dialog: (complaints.append(f"{file.name}: dialog"), dialog.dismiss()))
        page.goto(file.as_uri() + state)
        return page

    yield open_
    for page in pages:
        page.evaluate("try { localStorage.clear() } catch {}")
        page.close()
    assert complaints == []


@pytest.fixture(scope="session")
def made(lab: Lab) -> tuple[Content, Measured]:
    """The content of the benchmark, and what was measured of it; treat both as read-only."""
    with Store(lab.store) as store:
        content = gather(lab.registry, store, "lab")
        return content, measure(lab.registry, store, content, texts=False)


@pytest.fixture
def board(visit: Callable[..., Any], site: Path) -> Any:
    """The page of the table."""
    return visit(site / "lab" / "index.html")


def state(page: Any) -> dict[str, list[str]]:
    """What the address of a page says behind its #."""
    return urllib.parse.parse_qs(urllib.parse.urlsplit(page.evaluate("location.href")).fragment)


class Drawn:
    """A metric that draws one line of each model, and what it is held against."""

    name = "drawn"

    def valid(self, columns: Columns) -> Any:
        """All."""
        return np.ones(len(columns), dtype=bool)

    def pictures(self, columns: Columns) -> list[Any]:
        """One."""
        x = list(range(len(columns)))
        line = Series([0, 1], [0, 1], name="chance", reference=True)
        return [Picture("one", "x", "y", [Series(x, columns.values["y"].tolist()), line])]
