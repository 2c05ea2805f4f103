"""The page of a board in a browser: its picture, its rows, what columns mean, published against own, printing."""

import json

import pytest

from harness import build_leaderboard
from harness.leaderboard import against_published

from .conftest import state


@pytest.fixture(scope="session")
def long(lab, tmp_path_factory):
    """A board with 70 published rows, some of which have long names."""
    folder = tmp_path_factory.mktemp("long")
    figures = {
        f"organisation/a-model-with-a-long-name-{i:02d}": {"lab/texts:auroc": 0.5 + i / 500, "lab/pairs:accuracy": 0.6}
        for i in range(70)
    }
    (folder / "more.yaml").write_text(json.dumps({"source": "made up", "figures": figures}), "utf-8")
    return lab.build(folder / "site", published=[folder / "more.yaml"]) / "lab" / "index.html"


def test_the_picture_shows_each_model_at_its_place_between_the_ticks(board):
    lanes = board.locator(".lanes li")
    names = board.locator(".lanes li a").all_text_contents()
    table = board.locator("#board tbody .model a").all_text_contents()
    assert names == [name for name in table if name in names]
    assert lanes.locator("b").all_text_contents() == sorted(lanes.locator("b").all_text_contents(), reverse=True)
    ticks = board.evaluate(
        """() => [...document.querySelectorAll('.axis text:not(.chance)')]
        .map((text) => [Number(text.textContent), parseFloat(text.getAttribute('x'))])"""
    )
    (low, at_low), (high, at_high) = ticks[0], ticks[-1]
    assert at_low < at_high
    paths = board.evaluate(
        "['.range', '.dot:not(.theirs):not(.hole)'].map((p) => document.querySelector(`.lanes ${p}`).getAttribute('d'))"
    )
    dots = [float(part.split()[0]) / 10 for part in paths[1].split("M")[1:]]
    own = [float(text) for text in board.locator(".lanes li.own b").all_text_contents()]
    for value, at in zip(own, dots, strict=True):
        assert at == pytest.approx(at_low + (value - low) * (at_high - at_low) / (high - low), abs=0.15)


def test_the_picture_marks_chance_where_the_metric_says_it(visit, site):
    page = visit(site / "lab" / "index.html")
    assert page.locator(".axis .chance").text_content() == "chance 50"
    ticks = page.locator(".axis text:not(.chance)").all()
    (low, at_low), (high, at_high) = (
        (float(t.text_content()), float(t.get_attribute("x").rstrip("%"))) for t in (ticks[0], ticks[-1])
    )
    at = float(page.locator(".axis .chance").get_attribute("x").rstrip("%"))
    assert at == pytest.approx(at_low + (50 - low) * (at_high - at_low) / (high - low), abs=0.15)
    assert page.locator("path.chance").get_attribute("d").split()[0] == f"M{10 * at}"


def test_the_picture_has_no_script_and_no_style_of_its_own(site):
    page = (site / "lab" / "index.html").read_text("utf-8")
    picture = page[page.index("<figure") : page.index("</figure>")]
    assert "style=" not in picture
    assert "<script" not in picture


def test_a_long_board_draws_its_own_models_and_says_how_many_more_there_are(visit, long):
    page = visit(long)
    names = page.locator(".lanes li a").all_text_contents()
    assert len(names) == 16
    assert {"good", "better", "poor"} < set(names)
    assert "more in the table" in page.locator(".picture .facts").inner_text()


def test_twenty_rows_of_one_line_fit_a_window(visit, long):
    page = visit(long)
    page.set_viewport_size({"width": 1280, "height": 1100})
    page.locator("#board tbody:not(:has(.later))").wait_for()
    page.evaluate("document.querySelector('.frame').scrollIntoView()")
    seen = """() => [...document.querySelectorAll('#board tbody tr:not(.divider)')].filter((row) => {
      const { top, bottom } = row.getBoundingClientRect();
      const frame = document.querySelector('.frame').getBoundingClientRect();
      return top >= 0 && bottom <= frame.bottom && bottom <= innerHeight;
    }).length"""
    assert page.evaluate(seen) >= 20
    heights = page.evaluate(
        "[...document.querySelectorAll('#board tbody tr')].slice(0, 30).map((row) => row.offsetHeight)"
    )
    assert max(heights) <= 32
    page.locator("#roomy").click()
    assert state(page)["rows"] == ["roomy"]
    assert page.locator("#roomy").get_attribute("aria-pressed") == "true"
    assert page.evaluate("document.querySelector('#board tr.own').offsetHeight") > 32


@pytest.mark.parametrize("width", [1400, 1920])
def test_wide_windows_are_used_whole(visit, site, width):
    page = visit(site / "lab" / "index.html", width=width)
    assert page.evaluate("document.body.offsetWidth") >= width - 20


def test_an_edge_fades_while_there_is_more_to_the_right(visit, site):
    page = visit(site / "lab" / "index.html", width=700)
    page.locator(".frame.more").wait_for()
    page.locator(".frame .scroll").evaluate("scroll => (scroll.scrollLeft = scroll.scrollWidth)")
    page.locator(".frame:not(.more)").wait_for()


def test_heads_stand_in_groups_of_their_task_that_follow_hidden_columns(board):
    groups = "[...document.querySelector('.groups').cells].map((cell) => [cell.innerText.trim(), cell.colSpan])"
    assert board.evaluate(groups) == [
        ["", 1],
        ["", 1],
        ["", 1],
        ["", 1],
        ["texts", 1],
        ["pairs", 2],
        ["choices", 1],
        ["", 1],
    ]
    board.locator("summary", has_text="Columns").click()
    board.locator('[data-column="lab/texts:auroc"]').uncheck()
    board.locator('[data-column="lab/pairs:accuracy:easy"]').check()
    assert board.evaluate(groups)[4:] == [["pairs", 3], ["choices", 1], ["", 1]]
    heading = board.get_by_role("columnheader", name="pairs accuracy · easy")
    assert heading.locator("button").first.inner_text().split("\n")[-1].startswith("accuracy")


