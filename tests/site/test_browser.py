"""What a reader does on a site, in a real browser; any complaint on the console fails a test (see ``visit``)."""

import itertools
import json
import math
import re
import shlex
import shutil
import threading
import urllib.parse
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
import sqlalchemy as sa
from harness_plugins.site.frames import Drawing
from harness_plugins.site.matrices import matrices
from harness_plugins.site.pages import data_script

from harness import build_leaderboard, compare
from harness.pictures import Matrix
from harness.results.numbers import figure
from harness.store import Store
from harness.store import schema as s

NAN = math.nan
DOMAIN = "lab/pairs:accuracy:easy"


def names(page):
    return page.locator("#board tbody tr:not([hidden]) .model a").all_text_contents()


def column(page, key):
    """The figures that a column shows, in the order of the rows."""
    index = page.locator(f'#board th[data-key="{key}"]').evaluate("cell => cell.cellIndex")
    cells = page.locator(f"#board tbody tr:not([hidden]) > :nth-child({index + 1})").all()
    return [cell.evaluate("cell => cell.firstChild.textContent.trim()") for cell in cells]


def state(page):
    return urllib.parse.parse_qs(urllib.parse.urlsplit(page.evaluate("location.href")).fragment)


@pytest.fixture
def board(visit, site):
    return visit(site / "lab" / "index.html")


# the whole site


def test_every_link_of_every_page_leads_somewhere_and_no_page_complains(visit, site):
    todo, seen = [site / "index.html"], set()
    while todo:
        file = todo.pop()
        seen.add(file)
        page = visit(file)
        for target in page.evaluate("[...document.querySelectorAll('a[href]')].map(a => a.href)"):
            parts = urllib.parse.urlsplit(target)
            assert parts.scheme == "file"
            path = Path(urllib.parse.unquote(parts.path))
            assert path.is_file(), f"{file}: {target}"
            if path.suffix == ".html" and path not in seen and path not in todo:
                todo.append(path)
    assert seen == set(site.rglob("*.html"))


def test_a_site_works_below_a_folder_of_a_server_too(site, browser):
    complaints = []
    page = browser.new_page()
    page.on("console", lambda message: complaints.append(message.text))
    page.on("response", lambda response: complaints.append(response.url) if response.status >= 400 else None)
    handler = partial(QuietHandler, directory=str(site.parent))
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        start = f"http://127.0.0.1:{server.server_port}/{site.name}/"
        page.goto(start)
        page.get_by_role("link", name="lab", exact=True).click()
        page.locator("#board tbody tr").first.wait_for()
        page.goto(f"{start}lab/compare.html#models=good,better")
        page.locator("#differences:not([hidden])").wait_for()
        page.goto(f"{start}lab/tasks/pairs.html")
        page.locator(".plot svg.main-svg").first.wait_for()
        page.close()
        server.shutdown()
    assert complaints == []


class QuietHandler(SimpleHTTPRequestHandler):
    def log_message(self, *_):
        pass


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_no_page_is_wider_than_a_phone(visit, site, theme):
    for file in site.rglob("*.html"):
        page = visit(file, width=390)
        page.evaluate(f"document.documentElement.dataset.theme = {theme!r}")
        page.wait_for_load_state()
        assert page.evaluate("document.documentElement.scrollWidth") <= 390, file


def test_the_index_leads_to_the_benchmarks_and_their_best(visit, site):
    page = visit(site / "index.html")
    assert page.locator(".card h2").all_text_contents() == ["lab", "alone"]
    with page.expect_navigation():
        page.get_by_role("link", name="lab").click()
    assert page.locator("h1").text_content() == "lab"


def test_the_table_is_there_without_scripts(site, browser):
    page = browser.new_page()
    client = browser.new_cdp_session(page)
    client.send("Emulation.setScriptExecutionDisabled", {"value": True})
    page.goto((site / "lab" / "index.html").as_uri())
    assert "better" in page.inner_text("#board")
    assert page.locator("#board tbody tr").count() == 7
    page.close()


# the table


