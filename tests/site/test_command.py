"""``harness leaderboard`` with a folder, and what it leaves there."""

import json
import os
import shutil

import pytest

from harness.store import Store
from harness.store.cells import latest_cells

from ..messages import saying


@pytest.fixture
def run(harness, lab):
    """A leaderboard of the lab's store."""

    def call(*arguments):
        return harness("leaderboard", *arguments, *lab.options)

    return call


@pytest.mark.parametrize("output", ["site/", "site", "some.where/site", "v1.2"])
def test_a_folder_or_a_name_without_a_known_ending_is_a_site(run, project, output):
    ran = run("lab", "-o", output)
    assert ran.code == 0, ran.err
    assert (project / output / "index.html").is_file()
    assert (project / output / "lab" / "index.html").is_file()
    assert "open" in ran.err
    assert "index.html" in ran.err
    assert ran.out == ""


@pytest.mark.parametrize(
    ("output", "begins"),
    [
        ("board.txt", "better is best of four models"),
        ("board.md", "## lab"),
        ("board.csv", "rank,"),
        ("board.JSON", "{"),
        ("board.html", "<!doctype html>"),
        ("board.tex", "% \\usepackage"),
        ("board.yaml", "model-index:"),
        ("board.yml", "model-index:"),
    ],
)
def test_a_name_with_a_known_ending_is_a_file_of_that_format(run, project, output, begins):
    assert run("lab", "-o", output).code == 0
    assert (project / output).read_text("utf-8").startswith(begins)


def test_a_format_makes_any_name_a_file(run, project):
    assert run("lab", "-o", "board", "--format", "csv").code == 0
    assert (project / "board").read_text("utf-8").startswith("rank,")


def test_a_format_and_a_folder_do_not_go_together(run, project):
    ran = run("lab", "-o", "site/", "--format", "csv")
    assert ran.code == 2
    assert "is a folder" in ran.err


def test_several_benchmarks_are_for_a_site(run, project):
    ran = run("lab", "alone")
    assert ran.code == 2
    assert "-o" in ran.err
    assert run("lab", "alone", "lab", "-o", "site/").code == 0
    index = (project / "site" / "index.html").read_text("utf-8")
    assert index.count('class="card"') == 2


def test_a_benchmark_without_results_is_named_and_nothing_is_written(run, project, harness, lab):
    from harness.store import Store

    with Store(project / "empty.sqlite"):
        pass
    options = ("--store", project / "empty.sqlite", "--registry", lab.folder / "registry.yaml")
    ran = harness("leaderboard", "alone", "-o", "site/", *options)
    assert ran.code == 2
    assert "no result of alone" in ran.err
    assert "harness eval" in ran.err
    assert not (project / "site").exists()


def test_an_unknown_benchmark_is_told_with_the_nearest(run, project):
    ran = run("labb", "-o", "site/")
    assert ran.code == 2
    assert "'lab'" in ran.err


def test_texts_are_for_a_site_and_only_there_when_asked_for(run, project):
    assert run("lab", "--texts").code == 2
    assert run("lab", "-o", "site/").code == 0
    files = list((project / "site" / "lab").rglob("*"))
    assert not [f for f in files if f.is_file() and b"question 1" in f.read_bytes()]
    assert run("lab", "-o", "site/", "--texts").code == 0
    assert [f for f in files if f.is_file() and b"question 1" in f.read_bytes()]


def test_a_second_build_replaces_the_first_and_leaves_other_files_alone(run, project):
    assert run("lab", "alone", "-o", "site/").code == 0
    (project / "site" / "CNAME").write_text("example.org")
    assert (project / "site" / "alone" / "index.html").is_file()
    assert run("lab", "-o", "site/").code == 0
    assert not (project / "site" / "alone" / "index.html").exists()
    assert (project / "site" / "lab" / "index.html").is_file()
    assert (project / "site" / "CNAME").read_text() == "example.org"
    assert not list((project / "site").rglob("*.partial"))


def test_two_builds_of_a_store_are_the_same(run, project):
    assert run("lab", "-o", "one/").code == 0
    assert run("lab", "-o", "two/").code == 0
    one, two = (
        {f.relative_to(project / name): f.read_bytes() for f in (project / name).rglob("*") if f.is_file()}
        for name in ("one", "two")
    )
    assert one == two


def test_a_page_that_is_not_a_sites_is_never_overwritten(run, project):
    (project / "mine").mkdir()
    (project / "mine" / "index.html").write_text("my own page")
    ran = run("lab", "-o", "mine/")
    assert ran.code == 2
    assert "did not write" in ran.err
    assert (project / "mine" / "index.html").read_text() == "my own page"


def test_a_list_of_files_that_was_meddled_with_removes_nothing_outside(run, project):
    assert run("lab", "-o", "site/").code == 0
    (project / "precious").write_text("x")
    (project / "site" / "harness-site.json").write_text(
        json.dumps({"files": ["../precious", str(project / "precious"), 7]})
    )
    assert run("lab", "-o", "site/").code == 0
    assert (project / "precious").exists()
    (project / "site" / "harness-site.json").write_text("{broken")
    assert run("lab", "-o", "site/").code == 0


def test_a_file_in_the_way_is_an_error_that_says_so(run, project):
    (project / "taken").write_text("x")
    ran = run("lab", "-o", "taken")
    assert ran.code == 2
    assert "is a file" in ran.err
    assert run("lab", "-o", "taken/inside/").code == 2


