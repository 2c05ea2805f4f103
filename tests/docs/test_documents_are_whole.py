"""Whatever has a name is documented, and what is documented is there."""

import importlib.util
import inspect
import re
from pathlib import Path

import click
import pytest
import yaml

from harness import hooks
from harness.cli.main import COMMANDS, cli
from harness.names.registry import Registry
from harness.tasks.schema import SCHEMAS

ROOT = Path(__file__).parents[2]
DOCS = ROOT / "docs"
OWN = "harness-eval"
BLOCK = re.compile(r"```.*?```", re.S)


def read(path):
    return (ROOT / path).read_text("utf-8")


def documents():
    """Every Markdown file that is meant for people."""
    found = [ROOT / name for name in ("README.md", "CHANGELOG.md", "CONTRIBUTING.md")]
    found += [ROOT / "plugins" / "README.md", *sorted(DOCS.rglob("*.md")), *sorted(ROOT.glob("plugins/*/README.md"))]
    found += sorted(ROOT.glob("examples/*/*.md"))
    return found


# hooks and commands


def hook_names():
    return [name for name, function in vars(hooks).items() if hasattr(function, "harness_spec")]


@pytest.mark.parametrize("name", hook_names())
def test_every_hook_has_a_heading_with_its_arguments(name):
    arguments = ", ".join(inspect.signature(getattr(hooks, name)).parameters)
    assert f"\n### `{name}({arguments})`\n" in read("docs/plugins-and-hooks.md")


def test_no_heading_names_a_hook_that_does_not_exist():
    headings = re.findall(r"^### `(\w+)\(", read("docs/plugins-and-hooks.md"), re.M)
    assert sorted(headings) == sorted(hook_names())