def test_the_table_shows_the_figures_of_the_json(board, lab):
    entries = build_leaderboard("lab", store=lab.store, registry=lab.registry)
    assert names(board) == [entry.model for entry in entries.entries]
    for c in entries.columns:
        shown = [figure(getattr(e.figures.get(c.key), "value", None), c.unit) for e in entries.entries]
        assert column(board, c.key) == [text if text != "-" else "–" for text in shown]


def test_the_file_beside_the_table_is_the_json_of_the_command(site, harness, lab):
    ran = harness("leaderboard", "lab", "--format", "json", *lab.options)
    assert json.loads((site / "lab" / "leaderboard.json").read_text("utf-8")) == ran.document


def test_a_click_on_a_heading_sorts_best_first_then_worst_first(board):
    heading = board.locator('th[data-key="lab/pairs:accuracy"]')
    heading.get_by_role("button").click()
    best = [float(v) for v in column(board, "lab/pairs:accuracy")]
    assert best == sorted(best, reverse=True)
    assert heading.get_attribute("aria-sort") == "descending"
    assert board.locator("[aria-sort]:not([aria-sort=none])").count() == 1
    heading.get_by_role("button").click()
    assert [float(v) for v in column(board, "lab/pairs:accuracy")] == sorted(best)
    assert heading.get_attribute("aria-sort") == "ascending"
    assert "worst first" in board.inner_text("#status")


def test_where_lower_is_better_the_lowest_comes_first_and_missing_figures_last(board):
    board.locator('th[data-key="lab/pairs:tie_rate"] button').click()
    shown = column(board, "lab/pairs:tie_rate")
    figures = [float(v) for v in shown if v != "–"]
    assert figures == sorted(figures)
    assert shown[len(figures) :] == ["–"] * (len(shown) - len(figures))
    assert len(figures) < len(shown)


def test_a_long_table_is_shown_whole(visit, lab, tmp_path):
    figures = {f"model {i:03d}": {"lab/texts:auroc": 0.5 + i / 500} for i in range(120)}
    more = tmp_path / "more.yaml"
    more.write_text(json.dumps({"source": "made up", "figures": figures}), "utf-8")
    file = lab.build(tmp_path / "site", published=[more]) / "lab" / "index.html"
    for address, count in (("", 127), ("#q=model+00", 11), ("#sort=lab%2Ftexts%3Aauroc&q=model", 120)):
        page = visit(file, address)
        page.locator("#board tbody:not(:has(.later))").wait_for()
        assert page.locator("#board tbody tr:visible").count() == count
    assert names(page)[:2] == ["model 119", "model 118"]


def test_the_keyboard_is_enough(board):
    board.locator('th[data-key="model"] button').focus()
    board.keyboard.press("Enter")
    assert names(board) == sorted(names(board))
    board.locator("summary", has_text="Filter").focus()
    board.keyboard.press("Enter")
    board.keyboard.press("Tab")
    board.keyboard.press("Space")
    assert state(board)["only"] == ["best"]
    board.keyboard.press("Escape")
    assert board.locator("details[open]").count() == 0
    board.locator("tbody input").first.focus()
    board.keyboard.press("Space")
    assert board.locator("tr.is-pinned").count() == 1
    assert board.evaluate("document.activeElement.type") == "checkbox"


def test_search_keeps_the_rows_that_have_all_words(board):
    board.get_by_label("Search").fill("goo")
    assert set(names(board)) == {"good"}
    board.get_by_label("Search").fill("GO d")
    assert set(names(board)) == {"good"}
    board.get_by_label("Search").fill("nobody")
    assert names(board) == []
    assert board.inner_text("#status").startswith("0 of 7 models")


@pytest.mark.parametrize(
    ("word", "left"),
    [
        ("only tied with the best", "best"),
        ("without published rows", ":not(.published)"),
        ("without adapters", ":not(.adapted)"),
        ("without failed requests", ":not(.failures)"),
    ],
)
def test_filters_keep_what_they_say(board, word, left):
    selector = f"#board tbody tr{'.best' if left == 'best' else left}"
    wanted = board.locator(f"{selector} .model a").all_text_contents()
    board.locator("summary", has_text="Filter").click()
    board.get_by_label(word).check()
    assert names(board) == wanted
    assert 0 < len(wanted) < 7
    assert "(1)" in board.inner_text("#filter-count")


