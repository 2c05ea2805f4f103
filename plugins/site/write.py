"""Writes a site: an index, and for each benchmark a folder with its table, models, tasks and comparisons."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from harness import THEME, Edition
from harness.errors import UsageError
from harness.files import alone, remove_leftovers, write_atomically
from harness.leaderboard import as_json, failed_text, rank_text
from harness.results import CONFIDENCE, MOST_MODELS
from harness.store import now, versions

from .content import Content, ModelRow, gather
from .data_files import comparison_files, hidden_columns
from .explanations import explanations
from .measured import Measured, measure
from .pages import data_script, render_page
from .provenance import Provenance, Provenances
from .ranking_picture import ranking_picture
from .sharing import (
    NOT_FOUND,
    PREVIEW,
    command,
    description,
    index_picture,
    making,
    preview,
    shared,
)
from .standing import FEWEST, by_domain, standings, strengths, weaknesses
from .summary import title, top_rows

MANIFEST = "harness-site.json"
LOCK = ".writing.lock"
ASSETS = (
    *("site.css", "board.css", "common.js", "bars.js", "board.js", "table.js", "compare.js"),
    *("drawn.js", "plots.js", "matrices.js", "share.js"),
)
PLOTLY = "plotly.min.js"


@dataclass(slots=True)
class Site:
    """The files of a site, collected before any file is written."""

    files: dict[str, str | bytes] = field(default_factory=dict)
    """Contents by path below the site's folder."""
    plots: bool = False
    """Whether any page draws with the plotting library."""

    def add(self, path: str, content: str | bytes) -> None:
        """Add a file, whose path is relative to the site's folder."""
        self.files[path] = content


def write_site(edition: Edition, folder: Path) -> int:
    """Write the site of some benchmarks, and remove files of an earlier build that the site no longer has.

    Args:
        edition: The benchmarks and results to publish. With ``texts``, the beginnings of the items' texts stand beside
            the items on which models disagree. With an outcome, each benchmark has a page of correlations with the
            outcome.
        folder: The folder to write; it is made if it does not exist.

    Returns:
        The number of files.

    Raises:
        UsageError: a benchmark has no result, the folder holds pages that are not of a site, or it cannot be written.
    """
    earlier_files(folder)  # refuse a folder with somebody else's pages before the work, which may take minutes
    registry, store, parts = edition.registry, edition.store, edition.parts
    contents = [
        gather(
            registry,
            store,
            name,
            published=edition.published,
            confidence=edition.confidence,
            parts=parts,
            choice=edition.choice,
        )
        for name in dict.fromkeys(edition.benchmarks)
    ]
    empty = [content.board.why_empty for content in contents if not content.rows]
    if empty:
        raise UsageError("; ".join(empty))
    if len(contents) == 1:  # several boards have a title and an introduction together, on the index
        contents[0].board.title, contents[0].board.about = edition.title, edition.about
    site = Site()
    version, date = versions().get("harness-eval", ""), now()[:10]
    made = {"date": date, "version": version, "merged": "yes" if parts else ""}
    made["published"] = "yes" if edition.published else ""
    for content in contents:
        measured = measure(registry, store, content, texts=edition.texts, sensitive=edition.show_sensitive)
        for note in measured.notes:
            edition.say(f"{content.board.benchmark}: {note}")
        page = _correlations(edition, content, made)
        if page:
            site.add(f"{content.slug}/correlations.html", page)
        heading = edition.outcome.path.stem if edition.outcome is not None and page else ""
        _add_benchmark(site, edition, content, measured, {**made, "outcome": heading})
    _add_index(site, edition, contents, made)
    _add_assets(site)
    _write(site, folder)
    return len(site.files) + 1  # with the manifest


def _correlations(edition: Edition, content: Content, made: Mapping[str, str]) -> str:
    """Return the page of correlations with an outcome; empty without an outcome, or if too few models have both.

    Raises:
        DataError: the file of the outcome cannot be read.
    """
    from markupsafe import Markup

    if edition.outcome is None or edition.analysis is None:
        return ""
    name = content.board.benchmark
    try:
        choice = {"choice": edition.choice} if edition.choice else {}  # an analysis need not know of it else
        report = edition.analysis.answer(
            edition.registry, edition.store, name, edition.outcome, published=edition.published, **choice
        )
    except UsageError as error:
        edition.say(f"{name}: without correlations: {error}")
        return ""
    section = edition.analysis.section(report)
    body = Markup(section.html)  # the analysis has escaped every text in it
    shown = {"outcome": section.outcome, "models": section.models, "body": body, "content": content, "made": made}
    return render_page("correlations.html", root="../", title=f"{name} against {section.outcome}", **shown)


