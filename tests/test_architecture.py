"""Which part may import which: no ring among modules or folders, and what plugins may take from the core.

The layers themselves are contracts in pyproject.toml, which ``lint-imports`` holds.
"""

import ast
import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import NamedTuple

import pytest

ROOT = Path(__file__).resolve().parents[1]
CORE = ROOT / "harness"
PLUGINS = ROOT / "plugins"
MOST_AT_TOP = 20
"""Files beside the folders of `harness`: the interfaces that a plugin's author opens, and little else."""

ONLY_TYPES = {
    # The registry looks its catalogue of tasks up by reference; that it returns tasks is for type checkers.
    ("harness.names.registry", "harness.task"),
    ("harness.names.registry", "harness.tasks.catalogue"),
    ("harness.names.registry", "harness.tasks.index"),
    ("harness.names.registry", "harness.tasks.library"),
    ("harness.names.registry", "harness.tasks.schema"),
}
"""Imports for type checkers alone that would close a ring. Nothing is to be added."""

PUBLIC = ("harness", "harness.errors", "harness.stats", "harness.kinds")
"""What every plugin may import; of `harness.stats` and `harness.kinds` the modules inside as well."""

ROOMS: dict[str, set[str]] = {
    "harness.cli": {
        "alpaca_eval",
        "attacks",
        "curation",
        "embedllm",
        "firewall",
        "judge_audit",
        "judge_savings",
        "muli",
        "outcomes",
        "prompt_caching",
        "routing",
        "security",
        "view",
    },
    "harness.files": {
        "arena_hard",
        "attack_logs",
        "attacks",
        "baselines",
        "curation",
        "detectors",
        "embedllm",
        "firewall",
        "hf",
        "judge_audit",
        "judging",
        "lm_eval",
        "mt_bench",
        "muli",
        "outcomes",
        "ppe",
        "prompt_caching",
        "reward_benchmarks",
        "routing",
        "security",
        "site",
        "view",
    },
    "harness.leaderboard": {"outcomes", "prompt_caching", "routing", "site"},
    "harness.names": {
        "attacks",
        "curation",
        "embedllm",
        "evasion",
        "firewall",
        "judge_audit",
        "judge_savings",
        "lm_eval",
        "muli",
        "prompt_caching",
        "routing",
        "security",
        "site",
        "view",
        "watermark",
    },
    "harness.results": {
        "curation",
        "embedllm",
        "firewall",
        "injection",
        "judge_audit",
        "judge_savings",
        "lm_eval",
        "muli",
        "outcomes",
        "prompt_caching",
        "routing",
        "security",
        "site",
        "view",
    },
    "harness.running": {
        "curation",
        "embedllm",
        "firewall",
        "hf",
        "judge_audit",
        "judge_savings",
        "lm_eval",
        "muli",
        "openai",
        "prompt_caching",
        "routing",
        "site",
        "view",
    },
    "harness.store": {
        "curation",
        "embedllm",
        "firewall",
        "judge_audit",
        "judge_savings",
        "lm_eval",
        "muli",
        "outcomes",
        "prompt_caching",
        "routing",
        "security",
        "site",
        "view",
    },
    "harness.tasks": {
        "alpaca_eval",
        "arena_hard",
        "attacks",
        "curation",
        "evasion",
        "firewall",
        "injection",
        "judge_audit",
        "judge_savings",
        "judging",
        "leakage",
        "lm_eval",
        "mt_bench",
        "outcomes",
        "ppe",
        "prompt_caching",
        "recorded",
        "reward_benchmarks",
        "routing",
        "security",
        "site",
        "view",
        "watermark",
    },
    "harness.training": {"curation", "embedllm", "judge_audit", "judge_savings", "lm_eval", "muli", "prompt_caching"},
}
"""The rooms of the core whose public names tools need beside that, each with the plugins that import from it.

Of a room only what its ``__init__`` exports may be imported, never a module inside. Whoever adds a plugin to a
room says so here: a method as a rule does with what is public for all.
"""


class Import(NamedTuple):
    """One module that another one imports."""

    module: str
    imported: str
    only_types: bool


def modules_of(folder: Path, package: str) -> dict[str, Path]:
    """Files of a package by the names of their modules."""
    found = {}
    for path in folder.rglob("*.py"):
        parts = path.relative_to(folder).with_suffix("").parts
        found[".".join([package, *(parts[:-1] if parts[-1] == "__init__" else parts)])] = path
    return found


def imports_of(module: str, path: Path, known: Iterable[str]) -> Iterator[Import]:
    """Everything a file imports of the known modules, inside functions too."""
    known = set(known)
    package = module if path.name == "__init__.py" else module.rpartition(".")[0]

    def visit(node: ast.AST, only_types: bool) -> Iterator[Import]:
        for child in ast.iter_child_nodes(node):
            if isinstance(child, ast.Import):
                names = [alias.name for alias in child.names]
            elif isinstance(child, ast.ImportFrom):
                above = package.split(".")[: len(package.split(".")) - child.level + 1] if child.level else []
                base = ".".join([*above, *([child.module] if child.module else [])])
                full = [f"{base}.{alias.name}" for alias in child.names]
                names = [name if name in known else base for name in full]
            else:
                is_guard = isinstance(child, ast.If) and ast.unparse(child.test) == "TYPE_CHECKING"
                yield from visit(child, only_types or is_guard)
                continue
            yield from (Import(module, name, only_types) for name in names if name in known and name != module)

    yield from visit(ast.parse(path.read_text(encoding="utf-8")), False)