def test_a_threshold_filters_by_the_figure_as_it_is_shown(board):
    board.locator("summary", has_text="Filter").click()
    board.locator("#bound-column").select_option("lab/pairs:accuracy")
    board.locator("#bound-value").fill("60")
    shown = [float(v) for v in column(board, "lab/pairs:accuracy")]
    assert shown
    assert min(shown) >= 60
    board.locator("#bound-way").select_option("max")
    assert max(float(v) for v in column(board, "lab/pairs:accuracy")) <= 60


def test_columns_are_hidden_and_shown_domains_too(board, lab):
    board.locator("summary", has_text="Columns").click()
    board.get_by_label("texts auroc").uncheck()
    assert not board.locator('th[data-key="lab/texts:auroc"]').is_visible()
    board.locator(f'[data-column="{DOMAIN}"]').check()
    heading = board.get_by_role("columnheader", name="pairs accuracy · easy")
    assert heading.is_visible()
    assert (
        board.evaluate("[...new Set([...document.querySelectorAll('#board tr')].map(r => r.cells.length))].length") == 1
    )
    index = heading.evaluate("cell => cell.cellIndex")
    assert board.locator("#board thead th").nth(index - 1).get_attribute("data-key") == "lab/pairs:accuracy"
    shown = dict(
        zip(names(board), board.locator(f"#board tbody td:nth-child({index + 1})").all_inner_texts(), strict=True)
    )
    [wanted] = [
        c
        for c in compare("good", "poor", ["lab"], store=lab.store, registry=lab.registry)
        if (c.task, c.metric, c.domain) == ("lab/pairs", "accuracy", "easy")
    ]
    assert shown["poor"].startswith(figure(wanted.second))
    assert shown["theirs"] == "–"
    heading.get_by_role("button").click()
    assert heading.get_attribute("aria-sort") == "descending"


def test_pinned_models_stay_on_top_and_lead_to_their_comparison(board):
    for name in ("poor", "good"):
        board.get_by_label(f"Pin {name}", exact=True).check()
    assert names(board)[:2] == ["good", "poor"]
    board.locator('th[data-key="model"] button').click()
    board.locator('th[data-key="model"] button').click()
    assert names(board)[:2] == ["poor", "good"]
    board.get_by_role("link", name="Compare").click()
    board.locator("#differences:not([hidden])").wait_for()
    assert board.locator("#head-first").text_content() == "poor"
    assert board.locator("#head-second").text_content() == "good"


def test_published_rows_are_marked_and_cannot_be_pinned(board):
    rows = board.locator("tr.published")
    assert rows.count() == 2
    assert rows.locator("input").count() == 0
    assert "published" in rows.first.inner_text()
    assert "Them, table 1" in board.inner_text(".notes")


def test_a_link_with_state_shows_the_same_to_another_reader(board, visit):
    board.locator('th[data-key="lab/pairs:accuracy"] button').click()
    board.get_by_label("Pin better", exact=True).check()
    board.locator("summary", has_text="Columns").click()
    board.locator(f'[data-column="{DOMAIN}"]').check()
    board.locator('[data-column="lab/choices:best_of_k_accuracy"]').uncheck()
    board.get_by_label("Search").fill("e")
    before = board.inner_text("#board")
    path, fragment = board.evaluate("location.href").split("#")
    other = visit(board_file(path), "#" + fragment)
    assert other.inner_text("#board") == before
    other.get_by_role("button", name="Reset").click()
    assert state(other) == {}
    assert len(names(other)) == 7


def board_file(uri):
    return Path(urllib.parse.unquote(urllib.parse.urlsplit(uri).path))


@pytest.mark.parametrize("fragment", ["#sort=no", "#pin=nobody,", "#only=x&bound=a!b!c&show=&hide=z", "#%E0%A4%A"])
def test_a_link_with_nonsense_shows_the_table_as_at_first(visit, site, fragment):
    page = visit(site / "lab" / "index.html", fragment)
    assert len(names(page)) == 7


