"""``harness docs`` answers what users ask, from the glossary, the pages and every plugin's README."""

import subprocess
import sys

import pytest

from harness.documentation.passages import GLOSSARY, anchor, passages_of
from harness.documentation.places import documents


@pytest.mark.parametrize(
    ("question", "page"),
    [
        ("threshold at 1 % false alarms", "docs/how-to/threshold-at-1-percent.md"),
        ('what does "detectable" mean', "docs/how-to/what-detectable-means.md"),
        ("price of an API run", "docs/how-to/price-of-a-run.md"),
        ("chance level of a metric", "docs/how-to/chance-level.md"),
        ("taking a model off the page", "docs/how-to/take-a-model-off-the-page.md"),
        ("compare with published figure", "docs/how-to/compare-with-a-published-figure.md"),
        ("private data without python", "docs/how-to/private-data-without-python.md"),
        ("judge server", "docs/how-to/judge-behind-a-server.md"),
        ("killed", "docs/how-to/resume-after-a-kill.md"),
        ("merge machines", "docs/how-to/merge-two-machines.md"),
        ("leaderboard in CI", "docs/how-to/leaderboard-in-ci.md"),
        ("why tied", "docs/how-to/why-tied.md"),
        ("which kind fits", "docs/how-to/which-task-kind.md"),
    ],
)
def test_a_question_that_users_ask_is_answered_first(harness, question, page):
    found = harness("docs", *question.split(), "--json").document["passages"]
    # Where the words are an entry of the glossary, the page that the entry leads to is second.
    first = found[1] if found[0]["document"] == GLOSSARY else found[0]
    assert first["document"] == page


@pytest.mark.parametrize("command", ["forget", "onboard", "matrix", "compare"])
def test_the_name_of_a_command_is_answered_by_the_command(harness, command):
    first = harness("docs", command, "--json").document["passages"][0]
    assert (first["document"], first["heading"]) == ("docs/cli.md", f"harness {command}")


WORDS = (
    "cell detectable adapters @compat domain tied chance constant generated interval prevalence better p n failed "
    "published * †"
)


@pytest.mark.parametrize(
    "word", [*WORDS.split(), "at chance", "win rate", "not resolvable", "Tied with the best", "n_failed"]
)
def test_a_word_of_the_output_has_an_entry(harness, word):
    found = harness("docs", word, "--json").document["passages"][0]
    assert found["document"] == GLOSSARY
    assert found["exact"]


def test_the_entry_is_printed_and_then_where_more_is(harness):
    done = harness("docs", "detectable")
    assert done.code == 0
    assert done.out.index("docs/glossary.md#detectable") < done.out.index("docs/how-to/what-detectable-means.md")
    assert "four times out of" in done.out
    assert "\x1b" not in done.out


def test_a_misspelt_word_is_taken_for_the_nearest_which_is_said(harness):
    done = harness("docs", "detectabel", "--json")
    assert done.document["instead"] == {"detectabel": "detectable"}
    assert done.document["passages"][0]["place"] == "docs/glossary.md#detectable"
    assert "'detectable'" in harness("docs", "detectabel").err


def test_what_nothing_mentions_is_status_1(harness):
    done = harness("docs", "xylophonequark")
    assert (done.code, done.out) == (1, "")
    assert "harness docs lists" in done.err
    assert harness("docs", "xylophonequark", "--json").document["passages"] == []


def test_without_words_every_page_is_listed(harness):
    pages = {page["document"] for page in harness("docs", "--json").document["pages"]}
    assert pages == set(documents())
    assert {"README.md", "docs/glossary.md", "plugins/hf/README.md", "plugins/muli/README.md"} <= pages
    assert all(name in harness("docs").out for name in pages)


def test_the_readme_of_somebody_elses_plugin_is_found(harness, tmp_path, monkeypatch, add_plugin):
    folder = add_plugin("flute", "", module="flute_plugin")
    (folder / "flute_plugin.py").unlink()
    (folder / "flute_plugin").mkdir()
    (folder / "flute_plugin" / "__init__.py").write_text("raise RuntimeError('it is not imported')\n")
    (folder / "flute_plugin" / "README.md").write_text("# flute\n\nScores by xylophonequark.\n")
    found = harness("docs", "xylophonequark", "--json").document["passages"]
    assert [one["document"] for one in found] == ["plugins/flute/README.md"]


def test_a_readme_beside_a_module_is_nobodys(harness, add_plugin):
    folder = add_plugin("reed", "")
    (folder / "README.md").write_text("# everything installed\n\nxylophonequark\n")
    assert harness("docs", "xylophonequark").code == 1


def test_open_opens_the_built_page(harness, tmp_path, monkeypatch):
    from harness.documentation import places

    opened = []
    monkeypatch.setattr("click.launch", opened.append)
    monkeypatch.setattr(places, "built_page", lambda name: None)
    done = harness("docs", "detectable", "--open")
    assert done.code == 2
    assert "docs/build.py" in done.err
    monkeypatch.setattr(places, "built_page", lambda name: tmp_path / name)
    assert harness("docs", "detectable", "--open").code == 0
    assert opened[0].startswith("file:///")
    assert opened[0].endswith("docs/glossary.md#detectable")


def test_a_document_cannot_command_the_terminal(harness, add_plugin):
    folder = add_plugin("rude", "", module="rude_plugin")
    (folder / "rude_plugin.py").unlink()
    (folder / "rude_plugin").mkdir()
    (folder / "rude_plugin" / "__init__.py").write_text("")
    (folder / "rude_plugin" / "README.md").write_text("# rude\x1b[2J\n\nxylophonequark\x1b]0;title\x07\n")
    assert "\x1b" not in harness("docs", "xylophonequark").out


def test_it_imports_nothing_heavy(project):
    code = (
        "import sys; from harness.cli.main import run; assert run(['docs', 'detectable']) == 0; "
        "print('LOADED', [m for m in ('numpy', 'rich', 'torch', 'sqlalchemy', 'jinja2') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60)
    assert done.stdout.splitlines()[-1] == "LOADED []"


# passages


def test_headings_inside_code_begin_no_passage(tmp_path):
    path = tmp_path / "page.md"
    path.write_text("# Page\n\nOne.\n\n````\n```\n# no heading\n```\n````\n\n## Two `x`\n\nText.\n\n## Empty\n")
    found = list(passages_of("page.md", path))
    assert [(one.heading, one.line) for one in found] == [("Page", 1), ("Two x", 11)]
    assert "# no heading" in found[0].text
    assert found[1].place == "page.md#two-x"


def test_the_glossary_explains_each_word_once_in_alphabetical_order():
    found = list(passages_of(GLOSSARY, documents()[GLOSSARY]))[1:]
    names = [name for one in found for name in one.names]
    assert [name for name in names if names.count(name) > 1] == []
    headings = [one.names[0] for one in found]
    assert headings == sorted(headings, key=lambda name: (name[0].isalpha(), name.replace("-", " ")))


def test_anchors_are_those_of_forges():
    assert anchor("How do I read @compat, adapters?") == "how-do-i-read-compat-adapters"