def rings(edges: Mapping[str, set[str]]) -> list[list[str]]:
    """Groups of names that reach one another (Tarjan's strongly connected components of two or more)."""
    index: dict[str, int] = {}
    low: dict[str, int] = {}
    stack: list[str] = []
    found = []

    def visit(name: str) -> None:
        index[name] = low[name] = len(index)
        stack.append(name)
        for other in sorted(edges.get(name, ())):
            if other not in index:
                visit(other)
                low[name] = min(low[name], low[other])
            elif other in stack:
                low[name] = min(low[name], index[other])
        if low[name] == index[name]:
            place = stack.index(name)
            group = sorted(stack[place:])
            del stack[place:]
            if len(group) > 1:
                found.append(group)

    for name in sorted(edges):
        if name not in index:
            visit(name)
    return found


def room(module: str) -> str:
    """The file or folder at the top of `harness` that a module lies in; the data of tasks are a room of their own."""
    parts = module.split(".")
    return ".".join(parts[:3] if parts[1:3] == ["tasks", "data"] else parts[:2])


@pytest.fixture(scope="module")
def core_imports() -> list[Import]:
    modules = modules_of(CORE, "harness")
    # The package itself imports everything, lazily, and is imported by what is written as a plugin would be.
    found = [one for name, path in modules.items() for one in imports_of(name, path, modules) if name != "harness"]
    return [one for one in found if one.imported != "harness"]


def graph(imports: Iterable[Import]) -> dict[str, set[str]]:
    edges: dict[str, set[str]] = defaultdict(set)
    for one in imports:
        edges[one.module].add(one.imported)
    return edges


def test_rings_are_found():
    assert rings({"a": {"b"}, "b": {"c"}, "c": {"a", "d"}, "d": set(), "e": {"a"}}) == [["a", "b", "c"]]


def test_no_modules_import_each_other_in_a_ring(core_imports):
    assert rings(graph(one for one in core_imports if one[:2] not in ONLY_TYPES)) == []


def test_no_folders_import_each_other_in_a_ring(core_imports):
    edges: dict[str, set[str]] = defaultdict(set)
    for one in core_imports:
        if one[:2] not in ONLY_TYPES and room(one.module) != room(one.imported):
            edges[room(one.module)].add(room(one.imported))
    assert rings(edges) == []


def test_what_is_excepted_is_there_and_for_type_checkers_alone(core_imports):
    assert {one[:2] for one in core_imports if one.only_types} >= ONLY_TYPES
    assert not {one[:2] for one in core_imports if not one.only_types} & ONLY_TYPES


def test_few_files_lie_at_the_top():
    assert len(list(CORE.glob("*.py"))) <= MOST_AT_TOP


def test_the_map_of_the_documentation_names_every_folder_and_no_file_that_is_not_there():
    page = (ROOT / "docs" / "index.md").read_text(encoding="utf-8").partition("## Where things are")[2]
    files, top = {}, ""
    for line in page.splitlines():
        cells = line.split("|")[1:-1]
        folder = re.match(r" `([a-z/]+)/` ", cells[0]) if len(cells) == 3 else None
        if folder is not None:
            files[folder[1]] = re.findall(r"`([\w/]+\.py)`", cells[2])
        elif len(cells) == 3:
            top += cells[2]
    folders = {path.parent.relative_to(CORE).as_posix() for path in CORE.glob("*/__init__.py")}
    assert folders <= files.keys()
    assert [(folder, name) for folder in files for name in files[folder] if not (CORE / folder / name).is_file()] == []
    assert {path.name for path in CORE.glob("*.py")} == set(re.findall(r"`(\w+\.py)`", top))
    assert [name for name in re.findall(r"`(harness/[\w/]+\.py)`", page) if not (ROOT / name).is_file()] == []


def test_no_public_name_of_a_package_is_that_of_a_module_inside():
    """The import of the module would put it where the name should be."""
    clashes = []
    for package in [CORE, *(path.parent for path in CORE.glob("*/__init__.py"))]:
        names = re.findall(
            r"^    from [\w.]+ import (\w+) as \1$", (package / "__init__.py").read_text("utf-8"), re.MULTILINE
        )
        clashes += [
            (package.name, name) for name in names if (package / f"{name}.py").exists() or (package / name).is_dir()
        ]
    assert clashes == []


def test_plugins_import_from_the_core_what_is_public_and_the_rooms_that_they_are_listed_for():
    core = modules_of(CORE, "harness")
    used: dict[str, set[str]] = defaultdict(set)
    for name, path in modules_of(PLUGINS, "harness_plugins").items():
        for one in imports_of(name, path, core):
            inside = one.imported.startswith(("harness.stats.", "harness.kinds."))
            if one.imported not in PUBLIC and not inside:
                used[one.imported].add(name.split(".")[1])
    assert used == ROOMS


@pytest.mark.parametrize("folder", ["benchmarks", "docs", "examples", "tests"])
def test_what_is_no_part_of_the_package_imports_modules_that_are_there(folder):
    core = modules_of(CORE, "harness")
    gone = [
        (path.relative_to(ROOT).as_posix(), node.lineno, node.module)
        for path in (ROOT / folder).rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.ImportFrom)
        and (node.module or "").split(".")[0] == "harness"
        and node.module not in core
    ]
    assert gone == []
