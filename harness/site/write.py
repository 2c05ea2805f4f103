"""Writes a site: an index, and a folder a benchmark with its table, models, tasks and comparisons."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from harness.errors import UsageError
from harness.files import alone, remove_leftovers, write_atomically
from harness.leaderboard.render import as_json, rank_text
from harness.names.registry import Registry
from harness.results.comparison import CONFIDENCE
from harness.running.environment import versions
from harness.site.content import Content, gather
from harness.site.data_files import comparison_files, hidden_columns
from harness.site.frames import MOST_MODELS
from harness.site.measured import Measured, measure
from harness.site.pages import data_script, render_page
from harness.site.provenance import Provenance, Provenances
from harness.site.standing import standings, strengths, weaknesses
from harness.store.reading import Readable
from harness.store.records import now

MANIFEST = "harness-site.json"
LOCK = ".writing.lock"
ASSETS = (
    *("site.css", "theme.js", "common.js", "bars.js", "table.js", "student.js", "pairs.js", "compare.js"),
    *("drawn.js", "plots.js", "matrices.js"),
)
PLOTLY = "plotly.min.js"


@dataclass(slots=True)
class Site:
    """Files of a site, collected before any is written."""

    files: dict[str, str | bytes] = field(default_factory=dict)
    """By path below the site's folder."""
    plots: bool = False
    """Whether any page draws with the plotting library."""

    def add(self, path: str, content: str | bytes) -> None:
        """Add a file."""
        self.files[path] = content


def write_site(
    registry: Registry,
    store: Readable | None,
    names: Sequence[str],
    folder: Path,
    *,
    published: Sequence[Path] = (),
    confidence: float | None = None,
    texts: bool = False,
    outcome: Path | None = None,
    model_column: str | None = None,
    value_column: str | None = None,
    parts: Sequence[Readable] = (),
    say: Callable[[str], None] = lambda text: None,
) -> int:
    """Write the site of some benchmarks; files of an earlier build that are no longer part of it are removed.

    Args:
        registry: Where benchmarks are looked up.
        store: Holds the results; None where all are published.
        names: The benchmarks.
        folder: Made where it does not exist.
        published: Further files of published results.
        confidence: Nominal coverage of all intervals; None: for each benchmark, that of most of its cells.
        texts: True to put the beginnings of the items' texts beside the items on which models disagree.
        outcome: A table of one outcome a model, as `harness correlate` reads it: with it, each benchmark has a page of
            what goes with that outcome.
        model_column: Column of that table that names the model.
        value_column: Column of the outcome.
        parts: The stores whose newest cells the store holds, where it holds those of several: they know what it took to
            compute the answers, and where a page names a command it is said.
        say: Told what was left out.

    Returns:
        The number of files.

    Raises:
        UsageError: a benchmark has no result, or the folder is not a site's, or cannot be written.
    """
    earlier_files(folder)  # refuses the folder of somebody else, before the work
    contents = [
        gather(registry, store, name, published=published, confidence=confidence, parts=parts)
        for name in dict.fromkeys(names)
    ]
    empty = [content.board.benchmark for content in contents if not content.rows]
    if empty:
        raise UsageError(
            f"the store holds no result of {', '.join(empty)}; make some with: harness eval -m MODEL -t {empty[0]}"
        )
    site = Site()
    asked = {"published": published, "model_column": model_column, "value_column": value_column}
    made = {"date": now()[:10], "version": versions().get("harness-eval", ""), "merged": "yes" if parts else ""}
    for content in contents:
        measured = measure(registry, store, content, texts=texts)
        for note in measured.notes:
            say(f"{content.board.benchmark}: {note}")
        page = "" if outcome is None else _correlations(registry, store, content, outcome, asked, made, say)
        if outcome is not None and page:
            site.add(f"{content.slug}/correlations.html", page)
        heading = outcome.stem if outcome is not None and page else ""
        _add_benchmark(site, registry, store, parts, content, measured, {**made, "outcome": heading})
    index = render_page("index.html", root="", contents=contents, made=made, title="Leaderboards", rank_text=rank_text)
    site.add("index.html", index)
    _add_assets(site)
    _write(site, folder)
    return len(site.files)


def _correlations(
    registry: Registry,
    store: Readable | None,
    content: Content,
    outcome: Path,
    asked: Mapping[str, Any],
    made: Mapping[str, str],
    say: Callable[[str], None],
) -> str:
    """The page of what goes with an outcome; empty where too few models have both.

    Raises:
        DataError: the file cannot be read.
    """
    from markupsafe import Markup

    from harness.outcomes import Question, answer
    from harness.outcomes.render import as_html

    name = content.board.benchmark
    try:
        report = answer(registry, store, Question(name, outcome, **asked))
    except UsageError as error:
        say(f"{name}: without correlations: {error}")
        return ""
    body = Markup(as_html(report, template="body.html"))  # whose own template has escaped every text
    shown = {"outcome": report.outcome, "models": len(report.values), "body": body, "content": content, "made": made}
    return render_page("correlations.html", root="../", title=f"{name} against {report.outcome}", **shown)


