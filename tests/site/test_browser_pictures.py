"""The pictures of a task in a browser."""

import itertools
import json
import math
import shutil

from harness_plugins.site.matrices import matrices
from harness_plugins.site.pages import data_script

from harness.pictures import Matrix
from harness.results import Drawing
from harness.results.numbers import figure

from .conftest import state

NAN = math.nan


def test_pictures_are_drawn_and_follow_the_choice_of_models_and_the_theme(visit, site):
    page = visit(site / "lab" / "tasks" / "choices.html")
    page.locator(".plot svg.main-svg").first.wait_for()
    first = page.locator("#frames figure").first
    assert "Best of K" in first.inner_text()
    legend = first.locator(".legendtext").all_text_contents()
    assert {"oracle", "good", "better"} <= set(legend)
    page.locator("summary", has_text="Models drawn").click()
    page.locator("#drawn").get_by_label("good", exact=True).uncheck()
    assert "good" not in first.locator(".legendtext").all_text_contents()
    ink = "getComputedStyle(document.querySelector('.legendtext')).fill"
    before = page.evaluate(ink)
    page.locator("#theme").click()
    assert page.evaluate(ink) != before
    page.goto(page.url)
    assert state(page)["models"]


def read_matrix(table):
    """Names across, and each row's name with the first line of its fields."""
    rows = table.locator("tr").all()
    across = rows[0].locator("th").all_text_contents()
    fields = "row => [...row.querySelectorAll('td')].map(cell => cell.firstChild.textContent)"
    return across, {row.locator("th").text_content(): row.evaluate(fields) for row in rows[1:]}


def test_win_rates_are_those_of_the_command_and_follow_the_choice_of_models(visit, site, lab, harness):
    page = visit(site / "lab" / "tasks" / "pairs.html")
    placed = page.locator("#matrices figure", has_text="Win rates").first
    across, rows = read_matrix(placed.locator("table"))
    assert across == list(rows) == ["better", "good", "patchy", "poor", "judge"]
    for one in rows:
        for other, shown in zip(across, rows[one], strict=True):
            if one == other:
                assert shown == "–"
                continue
            text = harness("compare", one, other, "-t", "lab/pairs", "--metric", "accuracy", "--json", *lab.options)
            [found] = json.loads(text.out)["comparisons"]
            assert shown == figure(found["win_rate"]["value"], "fraction")
    page.locator("summary", has_text="Models drawn").click()
    page.locator("#drawn").get_by_label("good", exact=True).uncheck()
    across, rows = read_matrix(placed.locator("table"))
    assert across == list(rows) == ["better", "patchy", "poor", "judge"]


def test_fields_are_coloured_where_the_interval_leaves_a_half_out(visit, site):
    page = visit(site / "lab" / "tasks" / "pairs.html")
    cells = page.locator("#matrices td:has(i)").all()
    assert len(cells) == 20
    for cell in cells:
        low, high = (float(end) for end in cell.locator("i").text_content().strip("[]").split(", "))
        coloured = cell.evaluate("cell => cell.style.getPropertyValue('--strength')") != "0%"
        if 50.0 not in (low, high):  # which may be rounded
            assert coloured == (low > 50 or high < 50)