def test_csv_holds_what_is_shown(board):
    board.get_by_label("Search").fill("good")
    with board.expect_download() as download:
        board.get_by_role("button", name="CSV").click()
    lines = download.value.path().read_text("utf-8").splitlines()
    assert lines[0].startswith("rank,model,mean,mean low,mean high,texts auroc")
    assert [line.split(",")[1] for line in lines[1:]] == names(board)


# light and dark


def test_the_theme_follows_the_system_and_then_the_reader(board, visit, site):
    assert board.evaluate("document.documentElement.dataset.theme") == "light"
    background = "getComputedStyle(document.documentElement).backgroundColor"
    light = board.evaluate(background)
    board.emulate_media(color_scheme="dark")
    board.locator("html[data-theme=dark]").wait_for()
    assert board.evaluate(background) != light
    board.get_by_role("button", name="Switch between light and dark").click()
    assert board.evaluate(background) == light
    other = visit(site / "lab" / "compare.html")
    assert other.evaluate("document.documentElement.dataset.theme") == "light"


# comparisons


def printed(harness, lab, first, second):
    """The cells of ``harness compare --domains`` by task, metric and domain."""
    ran = harness("compare", first, second, "-t", "lab", "--domains", *lab.options)
    lines = ran.out.split("\n\n")[0].splitlines()
    rows = [re.split(r"\s{2,}", line.strip()) for line in lines[2:]]
    return {tuple(row[:3]): row[3:] for row in rows}


PAIRS = ["good,better", "better,good", "poor,patchy", "patchy,good", "judge,patchy", "judge,good"]


@pytest.mark.parametrize("models", PAIRS)
def test_a_comparison_shows_what_the_command_prints(visit, site, lab, harness, models):
    compares_as_printed(visit, site, lab, harness, models)


@pytest.fixture(scope="session")
def whole_site(whole, tmp_path_factory):
    return whole.build(tmp_path_factory.mktemp("whole-site"))


@pytest.mark.parametrize("models", ["good,better", "better,good", "poor,judge", "judge,better"])
def test_where_nobody_failed_a_comparison_shows_it_too(visit, whole_site, whole, harness, models):
    compares_as_printed(visit, whole_site, whole, harness, models)


def compares_as_printed(visit, site, lab, harness, models):
    first, second = models.split(",")
    page = visit(site / "lab" / "compare.html", f"#models={models}&domains=1")
    page.locator("#differences:not([hidden])").wait_for()
    wanted = printed(harness, lab, first, second)
    document = page.evaluate("chunks.models")
    keys = {c["title"]: (c["task"], c["metric"], c["domain"]) for c in document["columns"]}
    found = 0
    for row in page.locator("#pairs tbody tr").all():
        title, *cells = [text.strip() for text in row.locator("th, td:not(.gap)").all_inner_texts()]
        title = title.removesuffix("lower is better").strip()
        expected = list(wanted[keys[title]])
        if keys[title][:2] not in {("lab/pairs", "accuracy"), ("lab/choices", "best_of_k_accuracy")}:
            expected[4] = "–"  # of metrics whose pairs are on file, the page has no win rates
        assert [c.replace(" []", "") for c in cells] == expected, title
        found += 1
    assert found == len([key for key in wanted if key in keys.values()])
    assert page.inner_text("#command") == f"harness compare {first} {second} -t lab --domains"


def test_the_command_of_a_page_can_be_typed_for_names_that_begin_like_options(visit, lab, harness, tmp_path):
    dashed = lab.only(tmp_path, "good", "better")
    with Store(dashed.store) as store, store.transaction() as connection:
        renamed = sa.update(s.cells).where(s.cells.c.label == "good").values(label="--good one")
        connection.execute(renamed)
    page = visit(dashed.build(tmp_path / "site") / "lab" / "compare.html")
    page.locator("#differences:not([hidden])").wait_for()
    words = shlex.split(page.inner_text("#command"))
    assert words[0] == "harness"
    ran = harness(*words[1:2], *dashed.options, *words[2:])
    assert (ran.code, "--good one" in ran.out.splitlines()[0]) == (0, True)


