"""The documentation as a site: which pages, in which groups; and, where the generator is installed, that it builds."""

import importlib.util
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def conf():
    """The settings of the site."""
    spec = importlib.util.spec_from_file_location("documentation_conf", ROOT / "docs" / "conf.py")
    module = importlib.util.module_from_spec(spec)
    kept = list(sys.path)
    spec.loader.exec_module(module)
    sys.path[:] = kept
    return module


def name(path):
    return path.relative_to(ROOT).with_suffix("").as_posix()


def test_every_page_is_in_one_group_of_the_sidebar_or_below_a_page(conf):
    pages = {name(path) for part in conf.include_patterns for path in ROOT.glob(part)}
    grouped = [page for pages in conf.GROUPS.values() for page in pages]
    below = [name(path) for part in conf.BELOW.values() for path in ROOT.glob(part)]
    placed = grouped + [page for page in below if page not in conf.BELOW]
    assert sorted(placed) == sorted(set(placed)), "a page has two places"
    assert set(placed) == pages - {conf.root_doc}
    assert list(conf.GROUPS) == ["Start", "Do", "Know", "Extend"]


@pytest.mark.parametrize(
    ("folder", "text", "shown"),
    [
        ("docs", "[metrics](metrics.md#chance)", "[metrics](metrics.md#chance)"),
        ("docs", "[an example](../examples/passage-ranking)", "[an example](../examples/passage-ranking/README.md)"),
        ("plugins/detectors", "[template file](guards)", "template file"),
        ("docs", "[answer_checks.py](../harness/capabilities/answer_checks.py)", "answer_checks.py"),
        ("docs", "[paper](https://arxiv.org/abs/2410.14872)", "[paper](https://arxiv.org/abs/2410.14872)"),
    ],
)
def test_links_to_what_has_no_page_are_shown_as_text(conf, folder, text, shown):
    assert conf._LINK.sub(lambda found: conf._link(found, Path(folder)), text) == shown


def test_code_is_left_as_it_is(conf):
    text = "[a](b.py)\n\n````\n```\n[a](b.py)\n```\n````\n\n[c](d.py)\n"
    changed = conf._outside_code(text, lambda part: part.replace("[", "<"))
    assert changed == "<a](b.py)\n\n````\n```\n[a](b.py)\n```\n````\n\n<c](d.py)\n"


def test_a_picture_follows_the_scheme_that_the_reader_chose(conf):
    found = re.search(r"<picture>.*?</picture>", (ROOT / "README.md").read_text("utf-8"), re.DOTALL)
    shown = conf._both_schemes(found[0])
    assert [re.search(r'class="([\w-]+)".*src="([^"]+)"', part).groups() for part in shown.split(">")[:2]] == [
        ("only-light", "docs/pictures/board-light.webp"),
        ("only-dark", "docs/pictures/board-dark.webp"),
    ]


def test_the_pictures_of_the_readme_are_there_and_small():
    text = (ROOT / "README.md").read_text("utf-8")
    pictures = set(re.findall(r'(?:src|srcset)="([^"]+)"', text))
    assert pictures == {path.relative_to(ROOT).as_posix() for path in ROOT.glob("docs/pictures/*")}
    assert len(pictures) == 4
    assert all((ROOT / picture).stat().st_size <= 60_000 for picture in pictures)


@pytest.mark.slow
def test_the_site_builds_without_a_warning_and_asks_nothing_of_any_network(tmp_path):
    pytest.importorskip("sphinx", reason="the extra docs is not installed")
    pytest.importorskip("furo", reason="the extra docs is not installed")
    site = tmp_path / "site"
    done = subprocess.run(
        [sys.executable, ROOT / "docs" / "build.py", site], capture_output=True, text=True, timeout=300, check=False
    )
    assert done.returncode == 0, done.stderr
    assert (site / "index.html").is_file()
    assert (site / "searchindex.js").is_file()
    outside = re.compile(r'<(?:script|link|img|iframe)[^>]*(?:src|href)="(?:https?:)?//[^"]*"')
    assert {found[0] for page in site.rglob("*.html") for found in outside.finditer(page.read_text("utf-8"))} == set()
    reference = (site / "docs" / "api.html").read_text("utf-8")
    assert 'id="harness.evaluate"' in reference
    assert 'id="harness.stats.wilson"' in reference


@pytest.mark.slow
@pytest.mark.usefixtures("browser")  # there is one; the script starts its own, in a process of its own
def test_the_pictures_can_be_taken_again(tmp_path):
    command = [sys.executable, "-m", "tools.pictures", tmp_path]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=300, check=False)
    assert done.returncode == 0, done.stderr
    assert sorted(path.name for path in tmp_path.iterdir()) == sorted(
        path.name for path in (ROOT / "docs" / "pictures").iterdir()
    )
