"""Whatever a model or data set wrote stays text, on every page of a site."""

import csv
import json
import re

import pytest

from harness.store import Store
from harness.store.cells import latest_cells

STRINGS = {
    "tags": "</script><script>window.hacked = 1</script> --></style></title></textarea></select></td></table>"
    '<img src=x onerror="window.hacked=1"><b>bold</b>',
    "attributes": '" onmouseover="window.hacked=1" autofocus onfocus=\'window.hacked=1\' x=" '
    "[x](javascript:window.hacked=1) javascript:window.hacked=1 <a href=javascript:window.hacked=1>x</a>",
    "escapes": "{{ 7 * 7 }} {% include 'x' %} ${window.hacked=1} `${1}` $x$ %{x} \u2028 \u2029 "
    "null\\u0000 \\ &lt;b&gt; &#60;i",
    "direction": "=cmd|' /C calc'!A0 \u202egnp.exe\u202c \u2066x\u2069",
}
HACKED = "window.hacked === undefined"


@pytest.fixture(scope="module", params=STRINGS, ids=lambda name: name.replace(" ", "-"))
def hostile(request, tmp_path_factory, new_lab):
    """(the string, the site of a store that is full of it)."""
    text = STRINGS[request.param]
    lab = new_lab(tmp_path_factory.mktemp("hostile"), hostile=" " + text)
    return text, lab.build(tmp_path_factory.mktemp("site"), texts=True, outcome=outcome(lab, text))


@pytest.fixture(scope="module")
def harmless(tmp_path_factory, new_lab):
    """The elements of a site without such strings."""
    lab = new_lab(tmp_path_factory.mktemp("harmless"), hostile=" harmless")
    return everything(lab.build(tmp_path_factory.mktemp("site"), texts=True, outcome=outcome(lab, "harmless")))


def outcome(lab, column):
    """A table of one outcome a model, in a column of that name."""
    with Store(lab.store) as store:
        labels = sorted({cell.label for cell in latest_cells(store, ["lab/pairs"])}, key=lambda label: label[-4:])
    file = lab.folder / "arena.csv"
    with file.open("w", encoding="utf-8", newline="") as stream:
        csv.writer(stream).writerows([["model", column], *([label, i * i] for i, label in enumerate(labels))])
    return file


def everything(site):
    """The elements of the pages in each folder, whatever the files are called."""
    folders = {}
    for file in site.rglob("*.html"):
        folders.setdefault(file.parent.relative_to(site), []).append(elements(file))
    return {folder: sorted(pages) for folder, pages in folders.items()}


def slug(site, name):
    """The name of a model's page, by the end of its label."""
    text = (site / "lab" / "compare" / "models.js").read_text("ascii")
    document = json.loads(text.removeprefix('harnessData("models",').removesuffix(");\n"))
    return next(model["slug"] for model in document["models"] if model["label"].endswith(f" {name}"))


def elements(file):
    import html.parser

    class Page(html.parser.HTMLParser):
        def __init__(self):
            super().__init__()
            self.found = []

        def handle_starttag(self, tag, attrs):
            self.found.append((tag, tuple(sorted(name for name, _ in attrs))))

    page = Page()
    page.feed(file.read_text("utf-8"))
    return [one for one in page.found if one != ("wbr", ())]


def test_no_text_adds_an_element_or_an_attribute_to_a_page(hostile, harmless):
    _, site = hostile
    assert everything(site) == harmless


def test_no_file_holds_what_turns_the_direction_of_writing(hostile):
    _, site = hostile
    for file in [*site.rglob("*.html"), *site.rglob("*.js")]:
        assert file.name == "plotly.min.js" or not re.search("[\u202a-\u202e\u2066-\u2069]", file.read_text("utf-8"))


def test_data_files_hold_no_markup(hostile):
    _, site = hostile
    for file in (site / "lab").rglob("*.js"):
        text = file.read_text("utf-8")
        assert text.startswith("harnessData(")
        assert not set("<>&") & set(text)
        assert text.isascii()
        assert text.count("\n") == 1