@pytest.mark.parametrize("name", ["cli", "modules"])
def test_a_generated_page_is_as_its_script_makes_it(name):
    spec = importlib.util.spec_from_file_location(f"generate_{name}", DOCS / f"generate_{name}.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    assert read(f"docs/{name}.md") == module.page(), f"run: python docs/generate_{name}.py"


def test_every_module_says_in_a_line_what_happens_there():
    rows = re.findall(r"^\| `([\w.]+)` \| (.*) \|$", read("docs/modules.md"), re.MULTILINE)
    assert len(rows) > 400
    assert [name for name, sentence in rows if len(sentence.split()) < 2] == []


PLUGINS_COMMANDS = (
    *(
        "audit",
        "cache",
        "correlate",
        "curate",
        "difficulty",
        "distil",
        "duel",
        "explain",
        "judge-card",
        "leave-out",
        "model-map",
        "onboard",
        "safety-report",
    ),
    *("short-test", "threshold", "view"),
)


@pytest.mark.parametrize("name", [*COMMANDS, *PLUGINS_COMMANDS])
def test_every_option_is_on_the_page_of_commands(name):
    section = read("docs/cli.md").split(f"\n## harness {name}\n")[1].split("\n## ")[0]
    command = cli.get_command(click.Context(cli), name)
    missing = [
        text for option in command.params for text in option.opts if text.startswith("-") and text not in section
    ]
    assert missing == []


# registered names


PAGES = {
    "capability": "docs/models.md",
    "model": "docs/models.md",
    "task kind": "docs/tasks.md",
    "metric": "docs/metrics.md",
    "trainer": "docs/trainers.md",
    "adapter": "docs/adapters.md",
    "aggregate": "docs/benchmarks-and-leaderboards.md",
    "importer": "docs/recorded-results.md",
    "publisher": "docs/site.md",
    "analysis": "docs/predicting-outcomes.md",
}


@pytest.mark.parametrize("kind", PAGES)
def test_every_registered_name_has_an_entry(kind):
    """A row of a table that begins with the name, on the page of its kind or in the README of its plugin."""
    registry = Registry()
    missing = []
    for entry in registry.entries(kind):
        if entry.distribution != OWN:
            continue
        own = ROOT / "plugins" / entry.plugin / "README.md"
        pages = read(PAGES[kind]) + (own.read_text("utf-8") if own.is_file() else "")
        if not re.search(rf"^\|[^|]*`{re.escape(entry.name)}`[^|]*\|", pages, re.M):
            missing.append(f"{entry.name} (plugin {entry.plugin})")
    assert missing == []


def test_every_plugin_that_ships_has_a_readme_and_is_listed():
    page = read("docs/plugins-and-hooks.md")
    for plugin in Registry().plugins.found:
        if plugin.distribution == OWN and plugin.module.startswith("harness_plugins."):
            folder = plugin.module.removeprefix("harness_plugins.")
            assert (ROOT / "plugins" / folder / "README.md").is_file(), f"plugins/{folder}/README.md is missing"
            assert f"`{plugin.name}`" in page, f"{plugin.name} is not in docs/plugins-and-hooks.md"


def test_every_benchmark_that_ships_is_in_the_readme():
    own = [path.parent.relative_to(ROOT / "tasks").as_posix() for path in ROOT.glob("tasks/**/benchmark.yaml")]
    assert own
    assert [name for name in own if f"`{name}`" not in read("README.md")] == []


# examples of YAML


@pytest.mark.parametrize(
    ("page", "schema"),
    [
        ("models.md", "registry"),
        ("tasks.md", "task"),
        ("benchmarks-and-leaderboards.md", "benchmark"),
        ("run-files.md", "run"),
    ],
)
def test_the_first_yaml_of_a_page_follows_its_schema(page, schema):
    text = re.search(r"^```yaml\n(.*?)^```$", read(f"docs/{page}"), re.S | re.M)[1]
    SCHEMAS[schema].model_validate(yaml.safe_load(text))


# links and commands


def anchors(path):
    """The anchors of a page's headings, as GitHub makes them."""
    headings = re.findall(r"^#+ (.+)$", BLOCK.sub("", path.read_text("utf-8")), re.M)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


@pytest.mark.parametrize("path", documents(), ids=lambda path: str(path.relative_to(ROOT)))
def test_links_between_documents_resolve(path):
    broken = []
    for target in re.findall(r"\]\(([^)\s]+)\)", BLOCK.sub("", path.read_text("utf-8"))):
        if target.startswith(("http://", "https://")):
            continue
        place, _, anchor = target.partition("#")
        file = (path.parent / place).resolve() if place else path
        if not file.exists() or (anchor and anchor not in anchors(file)):
            broken.append(target)
    assert broken == []


def linked_from(path):
    """The documents that a page leads to."""
    page = ROOT / path
    targets = re.findall(r"\]\(([^)\s#]+\.md)", page.read_text("utf-8"))
    return {(page.parent / target).resolve() for target in targets}


def test_every_page_is_on_the_map():
    assert set(DOCS.glob("*.md")) - {DOCS / "index.md"} <= linked_from("docs/index.md")


def test_every_plugins_readme_is_on_the_map_and_on_the_page_of_plugins():
    readmes = set(ROOT.glob("plugins/*/README.md"))
    assert readmes <= linked_from("docs/index.md")
    assert readmes <= linked_from("plugins/README.md")


def test_every_answer_is_on_the_page_of_questions():
    answers = set(DOCS.glob("how-to/*.md")) - {DOCS / "how-to" / "README.md"}
    assert answers <= linked_from("docs/how-to/README.md")
    assert len(answers) >= 12


def test_every_method_has_its_line_in_the_readme():
    """A plugin with a method of its own is in a row with a command."""
    rows = re.findall(r"^\| \[.*\]\((.*?)\).* \| `(harness .*)` \|$", read("README.md"), re.M)
    linked = " ".join(target for target, _ in rows)
    methods = (
        "ppe",
        "muli",
        "curation",
        "toxicity",
        "detectors",
        "judging",
        "lm_eval",
        "reward_benchmarks",
        "outcomes",
    )
    assert [name for name in methods if name not in linked] == []


def test_the_readme_begins_with_three_commands_and_the_last_is_the_one_that_is_run_on_every_change():
    blocks = re.findall(r"^```sh\n(.*?)^```$", read("README.md").split("\n## ")[0], re.S | re.M)
    assert [block.strip() for block in blocks] == [
        "pip install -c constraints.txt . && harness eval quickstart",
        "harness view",
        "pip install -c constraints.txt '.[test]' && pytest",
    ]
    pattern = re.search(r"grep -m1 '([^']+)' README\.md", read(".ci/run"))
    assert pattern, ".ci/run does not take its test command from the README"
    assert re.search(pattern[1], read("README.md"), re.M)[0] == blocks[2].strip()
