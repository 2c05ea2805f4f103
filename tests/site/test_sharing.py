"""What a link to a page says to who is sent it: title, description, picture, citation."""

import hashlib
import itertools
import json
import math
import re
from io import BytesIO

import pytest
from harness_plugins.site import preview, summary
from harness_plugins.site.content import gather

from harness import build_site
from harness.errors import UsageError
from harness.leaderboard.outputs import web_address
from harness.store import Store

ADDRESS = "https://example.org/boards/"


@pytest.fixture(scope="module")
def addressed(lab, tmp_path_factory):
    """The site of two benchmarks whose address is known."""
    return lab.build(tmp_path_factory.mktemp("addressed"), "lab", "alone", url=ADDRESS.rstrip("/"))


def head(page):
    """Title, and the contents of the elements ``meta`` and ``link`` by name."""
    text = page.read_text("utf-8").partition("</head>")[0]
    found = dict(re.findall(r'<(?:meta|link) (?:name|property|rel)="([^"]+)" (?:content|href)="([^"]*)"', text))
    return {"title": re.search("<title>(.*)</title>", text)[1], **found}


def test_every_page_has_a_title_of_its_own_a_description_and_a_picture(addressed):
    titles = []
    for page in addressed.rglob("*.html"):
        if page.name == "404.html":
            continue
        said = head(page)
        titles.append(said["title"])
        assert len(said["description"]) > 10, page
        assert said["twitter:card"] == "summary_large_image"
        assert (addressed / said["og:image"].removeprefix(ADDRESS)).is_file(), page
        path = page.relative_to(addressed).as_posix().removesuffix("index.html")
        assert said["canonical"] == said["og:url"] == ADDRESS + path
        assert said["icon"].startswith("data:image/svg+xml,")
    assert len(set(titles)) == len(titles)


def test_the_title_of_a_board_is_its_result(addressed, site, lab):
    with Store(lab.store) as store:
        content = gather(lab.registry, store, "lab")
    best = [entry.model for entry in content.board.entries if entry.tied_with_best]
    tied = f", {len(best)} tied" if len(best) > 1 else ""
    for folder in (addressed, site):
        said = head(folder / "lab" / "index.html")
        assert said["title"] == said["og:title"] == f"lab leaderboard: {best[0]} leads{tied}"
        assert said["og:description"] == said["description"]
        assert best[0] in said["description"]


def test_without_an_address_pictures_are_relative_and_there_is_no_page_for_lost_readers(site):
    for page in site.rglob("*.html"):
        said = head(page)
        assert "canonical" not in said
        assert (page.parent / said["og:image"]).resolve().is_file(), page
    assert not (site / "404.html").exists()


def test_lost_readers_find_the_way_back_from_any_depth(addressed):
    text = (addressed / "404.html").read_text("utf-8")
    assert f'<a href="{ADDRESS}">All leaderboards</a>' in text
    assert all(target.startswith((ADDRESS, "#", "data:")) for target in re.findall(r'(?:href|src)="([^"]*)"', text))


def test_pictures_have_the_size_that_previews_ask_for_are_small_and_always_the_same(addressed, site):
    from PIL import Image

    pictures = list(addressed.rglob("preview.png"))
    assert len(pictures) == 3  # of each board, and of the index
    for picture in pictures:
        content = picture.read_bytes()
        assert Image.open(BytesIO(content)).size == (1200, 630)
        assert len(content) < 40_000
        assert content == (site / picture.relative_to(addressed)).read_bytes()


def test_a_picture_shows_names_of_any_script_and_length():
    row = summary.PlacedRow("模型 " + "é" * 200, "m", False, True, "62.29", "[57.1, 67.2]", 50.0, 40.0, 60.0, 30.0)
    column = type("Column", (), {"title": "mean", "higher_is_better": True})()
    top = summary.TopRows(column, [row] * 5, ("0.00", "100.00"))
    drawn = preview.board_preview("b" * 300, "word " * 300, top, "foot " * 90)
    assert drawn.startswith(b"\x89PNG")
    assert preview._plain("Café – 模型\u202e") == "Cafe - ??\\u202e"
    assert preview._font(20).getlength(preview._fitted("m" * 400, 20, 300)) <= 300