def test_a_heading_explains_itself_on_pointing_focus_and_touch(board):
    box = board.locator("#about")
    heading = board.locator('th[data-key="lab/pairs:tie_rate"]')
    what = heading.locator(".what")
    heading.hover()
    box.wait_for(state="visible")
    assert "60 items" in box.inner_text()
    assert "Lower is better" in box.inner_text()
    assert what.get_attribute("aria-describedby") == "about"
    board.keyboard.press("Escape")
    assert not box.is_visible()
    heading.locator("button").first.focus()
    board.keyboard.press("Tab")
    assert box.is_visible()
    assert what.get_attribute("aria-expanded") == "true"
    board.keyboard.press("Tab")
    assert "tie_rate" not in (box.inner_text() if box.is_visible() else "")
    what.dispatch_event("click")
    assert box.is_visible()
    place = box.bounding_box()
    assert place["x"] >= 0
    assert place["x"] + place["width"] <= 1280
    assert place["y"] + place["height"] <= 900


def test_what_columns_mean_can_be_read_without_scripts(site):
    page = (site / "lab" / "index.html").read_text("utf-8")
    how = page[page.index('<details class="howto">') : page.index("</details>")]
    for word in ("mean", "auroc", "accuracy", "tie_rate", "best_of_k_accuracy"):
        assert f'data-about="{word}"' in how


def test_rows_evaluated_here_stand_out_beside_published_ones(board):
    own = board.locator("#board tr.own")
    assert own.count() == 5
    assert own.locator(".badge.here").all_text_contents() == ["evaluated here"] * 5
    assert board.locator(".badge.best").first.inner_text().endswith("tied with the best evaluated here")
    board.get_by_role("link", name="evaluated here").click()
    assert board.evaluate("document.activeElement.closest('tr').className").count("own") == 1
    assert state(board) == {}


def test_without_published_rows_nothing_is_marked(visit, site):
    page = visit(site / "alone" / "index.html")
    assert page.locator("tr.own, .badge.here, #against, #to-own").count() == 0


def test_published_figures_are_held_against_an_own_interval(board, lab, visit, site):
    data = against_published(build_leaderboard("lab", store=lab.store, registry=lab.registry))
    assert json.loads((site / "lab" / "leaderboard.json").read_text("utf-8"))["against_published"] == data
    board.locator("#against").select_option("good")
    assert state(board)["against"] == ["good"]
    words = {"<": "worse", "=": "inside", ">": "better"}
    lower = {"<": "better", "=": "inside", ">": "worse"}
    for key, places in data["places"].items():
        for model, sign in zip(data["models"], places["good"], strict=True):
            row = board.locator("#board tr.published").filter(has=board.get_by_role("link", name=model, exact=True))
            index = board.locator(f'th[data-key="{key}"]').evaluate("cell => cell.cellIndex")
            marks = row.locator(f":scope > :nth-child({index + 1}) .sign")
            wanted = (lower if key.endswith("tie_rate") else words).get(sign)
            assert [mark.get_attribute("class") for mark in marks.all()] == ([f"sign {wanted}"] if wanted else [])
    assert "interval of good" in board.locator("#against-said").inner_text()
    other = visit(site / "lab" / "index.html", "#against=good")
    assert other.locator("#board .sign").count() == board.locator("#board .sign").count() > 0
    with other.expect_download() as download:
        other.get_by_role("button", name="CSV").click()
    assert "interval of" not in download.value.path().read_text("utf-8")
    other.get_by_role("button", name="Reset").click()
    assert other.locator("#board .sign").count() == 0


def test_names_stay_on_one_line_and_rules_are_whole(visit, long):
    page = visit(long, width=1400)
    lines = page.evaluate(
        "[...document.querySelectorAll('#board tbody .model a')].slice(0, 30).map((a) => a.getClientRects().length)"
    )
    assert set(lines) == {1}
    edges = page.evaluate("""() => [...document.querySelectorAll('#board tbody tr:not(.divider)')]
      .slice(0, 30).map((row) => new Set([...row.cells].map((cell) => cell.getBoundingClientRect().bottom)).size)""")
    assert set(edges) == {1}
    assert all(
        bottom == int(bottom)
        for bottom in page.evaluate(
            "[...document.querySelectorAll('#board tbody tr')].slice(0, 30).map((row) => row.offsetHeight + 0.0)"
        )
    )


def test_all_rows_and_columns_are_printed_with_their_head_on_every_page(visit, long):
    page = visit(long)
    page.set_viewport_size({"width": 1050, "height": 740})  # A4 across, within margins
    page.emulate_media(media="print")
    table = page.locator("#board")
    assert table.evaluate("t => t.offsetWidth <= document.documentElement.clientWidth")
    assert page.locator("#board tbody tr[data-slug]:visible").count() == 77
    assert page.locator("#board thead").evaluate("t => getComputedStyle(t).display") == "table-header-group"
    assert page.locator("#board .pin:visible, .controls:visible, #board .what:visible").count() == 0
    assert page.locator(".scroll").evaluate("s => s.clientHeight >= document.querySelector('#board').offsetHeight")
    assert page.locator("#board td i").first.evaluate("i => getComputedStyle(i).fontSize !== '0px'")