def test_of_matrices_of_single_models_the_reader_chooses_one(visit, site, tmp_path):
    copy = shutil.copytree(site, tmp_path / "site")
    file = copy / "lab" / "tasks" / "pairs-pictures.js"
    document = json.loads(file.read_text("ascii").removeprefix('harnessData("pictures",').removesuffix(");\n"))

    def wins(share, **options):
        low = [[NAN, share - 0.1], [0.9 - share, NAN]]
        high = [[NAN, share + 0.1], [1.1 - share, NAN]]
        values = [[NAN, share], [1 - share, NAN]]
        return Matrix("Arena", "share won", ["x", "y"], ["x", "y"], values, low, high, **options)

    drawn = [Drawing("arena", "good", one) for one in (wins(0.9, name="people", reference=True), wins(0.55))]
    document["matrices"] += matrices([*drawn, Drawing("arena", "poor", wins(0.25))])
    file.write_text(data_script("pictures", document), "ascii")
    page = visit(copy / "lab" / "tasks" / "pairs.html")
    placed = page.locator("#matrices figure", has_text="Arena")
    select = placed.get_by_label("Of")
    assert select.locator("option").all_text_contents() == ["people", "good", "poor"]
    seen = {}
    for of in ("good", "people", "poor"):
        select.select_option(label=of)
        seen[of] = read_matrix(placed.locator("table"))[1]
    assert seen["good"] == {"x": ["–", "55.00"], "y": ["45.00", "–"]}
    assert seen["people"] == {"x": ["–", "90.00"], "y": ["10.00", "–"]}
    assert seen["poor"] == {"x": ["–", "25.00"], "y": ["75.00", "–"]}
    assert placed.locator("td.above i, td.below i").all_text_contents() == ["[15.0, 35.0]", "[65.0, 85.0]"]


def test_fields_of_a_handful_of_items_are_hidden_and_counted(visit, new_site):
    page = visit(new_site / "few" / "tasks" / f"{slug_of(new_site)}.html")
    placed = page.locator("#matrices figure", has_text="Win rates").first
    across, rows = read_matrix(placed.locator("table"))
    assert set(across) == {"few", "steady", "poor"}
    assert set(rows["few"]) == {"–"}  # of three items each
    assert sum(field != "–" for fields in rows.values() for field in fields) == 2
    said = "Hidden, since they rest on fewer than 5 items: 4 fields."
    assert placed.locator("p.facts").all_inner_texts()[1] == said


def slug_of(site):
    [file] = (site / "few" / "tasks").glob("*.html")
    return file.stem


def test_a_matrix_without_a_field_of_enough_items_says_so(visit, new_site, tmp_path):
    copy = shutil.copytree(new_site, tmp_path / "site")
    [file] = (copy / "few" / "tasks").glob("*-pictures.js")
    document = json.loads(file.read_text("ascii").removeprefix('harnessData("pictures",').removesuffix(");\n"))
    arena = Matrix("Arena", "share won", ["x", "y"], ["x", "y"], [[NAN, 1], [0, NAN]], counts=[[0, 1], [1, 0]])
    document["matrices"] += matrices([Drawing("arena", "steady", arena)])
    file.write_text(data_script("pictures", document), "ascii")
    placed = visit(next((copy / "few" / "tasks").glob("*.html"))).locator("#matrices figure", has_text="Arena")
    assert "Every field rests on fewer than 5 items, so none is shown." in placed.inner_text()
    assert not placed.locator("table").is_visible()


def test_results_come_before_pictures_and_are_sorted_by_the_task(visit, site):
    page = visit(site / "lab" / "tasks" / "pairs.html")
    assert page.locator("h2").all_inner_texts() == ["Results", "Pictures", "Metrics"]
    shown = [row.locator("td").first.inner_text().split()[0] for row in page.locator("table.plain tbody tr").all()[:5]]
    assert shown == sorted(shown, key=float, reverse=True)
    assert "60 items evaluated" in page.inner_text("main")
    assert page.locator("thead th small").first.inner_text() == "lower is better"


def test_printed_pictures_do_not_cover_each_other(visit, site):
    page = visit(site / "lab" / "tasks" / "texts.html")
    page.locator(".plot svg.main-svg").nth(1).wait_for()
    page.emulate_media(media="print")
    boxes = [one.bounding_box() for one in page.locator("#frames .plot .svg-container").all()]
    assert len(boxes) > 1
    for one, other in itertools.pairwise(boxes):
        assert other["y"] >= one["y"] + one["height"] - 1
    page.emulate_media(media="screen")
