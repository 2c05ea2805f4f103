"""Folder mapping that pyproject.toml cannot express: plugins/ and tasks/ are installed as packages.

``plugins/`` is imported as ``harness_plugins`` and ``tasks/`` as ``harness_tasks``; ``registry.yaml`` and the documents
that ``harness docs`` searches travel inside ``harness/`` except in an editable install, where those of the checkout are
read.
"""

import shutil
from pathlib import Path

from setuptools import find_packages, setup
from setuptools.command.build_py import build_py

ROOT = Path(__file__).parent
DOCUMENTS = ("README.md", "docs/*.md", "docs/how-to/*.md", "docs/decisions/*.md", "examples/*/README.md")
"""The same as ``PARTS`` in harness/documentation/places.py, which cannot be imported while it is being built."""


class BuildWithRegistry(build_py):
    """Copies the project's registry.yaml and its documents into the built package."""

    def run(self) -> None:
        """Build, then copy."""
        super().run()
        if not self.editable_mode:
            target = Path(self.build_lib) / "harness"
            target.mkdir(parents=True, exist_ok=True)
            shutil.copy2(ROOT / "registry.yaml", target / "registry.yaml")
            for part in DOCUMENTS:
                for path in sorted(ROOT.glob(part)):
                    copy = target / "documents" / path.relative_to(ROOT)
                    copy.parent.mkdir(parents=True, exist_ok=True)
                    shutil.copy2(path, copy)


def mapped(folder: str, package: str) -> list[str]:
    """All packages below a top-level folder, under the name they are imported by."""
    return [package, *(f"{package}.{name}" for name in find_packages(folder))]


setup(
    packages=[
        "harness",
        *(f"harness.{name}" for name in find_packages("harness")),
        *mapped("plugins", "harness_plugins"),
        *mapped("tasks", "harness_tasks"),
    ],
    package_dir={"harness_plugins": "plugins", "harness_tasks": "tasks"},
    package_data={
        "harness": ["py.typed", "**/*.html", "**/*.css", "**/*.js", "**/*.svg"],
        "harness_plugins": [
            *("**/*.yaml", "**/*.md", "**/data/*"),
            *("**/*.html", "**/*.css", "**/*.js", "**/*.svg"),
        ],
        "harness_tasks": ["**/*.yaml", "**/published*.jsonl"],
    },
    cmdclass={"build_py": BuildWithRegistry},
)
