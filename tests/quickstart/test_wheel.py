"""What is installed: the data of quickstart, and not what made them."""

import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
FOLDERS = ("harness", "plugins", "tasks", "tools")


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
    assert len(committed) == 8
    assert len(tasks) == 5
    assert quickstart - committed - tasks == {
        f"harness_plugins/quickstart/{name}" for name in ("__init__.py", "README.md")
    }
    assert committed | tasks <= quickstart
    assert not [name for name in names if name.startswith(("tools/", "tests/", "benchmarks/"))]
    assert {"harness/registry.yaml", "harness/py.typed"} <= names
