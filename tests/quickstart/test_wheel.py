"""What is installed: the data of quickstart and not what made them, and the documents for ``harness docs``."""

import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from harness.documentation.places import PARTS

ROOT = Path(__file__).parents[2]
FOLDERS = ("harness", "plugins", "tasks", "tools", "docs", "examples")

FIND = """
import sys, zipfile
zipfile.ZipFile({wheel!r}).extractall({folder!r})
sys.path.insert(0, {folder!r})
from harness.documentation import places
assert places.documents_folder() == places.IN_WHEEL, places.documents_folder()
assert str(places.IN_WHEEL).startswith({folder!r})
from harness.cli.main import run
assert run(["docs", "detectable"]) == 0
"""
"""Run beside the checkout: the documents of the unpacked wheel are found."""


@pytest.mark.slow
def test_a_wheel_holds_the_data_and_not_their_maker(tmp_path):
    """Built from a copy, for a build writes into the folder it builds from."""
    checkout = tmp_path / "checkout"
    checkout.mkdir()
    for path in ROOT.iterdir():
        if path.is_file() and not path.name.startswith("."):
            shutil.copy2(path, checkout)
    for folder in FOLDERS:
        shutil.copytree(ROOT / folder, checkout / folder, ignore=shutil.ignore_patterns("__pycache__", "*.egg-info"))
    command = [sys.executable, "-m", "pip", "wheel", ".", "--no-deps", "--no-build-isolation", "--quiet", "-w", "dist"]
    subprocess.run(command, cwd=checkout, check=True, capture_output=True, timeout=300)
    (wheel,) = (checkout / "dist").glob("*.whl")
    with zipfile.ZipFile(wheel) as archive:
        names = set(archive.namelist())
    quickstart = {name for name in names if "quickstart/" in name}
    committed = {
        f"harness_plugins/quickstart/data/{path.name}" for path in (ROOT / "plugins/quickstart/data").iterdir()
    }
    tasks = {f"harness_tasks/quickstart/{path.name}" for path in (ROOT / "tasks/quickstart").glob("*.yaml")}
    assert len(committed) == 9
    assert len(tasks) == 5
    assert quickstart - committed - tasks == {
        f"harness_plugins/quickstart/{name}" for name in ("__init__.py", "README.md")
    }
    assert committed | tasks <= quickstart
    assert not [name for name in names if name.startswith(("tools/", "tests/", "benchmarks/"))]
    assert {"harness/registry.yaml", "harness/py.typed"} <= names
    documents = {f"harness/documents/{path.relative_to(ROOT).as_posix()}" for part in PARTS for path in ROOT.glob(part)}
    assert documents == {name for name in names if name.startswith("harness/documents/")}
    readmes = {f"harness_plugins/{path.parent.name}/README.md" for path in ROOT.glob("plugins/*/README.md")}
    assert readmes <= names
    subprocess.run(
        [sys.executable, "-c", FIND.format(folder=str(tmp_path / "installed"), wheel=str(wheel))],
        cwd=tmp_path,
        check=True,
        timeout=120,
    )