def test_the_items_on_which_two_models_disagree_come_with_their_texts(visit, site, lab):
    page = visit(site / "lab" / "compare.html", "#models=better,poor&task=lab/pairs")
    page.locator("#items tbody tr").first.wait_for()
    scores = {}
    for name in ("better", "poor"):
        rows = map(json.loads, (lab.folder / f"{name}.jsonl").read_text("utf-8").splitlines())
        scores[name] = {
            r["id"]: 0.5 + 0.5 * ((r["scores"][0] > 0) - (r["scores"][0] < 0)) for r in rows if r["task"] == "lab/pairs"
        }
    differ = {i for i in scores["poor"] if scores["poor"][i] != scores["better"][i]}
    shown = page.locator("#items tbody tr").all()
    assert {row.locator("th bdi").text_content() for row in shown} == differ
    for row in shown:
        own = row.locator("th bdi").text_content()
        assert row.locator("td").all_inner_texts()[1:] == [figure(scores[name][own]) for name in ("better", "poor")]
    page.locator("#side").select_option("second")
    better = {i for i in differ if scores["poor"][i] > scores["better"][i]}
    page.wait_for_timeout(100)
    assert page.locator("#items tbody tr").count() == len(better)
    page.locator("#items summary").first.click()
    assert "question" in page.locator("#items details[open]").inner_text()


def test_items_of_an_area_show_how_far_they_pull_it(visit, site):
    page = visit(site / "lab" / "compare.html", "#models=better,poor&task=lab/texts")
    page.locator("#items tbody tr").first.wait_for()
    said = page.inner_text("#items-status")
    assert "how far each pulls auroc up or down" in said
    assert "help the first more" in said
    rows = [row.locator("td").all_text_contents()[1:] for row in page.locator("#items tbody tr").all()]
    for column in range(2):
        pulls = [float(row[column]) for row in rows]
        assert {row[column][0] for row in rows if float(row[column]) > 0} == {"+"}
        assert sum(pulls) == pytest.approx(0, abs=0.005 * len(pulls))
    gaps = [abs(float(one) - float(other)) for one, other in rows]
    assert all(a >= b - 0.011 for a, b in itertools.pairwise(gaps))


def test_models_are_swapped_and_chosen(visit, site):
    page = visit(site / "lab" / "compare.html", "#models=good,poor,patchy")
    page.locator("#pairs tbody tr").first.wait_for()
    before = page.locator("#pairs tbody tr").first.locator("td").nth(2).inner_text()
    page.get_by_role("button", name="Swap").click()
    page.locator("#head-first", has_text="poor").wait_for()
    after = page.locator("#pairs tbody tr").first.locator("td").nth(2).inner_text()
    assert before.split()[0].lstrip("+-") == after.split()[0].lstrip("+-")
    assert before != after
    page.locator("#second").select_option(label=page.locator("#second option", has_text="patchy").inner_text())
    page.locator("#head-second", has_text="patchy").wait_for()
    assert state(page)["models"] == ["poor,patchy,good"]


def test_one_model_alone_cannot_be_compared(visit, lab, tmp_path):
    site = lab.only(tmp_path, "good").build(tmp_path / "site", "alone")
    page = visit(site / "alone" / "compare.html")
    assert "needs two evaluated models" in page.inner_text("#status")


# pictures


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


# models


def test_the_page_of_a_model_says_where_its_figures_come_from(visit, site):
    page = visit(site / "lab" / "models" / "patchy.html")
    text = page.inner_text("main")
    assert "harness eval -m patchy=recorded -t lab" in text
    assert "harness_plugins.recorded" in text
    assert "plugin\nrecorded of harness-eval" in text
    assert "9 failed" not in text
    assert page.locator("#failed + p").inner_text().startswith(f"{page.locator('#failed').count() * 27} failed")
    assert page.locator(".failures li").count() == 27
    assert "numpy" in text
    # The mean, three tasks of which one has two metrics, and two domains of each of those.
    assert page.locator(".scores tbody tr").count() == 1 + 4 + 4
    assert page.locator(".scores .f").count() == 9


def test_strengths_and_weaknesses_are_those_that_the_errors_tell_from_the_median(visit, site):
    page = visit(site / "lab" / "models" / "better.html")
    sections = page.locator(".two section").all_inner_texts()
    assert "texts auroc" in sections[0]
    assert "No figure lies clearly below" in sections[1]
