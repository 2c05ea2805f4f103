"""An empty project to run commands in, a plugin of toys, and shorthands for both."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple

import pytest
import yaml
from hypothesis import settings

# One thread a process: the workers share the cores, and threads of their own would make them wait for each other.
os.environ.setdefault("OMP_NUM_THREADS", "1")
os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")

# Whoever starts the tests in the background or under nohup makes every process below it deaf to these signals.
for _number, _usual in ((signal.SIGINT, signal.default_int_handler), (signal.SIGHUP, signal.SIG_DFL)):
    if signal.getsignal(_number) is signal.SIG_IGN:
        signal.signal(_number, _usual)

# A busy machine is no failure.
settings.register_profile("whatever the machine does", deadline=None)
settings.load_profile("whatever the machine does")

TOYS = Path(__file__).parent / "toys"
VARIABLES = ("HARNESS_DATA", "HARNESS_PLUGINS", "HARNESS_DEBUG")
CHROMIUM = "/usr/bin/chromium"
CHROMIUM_FLAGS = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)


class Ran(NamedTuple):
    """What a command left."""

    code: int
    out: str
    err: str

    @property
    def document(self) -> Any:
        """Standard output, which is one JSON document."""
        return json.loads(self.out)


def write_distribution(folder: Path, name: str, points: Mapping[str, str], *, version: str = "1.0") -> None:
    """Announce entry points of the group harness.plugins, as an installed distribution does."""
    info = folder / f"{name.replace('-', '_')}-{version}.dist-info"
    info.mkdir(parents=True)
    (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n")
    listed = "\n".join(f"{key} = {value}" for key, value in points.items())
    (info / "entry_points.txt").write_text(f"[harness.plugins]\n{listed}\n")


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty working directory, and no variable that would change what harness does."""
    folder = tmp_path / "project"
    folder.mkdir()
    monkeypatch.chdir(folder)
    for name in VARIABLES:
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    return folder


@pytest.fixture
def add_plugin(project: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterable[Callable[..., Path]]:
    """Install a plugin of one module: ``add_plugin("name", source)``; returns the folder it lies in."""
    added: list[str] = []

    def add(name: str, source: str, *, distribution: str = "", module: str = "") -> Path:
        module = module or f"plugin_{name}"
        folder = tmp_path / "site" / (distribution or name)
        folder.mkdir(parents=True)
        (folder / f"{module}.py").write_text(source)
        write_distribution(folder, distribution or f"harness-{name}", {name: module})
        _put_on_path(monkeypatch, folder)
        added.append(module)
        return folder

    yield add
    for module in added:
        sys.modules.pop(module, None)


def _put_on_path(monkeypatch: pytest.MonkeyPatch, *folders: Path) -> None:
    for folder in folders:
        monkeypatch.syspath_prepend(str(folder))
    earlier = os.environ.get("PYTHONPATH", "")
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join(filter(None, [*map(str, folders), earlier])))


@pytest.fixture
def toys(project: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The project, with the plugin of toys installed for this process and its children."""
    site = tmp_path / "site" / "toys"
    write_distribution(site, "harness-toys", {"toys": "harness_toys"})
    _put_on_path(monkeypatch, TOYS, site)
    return project


@pytest.fixture
def harness(project: Path, capsys: pytest.CaptureFixture[str]) -> Callable[..., Ran]:
    """Run a command in this process: ``harness("eval", "-m", "length")``."""
    from harness.cli.main import run

    def call(*arguments: object) -> Ran:
        capsys.readouterr()
        code = run([str(argument) for argument in arguments])
        return Ran(code, *capsys.readouterr())

    return call


@pytest.fixture
def shell(project: Path) -> Callable[..., Ran]:
    """Run a command in a process of its own."""

    def call(*arguments: object, **variables: str) -> Ran:
        done = subprocess.run(
            [sys.executable, "-m", "harness.cli.main", *map(str, arguments)],
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
            env={**os.environ, **variables},
        )
        return Ran(done.returncode, done.stdout, done.stderr)

    return call


@pytest.fixture
def write_task(project: Path) -> Callable[..., Path]:
    """Write ``tasks/SUITE/NAME.yaml`` with its rows beside it, and a registry.yaml that names the folder."""

    def write(
        name: str, rows: Iterable[Mapping[str, Any]] | str | None = None, *, kind: str = "best-of-k", **keys: Any
    ) -> Path:
        path = project / "tasks" / f"{name}.yaml"
        path.parent.mkdir(parents=True, exist_ok=True)
        if rows is not None:
            data = path.with_suffix(".jsonl")
            data.write_text(rows if isinstance(rows, str) else "".join(json.dumps(row) + "\n" for row in rows))
            keys.setdefault("data", {"test": {"file": data.name}})
        path.write_text(yaml.safe_dump({"kind": kind, **keys}, sort_keys=False))
        registry = project / "registry.yaml"
        if not registry.exists():
            registry.write_text("task_folders: [tasks]\n")
        return path

    return write


@pytest.fixture(scope="session")
def chat_model() -> str:
    """The specification of a real chat model, for tests in which a reply has to make sense.

    Its file is read once a machine (some 20 s) and kept in the user's cache folder: one process does it, others wait.
    """
    from harness_plugins.hf.smollm2 import installed_folder

    from harness.errors import UsageError

    try:
        installed_folder()
    except UsageError as error:
        pytest.skip(str(error))
    return "smollm2:device=cpu"


@pytest.fixture(scope="module")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    """Chromium for the tests of one module; it is the only one of this process.

    Playwright keeps an event loop running in this thread for as long as it is open, so a second one refuses to start
    and other tests cannot run loops of their own: it must close before the next module begins.
    """
    sync_api = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
    if not shutil.which(CHROMIUM):
        pytest.skip(f"there is no {CHROMIUM}")
    with sync_api.sync_playwright() as playwright:
        context = playwright.chromium.launch_persistent_context(
            tmp_path_factory.mktemp("browser"),
            executable_path=CHROMIUM,
            args=list(CHROMIUM_FLAGS),
            viewport={"width": 1280, "height": 900},
        )
        context.set_default_timeout(20_000)
        yield context
        context.close()


@pytest.fixture
def rows() -> Callable[..., list[dict[str, Any]]]:
    """Rows of best-of-2 whose responses are the numbers that the toy models read; every third one is wrong."""

    def make(count: int, *, start: int = 0) -> list[dict[str, Any]]:
        made = []
        for i in range(start, start + count):
            good, bad = (f"{i}.25", f"{i}.5") if i % 3 == 0 else (f"{i}.75", f"{i}.5")
            made.append({"id": f"item-{i}", "prompt": f"question {i}", "responses": [good, bad], "correct": [1, 0]})
        return made

    return make