def test_published_results_alone_make_a_site(harness, project, lab):
    ran = harness("leaderboard", "lab", "-o", "site/", "--store", "none.sqlite", *lab.options[2:])
    assert ran.code == 0, ran.err
    page = (project / "site" / "lab" / "index.html").read_text("utf-8")
    assert "theirs" in page
    assert "Pin models" not in page
    assert not (project / "site" / "assets" / "plotly.min.js").exists()


def test_an_outcome_adds_the_page_of_what_goes_with_it(run, project, visit):
    (project / "arena.csv").write_text("model,score\ngood,3\nbetter,4\npoor,1\npatchy,2\n")
    assert run("lab", "--outcome", "arena.csv").code == 2
    ran = run("lab", "alone", "-o", "site/", "--outcome", "arena.csv")
    assert ran.code == 0, ran.err
    page = visit(project / "site" / "lab" / "index.html")
    with page.expect_navigation():
        page.get_by_role("link", name="What goes with arena").click()
    assert "Pearson" in page.inner_text("body")
    assert page.locator("svg rect").count() > 0
    page.locator("#theme").click()
    with page.expect_navigation():
        page.get_by_role("link", name="lab", exact=True).click()
    assert page.locator("#board").count() == 1
    (project / "few.csv").write_text("model,score\ngood,3\nbetter,4\n")
    ran = run("lab", "-o", "site/", "--outcome", "few.csv")
    assert ran.code == 0
    assert "without correlations" in ran.err
    assert not (project / "site" / "lab" / "correlations.html").exists()
    assert run("lab", "-o", "site/", "--outcome", "none.csv").code == 1


def test_the_column_of_an_outcome_is_asked_for_where_it_is_not_clear(run, project):
    (project / "two.csv").write_text("model,arena,mine\ngood,3,1\nbetter,4,2\npoor,1,3\npatchy,2,4\n")
    ran = run("lab", "-o", "site/", "--outcome", "two.csv")
    assert ran.code == 2
    assert ran.err == saying("two.csv", "--value-column", "'arena'", "'mine'")
    assert not (project / "site").exists()
    for column in ("arena", "mine"):
        columns = ("--value-column", column, "--model-column", "model")
        ran = run("lab", "-o", "site/", "--outcome", "two.csv", *columns)
        assert ran.code == 0, ran.err
        assert f"lab against {column}" in (project / "site/lab/correlations.html").read_text()
    ran = run("lab", "-o", "site/", "--value-column", "mine")
    assert ran.code == 2
    assert ran.err == saying("--value-column", "--outcome")


def test_a_damaged_file_of_columns_is_told_and_the_rest_shown(run, project, lab, harness):
    copy = lab.only(project, "good", "poor")
    files = project / "store.sqlite.files"
    folder = files.resolve()
    files.unlink()
    shutil.copytree(folder, files)
    with Store(copy.store) as store:
        cells = {(cell.label, cell.task): cell for cell in latest_cells(store, ["lab/pairs"])}
    (files / cells["good", "lab/pairs"].columns).write_bytes(b"PK damaged")
    ran = harness("leaderboard", "lab", "-o", "site/", "--store", copy.store, *lab.options[2:])
    assert ran.code == 0
    assert ran.err == saying("comparisons", "lab/pairs")
    assert "evaluate again" in ran.err
    assert "73.33" in (project / "site" / "lab" / "index.html").read_text("utf-8")


def test_a_store_that_may_only_be_read_gives_leaderboards_and_comparisons(run, project, lab, harness, monkeypatch):
    allowed = os.access
    monkeypatch.setattr("harness.results.stores.os.access", lambda path, mode: mode != os.W_OK and allowed(path, mode))
    monkeypatch.setattr("harness.results.stores.Store", None)
    assert run("lab").code == 0
    assert run("lab", "-o", "site/").code == 0
    assert harness("compare", "good", "poor", "-t", "lab", *lab.options).code == 0


def test_a_page_below_the_top_that_is_not_the_sites_is_never_overwritten(run, project):
    foreign = project / "site" / "lab" / "compare.html"
    foreign.parent.mkdir(parents=True)
    foreign.write_text("my own page")
    ran = run("lab", "-o", "site/")
    assert ran.code == 2
    assert "compare.html" in ran.err
    assert "did not write" in ran.err
    assert foreign.read_text() == "my own page"
    assert not (project / "site" / "index.html").exists()


def test_a_site_is_not_written_through_a_link_that_leads_out_of_it(run, project):
    (project / "elsewhere").mkdir()
    (project / "site").mkdir()
    (project / "site" / "lab").symlink_to(project / "elsewhere")
    ran = run("lab", "-o", "site/")
    assert ran.code == 2
    assert "site/lab" in ran.err
    assert "leads out" in ran.err
    assert list((project / "elsewhere").iterdir()) == []


def test_a_site_may_itself_be_reached_by_a_link(run, project):
    (project / "real").mkdir()
    (project / "site").symlink_to(project / "real")
    assert run("lab", "-o", "site/").code == 0
    assert (project / "real" / "index.html").is_file()


def test_a_build_that_was_killed_does_not_stand_in_the_way_of_the_next(run, project, monkeypatch):
    from harness_plugins.site import write

    written = write.write_atomically

    def dies(place, content, **options):
        if place.name == "compare.html":
            raise KeyboardInterrupt
        written(place, content, **options)

    with monkeypatch.context() as patched:
        patched.setattr(write, "write_atomically", dies)
        assert run("lab", "-o", "site/").code != 0
    assert list((project / "site" / "lab").iterdir())
    assert run("lab", "-o", "site/").code == 0