def _add_index(site: Site, edition: Edition, contents: Sequence[Content], made: Mapping[str, str]) -> None:
    """Add the index, what previews of links to it show, and the page for addresses that lead nowhere."""
    only = contents[0] if len(contents) == 1 else None
    names = ", ".join(content.board.benchmark for content in contents)
    about = f"{names}: figures with intervals, and ranks that say which places the errors allow."
    image = f"{only.slug}/{PREVIEW}" if only else PREVIEW
    if only is None:
        site.add(PREVIEW, index_picture(contents, made["version"]))
    site.add(
        "index.html",
        render_page(
            "index.html",
            root="",
            contents=contents,
            tops={content.slug: top_rows(content) for content in contents},
            made=made,
            title=title(only) if only else edition.title or "Leaderboards",
            heading=edition.title or "Leaderboards",
            about=edition.about,
            rank_text=rank_text,
            share=shared(edition, "index.html", description(only) if only else about, image, whole=True),
            command=command(edition),
        ),
    )
    if edition.address:  # a host shows the page at any depth, so only whole addresses lead somewhere from there
        site.add(NOT_FOUND, render_page("404.html", root=edition.address, made=made, title="No such page"))


def _add_benchmark(site: Site, edition: Edition, content: Content, measured: Measured, made: Mapping[str, str]) -> None:
    base, name = content.slug, content.board.benchmark
    plain = json.dumps(as_json(content.board), separators=(",", ":")) + "\n"  # indents would double the file
    how = making(edition, content, plain.encode("utf-8", "backslashreplace"), made["version"], made["date"])
    every = {
        "content": content,
        "measured": measured,
        "made": made,
        "rank_text": rank_text,
        "failed_text": failed_text,
    }
    image = f"{base}/{PREVIEW}"
    site.add(f"{base}/leaderboard.json", plain)
    site.add(f"{base}/columns.js", data_script("columns", hidden_columns(content)))
    site.add(image, preview(content, made["version"]))
    about = shared(edition, f"{base}/index.html", description(content), image, whole=True)
    head = {"title": title(content), "share": about, "making": how, "json": "leaderboard.json"}
    own = {"picture": ranking_picture(content), "explained": explanations(edition.registry, content)}
    board = render_page("board.html", root="../", command=command(edition), **own, **head, **every)
    site.add(f"{base}/index.html", board)
    said = f"Paired differences of two models on {name}, and the items on which they disagree."
    share = shared(edition, f"{base}/compare.html", said, image)
    page_title = f"Compare models on {name}"
    compare = render_page("compare.html", root="../", title=page_title, share=share, confidence=CONFIDENCE, **every)
    site.add(f"{base}/compare.html", compare)
    _add_models(site, edition, content, every)
    _add_tasks(site, edition, content, measured, every)
    for name, document in comparison_files(content, measured):
        site.add(f"{base}/compare/{name}.js", data_script(name, document))


def _add_models(site: Site, edition: Edition, content: Content, every: Mapping[str, Any]) -> None:
    registry, store, parts = edition.registry, edition.store, edition.parts
    cells = [cell for row in content.rows for cell in row.cells]
    origins = (
        Provenances(registry, store, cells, parts, sensitive=edition.show_sensitive) if store is not None else None
    )
    for row in content.rows:
        row_standings = standings(content, row)
        name, path = content.board.benchmark, f"{content.slug}/models/{row.slug}.html"
        origin = Provenance() if origins is None else origins.of(row.entry.model, row.cells, content.board.benchmark)
        page = render_page(
            "model.html",
            root="../../",
            title=f"{row.entry.model}{' (published)' if row.entry.published else ''} on {name}",
            share=shared(edition, path, _about_model(content, row), f"{content.slug}/{PREVIEW}"),
            row=row,
            wholes=[s for s in row_standings if s.column.kind != "domain"],
            by_domain=by_domain(row_standings),
            fewest=FEWEST,
            strengths=strengths(row_standings),
            weaknesses=weaknesses(row_standings),
            provenance=origin,
            **every,
        )
        site.add(path, page)


def _about_model(content: Content, row: ModelRow) -> str:
    """Return where a model stands, as one sentence."""
    entry, name = row.entry, content.board.benchmark
    if entry.published:
        return f"Published figures of {entry.model} on {name}: {'; '.join(entry.published)}."
    if entry.rank is None:
        return f"{entry.model} on {name}, without rank: {content.why_unranked(entry)}."
    return f"{entry.model} has rank {rank_text(entry)} of {len(content.ranked)} on {name}."