def test_a_browser_runs_nothing_and_shows_the_text(hostile, visit):
    text, site = hostile
    shown = text if "\u202e" not in text else text.encode("unicode_escape").decode()
    for file in site.rglob("*.html"):
        page = visit(file)
        page.mouse.move(200, 300)
        assert page.evaluate(HACKED), file
        assert page.locator("img, iframe, object, embed, a[href^=javascript]").count() == 0
        if file.parent.name == "models":
            assert _plain(shown) in _plain(page.locator("h1").text_content())


def _plain(text):
    """Return a text with single blanks; ends of lines of Unicode are the same as they are and as shown escapes."""
    return " ".join(text.replace("\\u2028", " ").replace("\\u2029", " ").split())


def test_a_comparison_and_its_items_show_the_text(hostile, visit):
    text, site = hostile
    good, patchy = slug(site, "good"), slug(site, "patchy")
    page = visit(site / "lab" / "compare.html", f"#models={good},{patchy}&domains=1&task=lab/pairs")
    page.locator("#items tbody tr").first.wait_for()
    for summary in page.locator("#items summary").all()[:5]:
        summary.click()
    assert page.evaluate(HACKED)
    assert page.locator("main img, main script, main a[href^=javascript]").count() == 0
    if "\u202e" not in text:
        assert _plain(text) in _plain(page.locator("#items details[open] pre").first.text_content())
    page.locator("#differences:not([hidden])").wait_for()
    assert page.locator("#pairs tbody tr").count() == 8


def test_pictures_show_names_as_text(hostile, visit):
    _text, site = hostile
    page = visit(site / "lab" / "tasks" / "choices.html")
    page.locator(".plot svg.main-svg").first.wait_for()
    assert page.evaluate(HACKED)
    assert page.locator(".plot a, .plot svg b, .plot svg script").count() == 0
    legend = page.locator(".legendtext").all_text_contents()
    assert any(name.endswith("good") for name in legend)
    known = page.evaluate("Object.values(chunks.pictures.labels)")
    shortened = {_plain(f"{label[:16]}…{label[-16:]}") for label in known}
    assert {_plain(name) for name in legend if "…" in name} == shortened


def test_matrices_show_names_as_text(hostile, visit):
    text, site = hostile
    page = visit(site / "lab" / "tasks" / "pairs.html")
    names = page.locator("#matrices th").all_text_contents()
    assert page.evaluate(HACKED)
    assert page.locator("#matrices a, #matrices b:not(figcaption b), #matrices script, #matrices img").count() == 0
    assert any(name.endswith("good") for name in names)
    if "\u202e" not in text and "\u2028" not in text:
        assert any(_plain(text) in _plain(name) for name in names)


def test_the_page_of_correlations_shows_names_as_text(hostile, visit):
    text, site = hostile
    page = visit(site / "lab" / "correlations.html")
    assert page.evaluate(HACKED)
    assert page.locator("main img, main script, main a, main b:not(.say b)").count() == 0
    if "\u202e" not in text and "\u2028" not in text:
        assert _plain(text) in _plain(page.locator("h1").text_content())


def test_csv_runs_no_formula(hostile, visit):
    _, site = hostile
    page = visit(site / "lab" / "index.html")
    with page.expect_download() as download:
        page.get_by_role("button", name="CSV").click()
    import csv
    import io

    rows = list(csv.reader(io.StringIO(download.value.path().read_text("utf-8"), newline="")))
    assert {len(row) for row in rows} == {len(rows[0])}
    assert not [cell for row in rows for cell in row if re.match(r"[=+@\t\r\n]", cell)]


def test_the_json_keeps_every_text_as_it_is(hostile):
    text, site = hostile
    document = json.loads((site / "lab" / "leaderboard.json").read_text("utf-8"))
    assert document["description"] == f"Three tasks. {text}"
    assert any(entry["model"] == f"{text} good" for entry in document["entries"])