def test_the_picture_has_the_first_five_rows_on_one_axis(lab):
    with Store(lab.store) as store:
        content = gather(lab.registry, store, "lab")
    top = summary.top_rows(content)
    assert top.column.key == content.board.ranking
    figures = {row.slug: row.figures.get(top.column.key) for row in content.rows}
    shown = [row for row in top.rows if not row.published]
    assert [row.label for row in shown] == [e.model for e in content.board.entries if e.rank is not None][:5]
    for row in top.rows:
        assert 0 <= row.low <= row.at <= row.high <= 100
    low, high = (min(top.rows, key=lambda r: r.at), max(top.rows, key=lambda r: r.at))
    scale = (high.at - low.at) / (figures[high.slug].value - figures[low.slug].value)
    for row in shown:
        assert row.at - low.at == pytest.approx(scale * (figures[row.slug].value - figures[low.slug].value), abs=0.02)
        assert math.isfinite(figures[row.slug].low) == bool(row.interval)


def test_a_board_says_how_it_was_made_and_how_to_cite_it(addressed, visit):
    board = addressed / "lab" / "leaderboard.json"
    digest = hashlib.sha256(board.read_bytes()).hexdigest()
    assert json.loads(board.read_text("utf-8"))["benchmark"] == "lab"
    page = visit(addressed / "lab" / "index.html")
    foot = page.locator("footer")
    assert digest[:12] in foot.inner_text()
    assert f"harness leaderboard lab alone -o site/ --url {ADDRESS}" in foot.inner_text()
    page.get_by_text("Cite this leaderboard").click()
    citation = page.inner_text("#citation")
    assert digest in citation
    assert f"\\url{{{ADDRESS}lab/}}" in citation
    assert citation.count("{") == citation.count("}")


def test_links_and_citations_are_copied(site, visit):
    page = visit(site / "lab" / "index.html", "#q=good")
    page.evaluate("() => { navigator.clipboard.writeText = async (text) => { window.copied = text; }; }")
    page.get_by_role("button", name="Copy link").click()
    page.locator("#copy-link", has_text="Copied").wait_for()
    assert page.evaluate("window.copied") == page.evaluate("location.href")
    page.get_by_text("Cite this leaderboard").click()
    page.locator("footer").get_by_role("button", name="Copy").click()
    page.locator("footer button", has_text="Copied").wait_for()
    assert page.evaluate("window.copied") == page.locator("#citation").text_content()


@pytest.mark.parametrize(
    "text",
    ["example.org", "ftp://example.org/", "https://", "https://a b.org/", "https://[x/", "https://e.org/?q=1", ""],
)
def test_what_is_no_address_is_refused_before_any_work(text, lab, tmp_path):
    with pytest.raises(UsageError) as error:
        build_site(["lab"], tmp_path / "site", store=lab.store, registry=lab.registry, url=text)
    assert repr(text) in str(error.value)
    assert not (tmp_path / "site").exists()


def test_an_address_with_a_password_is_refused_and_not_repeated():
    with pytest.raises(UsageError) as error:
        web_address("https://me:secret@example.org/")
    assert "secret" not in str(error.value)


def test_the_index_shows_who_is_best_and_a_picture_of_the_first_rows(site, visit):
    page = visit(site / "index.html")
    card = page.locator(".card", has_text="Three tasks.")
    assert "with every task" in card.locator(".verdict").inner_text()
    rows = card.locator(".mini tbody tr")
    assert rows.count() == 5
    assert rows.locator("svg").count() == 5
    assert rows.locator("th bdi").first.bounding_box()["width"] > 0


def test_headings_descend_one_level_at_a_time_and_every_table_has_a_caption(site, visit):
    for file in site.rglob("*.html"):
        page = visit(file)
        page.wait_for_load_state()
        levels = page.evaluate("[...document.querySelectorAll('h1,h2,h3,h4')].map((h) => Number(h.tagName[1]))")
        assert levels[0] == 1, file
        assert levels.count(1) == 1, file
        assert all(after - before <= 1 for before, after in itertools.pairwise(levels)), file
        assert page.evaluate("[...document.querySelectorAll('table')].every((t) => t.caption?.textContent)"), file