def _add_benchmark(
    site: Site,
    registry: Registry,
    store: Readable | None,
    parts: Sequence[Readable],
    content: Content,
    measured: Measured,
    made: Mapping[str, str],
) -> None:
    shared = {"content": content, "measured": measured, "made": made, "rank_text": rank_text}
    base = content.slug
    plain = json.dumps(as_json(content.board), separators=(",", ":"))  # indented, it would double
    site.add(f"{base}/leaderboard.json", plain + "\n")
    site.add(f"{base}/columns.js", data_script("columns", hidden_columns(content)))
    site.add(f"{base}/index.html", render_page("board.html", root="../", title=content.board.benchmark, **shared))
    site.add(
        f"{base}/compare.html",
        render_page("compare.html", root="../", title="Compare", confidence=CONFIDENCE, **shared),
    )
    _add_models(site, registry, store, parts, content, shared)
    _add_tasks(site, content, measured, shared)
    for name, document in comparison_files(content, measured):
        site.add(f"{base}/compare/{name}.js", data_script(name, document))


def _add_models(
    site: Site,
    registry: Registry,
    store: Readable | None,
    parts: Sequence[Readable],
    content: Content,
    shared: Mapping[str, Any],
) -> None:
    cells = [cell for row in content.rows for cell in row.cells]
    origins = Provenances(registry, store, cells, parts) if store is not None else None
    for row in content.rows:
        found = standings(content, row)
        own = Provenance() if origins is None else origins.of(row.entry.model, row.cells, content.board.benchmark)
        page = render_page(
            "model.html",
            root="../../",
            title=row.entry.model,
            row=row,
            standings=found,
            strengths=strengths(found),
            weaknesses=weaknesses(found),
            provenance=own,
            **shared,
        )
        site.add(f"{content.slug}/models/{row.slug}.html", page)


def _add_tasks(site: Site, content: Content, measured: Measured, shared: Mapping[str, Any]) -> None:
    for task in measured.tasks:
        page = render_page("task.html", root="../../", title=task.name, task=task, most_drawn=MOST_MODELS, **shared)
        site.add(f"{content.slug}/tasks/{task.slug}.html", page)
        site.plots |= bool(task.frames)
        if task.frames or task.matrices:
            labels = {row.slug: row.entry.model for row in content.evaluated if row.slug in task.drawn}
            document = {"frames": task.frames, "matrices": task.matrices, "labels": labels, "order": list(labels)}
            site.add(f"{content.slug}/tasks/{task.slug}-pictures.js", data_script("pictures", document))


def _add_assets(site: Site) -> None:
    from importlib.resources import files

    for name in ASSETS:
        site.add(f"assets/{name}", files("harness.site").joinpath("assets", name).read_bytes())
    if site.plots:
        site.add(f"assets/{PLOTLY}", _plotly())
    site.add(".nojekyll", "")


def _plotly() -> bytes:
    """The plotting library, as the package plotly ships it, without importing that.

    Raises:
        UsageError: the package lacks it.
    """
    from importlib.util import find_spec

    spec = find_spec("plotly")
    for place in spec.submodule_search_locations or [] if spec else []:
        file = Path(place) / "package_data" / PLOTLY
        if file.is_file():
            return file.read_bytes()
    raise UsageError(f"the package plotly with its {PLOTLY} is not installed; mend with: pip install plotly")


def earlier_files(folder: Path) -> list[str]:
    """The files of an earlier build of a site; none where there is no such folder yet.

    Raises:
        UsageError: the folder holds pages that are not of a site made by harness.
    """
    if folder.exists() and not folder.is_dir():
        raise UsageError(f"{folder}: is a file; name a folder for a site, or a format with --format")
    manifest = folder / MANIFEST
    if not manifest.is_file():
        if (folder / "index.html").exists():
            raise UsageError(f"{folder}: holds an index.html that harness did not write; choose another folder")
        return []
    try:
        listed = json.loads(manifest.read_text("utf-8"))["files"]
    except (ValueError, KeyError, TypeError):
        listed = []
    inside = folder.resolve()
    return [path for path in listed if isinstance(path, str) and (inside / path).resolve().is_relative_to(inside)]


def _write(site: Site, folder: Path) -> None:
    """Write all files, each whole or not at all; the index last, and what is stale away.

    Builds of one site at the same time take turns, so that its pages are all of one of them.
    """
    site.add(MANIFEST, json.dumps({"files": sorted(site.files)}, indent=0) + "\n")
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with alone(folder / LOCK):
            _write_alone(site, folder, earlier_files(folder))
    except OSError as error:
        raise UsageError(f"{error.filename or folder}: cannot be written: {error.strerror}") from error


def _write_alone(site: Site, folder: Path, earlier: Sequence[str]) -> None:
    for path, content in sorted(site.files.items(), key=lambda pair: pair[0] == "index.html"):
        target = folder / path
        target.parent.mkdir(parents=True, exist_ok=True)
        whole = content.encode("utf-8", "backslashreplace") if isinstance(content, str) else content
        write_atomically(target, whole, durable=False)  # made again in seconds
    remove_leftovers(folder)
    for path in set(earlier) - set(site.files):
        (folder / path).unlink(missing_ok=True)