def _add_tasks(site: Site, edition: Edition, content: Content, measured: Measured, every: Mapping[str, Any]) -> None:
    for task in measured.tasks:
        path = f"{content.slug}/tasks/{task.slug}.html"
        share = shared(edition, path, task.description, f"{content.slug}/{PREVIEW}")
        page = render_page(
            "task.html",
            root="../../",
            title=f"{task.name}, {content.board.benchmark} leaderboard",
            share=share,
            task=task,
            most_drawn=MOST_MODELS,
            **every,
        )
        site.add(path, page)
        site.plots |= bool(task.frames)
        if task.frames or task.matrices:
            labels = {row.slug: row.entry.model for row in content.evaluated if row.slug in task.drawn}
            document = {"frames": task.frames, "matrices": task.matrices, "labels": labels, "order": list(labels)}
            site.add(f"{content.slug}/tasks/{task.slug}-pictures.js", data_script("pictures", document))


def _add_assets(site: Site) -> None:
    from importlib.resources import files

    for name in ASSETS:
        site.add(f"assets/{name}", files("harness_plugins.site").joinpath("assets", name).read_bytes())
    site.add("assets/theme.js", THEME.read_bytes())
    if site.plots:
        site.add(f"assets/{PLOTLY}", _plotly())
    site.add(".nojekyll", "")


def _plotly() -> bytes:
    """Return the plotting library as the package plotly ships it, without importing the package.

    Raises:
        UsageError: the package is not installed, or lacks the library.
    """
    from importlib.util import find_spec

    spec = find_spec("plotly")
    for place in spec.submodule_search_locations or [] if spec else []:
        file = Path(place) / "package_data" / PLOTLY
        if file.is_file():
            return file.read_bytes()
    raise UsageError(f"the package plotly with its {PLOTLY} is not installed; mend with: pip install plotly")


def earlier_files(folder: Path) -> list[str]:
    """Return the paths of the files of an earlier build of a site; none for a folder that does not exist.

    Raises:
        UsageError: the folder holds pages that harness did not write, or the path is a file's.
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
    # The listed files will be deleted: a manifest that somebody edited must not lead out of the folder.
    inside = folder.resolve()
    return [path for path in listed if isinstance(path, str) and (inside / path).resolve().is_relative_to(inside)]


def _write(site: Site, folder: Path) -> None:
    """Write all files, each whole or not at all, the index last; then remove stale files.

    Builds of one site at the same time take turns, so that all pages come from the same build.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with alone(folder / LOCK):
            _write_alone(site, folder, earlier_files(folder))
    except OSError as error:
        raise UsageError(f"{error.filename or folder}: cannot be written: {error.strerror}") from error


def _write_alone(site: Site, folder: Path, earlier: Sequence[str]) -> None:
    _refuse_what_is_in_the_way(site, folder, earlier)
    # The manifest comes first, with the earlier files: a build that is killed leaves files that the next one knows.
    _write_manifest(folder, {*earlier, *site.files})
    for path, content in sorted(site.files.items(), key=lambda pair: pair[0] == "index.html"):
        target = folder / path
        target.parent.mkdir(parents=True, exist_ok=True)
        whole = content.encode("utf-8", "backslashreplace") if isinstance(content, str) else content
        write_atomically(target, whole, durable=False)  # a site lost with the power is made again in seconds
    remove_leftovers(folder)
    for path in set(earlier) - set(site.files):
        (folder / path).unlink(missing_ok=True)
    _write_manifest(folder, set(site.files))


def _write_manifest(folder: Path, files: set[str]) -> None:
    """Write which files of a folder are the site's."""
    text = json.dumps({"files": sorted(files - {MANIFEST})}, indent=0) + "\n"
    write_atomically(folder / MANIFEST, text, durable=False)


def _refuse_what_is_in_the_way(site: Site, folder: Path, earlier: Sequence[str]) -> None:
    """Refuse to write through a linked folder, or over a file that no build of this site wrote.

    Raises:
        UsageError: names what is in the way.
    """
    inside = folder.resolve()
    known = {*earlier, MANIFEST}
    told = _is_whole(folder / MANIFEST)  # by a damaged list, nobody can tell whose a file is
    for path in sorted(site.files):
        target = folder / path
        if not target.parent.resolve().is_relative_to(inside):
            # A link planted in the folder would have pages written, and stale ones removed, somewhere else.
            raise UsageError(f"{target.parent}: leads out of {folder}; remove the link, or choose another folder")
        if told and path not in known and target.exists() and not target.is_symlink():  # a link itself is replaced
            raise UsageError(f"{target}: is there already, and harness did not write it; choose another folder")


def _is_whole(manifest: Path) -> bool:
    """Return whether a manifest says which files are the site's; one that is not there says that none is."""
    try:
        listed = json.loads(manifest.read_text("utf-8"))["files"]
    except FileNotFoundError:
        return True
    except (OSError, ValueError, KeyError, TypeError):
        return False
    inside = manifest.parent.resolve()
    return bool(listed) and all(
        isinstance(path, str) and (inside / path).resolve().is_relative_to(inside) for path in listed
    )
