"""What is read from and written for others: records, cards, an analysis, a command, a library of tasks."""

import csv
import hashlib
import json
from typing import Annotated

import click

from harness import (
    Analysis,
    Definition,
    Publisher,
    Range,
    Section,
    SourcedTask,
    TaskSource,
    write_atomically,
)
from harness.errors import DataError, UsageError
from harness.leaderboard import assemble
from workshop.kinds import Drift
from workshop.models import WORDS


def notes(path, *, task, of: str = ""):
    """Read lines ``ID: SCORE`` as scores of a task, on the answers of a model."""
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
        name, found, score = line.partition(":")
        try:
            scores = [float(score)]
        except ValueError:
            found = ""
        if not found:
            raise DataError(f"{path} line {number}: expected ID: SCORE, got {line!r}")
        yield {"task": task, "id": name.strip(), "scores": scores, **({"of": of} if of else {})}


class Cards(Publisher):
    """One file, a line a model: benchmark, label, rank."""

    def check(self, folder):
        """Refuse a file."""
        if folder.is_file():
            raise UsageError(f"{folder}: is a file; name a folder")

    def own_names(self, folder, benchmarks):
        """Name the one file."""
        return {"cards.txt"}

    def publish(self, edition, folder):
        """Write it."""
        lines = []
        for name in edition.benchmarks:
            board = assemble(edition.registry, edition.store, name, published=edition.published)
            lines += [f"{name} {entry.model} {entry.rank}" for entry in board.entries]
        folder.mkdir(parents=True, exist_ok=True)
        write_atomically(folder / "cards.txt", "\n".join(lines))
        return 1


class Counted(Analysis):
    """How many models have an outcome."""

    def check(self, outcome):
        """Refuse what is no file."""
        if not outcome.path.is_file():
            raise UsageError(f"{outcome.path}: no such file")

    def answer(self, registry, store, benchmark, outcome, *, published=(), **settings):
        """Count the rows."""
        with outcome.path.open(encoding="utf-8", newline="") as file:
            return len(list(csv.DictReader(file)))

    def section(self, report):
        """Say it in a sentence."""
        return Section("outcome", report, f"<p>{report} models have an outcome.</p>")


@click.command("workshop-words")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def words(as_json):
    """Print the words of the workshop."""
    click.echo(json.dumps(WORDS) if as_json else " ".join(WORDS))


class Shelf(TaskSource):
    """Streams of any length: ``shelf:drift-50`` has 50 signals."""

    def __init__(self, most: Annotated[int, Range(least=1)] = 1000) -> None:
        self.most = most

    def summary(self):
        """Say what there is."""
        return f"drift-1 to drift-{self.most}"

    def names(self):
        """List a small one and the largest."""
        return {f"drift-{n}": self.find(f"drift-{n}") for n in (10, self.most)}

    def find(self, name):
        """Find a stream by its length."""
        kind, _, number = name.partition("-")
        if kind != "drift" or not number.isdecimal() or not 1 <= int(number) <= self.most:
            return None
        return SourcedTask(f"{number} signals", "workshop-drift")

    def task(self, name):
        """Build it."""
        made = Definition(f"{self.name}:{name}", options={"n": int(name.partition("-")[2])}, digest=self.digest(name))
        return Drift(made)

    def digest(self, name):
        """Hash what the name says; the version is raised when the same name makes another stream."""
        return hashlib.sha256(f"version 1 {name}".encode()).hexdigest()[:16]
