"""Agreement with people: votes on a question, two models and a turn, held against those of a judge."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, ClassVar, Literal

import numpy as np
from numpy.typing import NDArray

from harness import (
    Answers,
    Capability,
    Columns,
    DataError,
    Failure,
    FieldSpec,
    Item,
    Linearised,
    Metric,
    Model,
    Request,
    SampleRequests,
    Stage,
    Task,
    file_identity,
)
from harness.tasks import FileSource, hub_source

from .recorded_grades import GradeAsked

HUB = "lmsys/mt_bench_human_judgments"
TIES = ("tie", "tie (inconsistent)")
"""Votes that are ties; of two orders that differ, the second."""


def votes_of(split: str, path: str = "") -> dict[str, list[float]]:
    """Return votes by ``QUESTION-TURN MODEL MODEL``: 1 for the model that comes first by name, -1 for the other, 0.

    Args:
        split: Of the hub's data set: ``human`` or ``gpt4_pair``.
        path: A file of the same columns instead.

    Raises:
        DataError: a row is not of the form; names the line.
    """
    found: dict[str, list[float]] = {}
    for row in (FileSource(Path(path)) if path else hub_source(HUB, split=split)).rows():
        values = row.values
        problem = row.problem or next(
            (
                f"no column {key!r}"
                for key in ("question_id", "model_a", "model_b", "winner", "turn")
                if key not in values
            ),
            "",
        )
        if problem:
            raise DataError(f"{row.where}: {problem}")
        first, second = sorted((str(values["model_a"]), str(values["model_b"])))
        winner = values["winner"]
        if winner not in ("model_a", "model_b", *TIES):
            raise DataError(f"{row.where}: expected a winner: model_a, model_b, {', '.join(TIES)}; got {winner!r}")
        vote = 0.0 if winner in TIES else 1.0 if str(values[winner]) == first else -1.0
        found.setdefault(f"{values['question_id']}-{values['turn']} {first} {second}", []).append(vote)
    return found


def people(split: str, path: str = "") -> Iterator[Mapping[str, Any]]:
    """Yield what people said of each question, pair of models and turn.

    Args:
        split: Ignored: people's votes are the split ``human`` of the hub's.
        path: A file of the same columns instead.
    """
    for id_, votes in votes_of("human", path).items():
        question, turn = id_.partition(" ")[0].rsplit("-", 1)
        yield {"id": id_, "votes": votes, "question": question, "which": f"turn {turn}"}


def agreeing(one: Sequence[float], other: Sequence[float] | None, *, ties: bool) -> tuple[int, int]:
    """Count the pairs of votes that agree, and all pairs; without ``other``, pairs among ``one``.

    >>> agreeing([1, 0], [1], ties=True), agreeing([1, 0], [1], ties=False), agreeing([1, 1, -1], None, ties=True)
    ((1, 2), (1, 1), (1, 3))

    Args:
        one: Votes.
        other: Other votes on the same.
        ties: Whether pairs with a tie count.
    """
    if other is None:
        pairs = [(vote, second) for i, vote in enumerate(one) for second in one[i + 1 :]]
    else:
        pairs = [(vote, second) for vote in one for second in other]
    kept = [pair for pair in pairs if ties or 0 not in pair]
    return sum(vote == second for vote, second in kept), len(kept)


RECORDED_VOTES = Capability(
    "recorded_votes",
    GradeAsked,
    "record",
    record=tuple[float, ...],
    check=lambda request, found: (
        None if found and set(found) <= {-1.0, 0.0, 1.0} else f"expected votes of -1, 0 or 1, got {found}"
    ),
    samples=lambda: SampleRequests([GradeAsked("81-1 a b"), GradeAsked("81-2 a b")]),
    description="a judge's votes on a question, two models and a turn",
)


class MtBenchVotes(Model):
    """Answers ``recorded_votes`` from a table of votes; one that is not there is a failed request.

    Args:
        path: A file with the columns of the hub's data set. Default: its split.
        split: Of the hub's data set.
    """

    batch_size = 4096
    reads_text: ClassVar[bool] = False
    places: ClassVar[tuple[str, ...]] = ("path",)

    def __init__(self, path: str = "", split: Literal["gpt4_pair", "human"] = "gpt4_pair") -> None:
        self.path, self.split = path, split
        self._votes: dict[str, list[float]] | None = None

    def identity(self) -> Mapping[str, object]:
        """Return the hash of the file, where it is one."""
        return {"votes": file_identity(Path(self.path))} if self.path else {}

    def recorded_votes(self, requests: Sequence[GradeAsked]) -> list[Any]:
        """Return the votes on each question, pair and turn."""
        if self._votes is None:
            self._votes = votes_of(self.split, self.path)
        votes = self._votes
        return [tuple(votes[r.id]) if r.id in votes else Failure(f"no vote on {r.id}") for r in requests]


class Agreement(Task):
    """Rows hold people's votes on a question, a pair of models and a turn; a judge's votes are held against them.

    Columns of shape (n, 2), pairs of votes that agree and all pairs: ``with_ties`` and ``without_ties`` of the judge
    and people, NaN where the judge has no vote; ``people_with_ties`` and ``people_without_ties`` of people alone.
    """

    fields: ClassVar[Mapping[str, FieldSpec]] = {"votes": FieldSpec("numbers", description="-1, 0 or 1 a person")}
    stages: Sequence[Stage] = (Stage(("recorded_votes",)),)
    columns: ClassVar[tuple[str, ...]] = ("with_ties", "without_ties", "people_with_ties", "people_without_ties")
    default_metrics: ClassVar[tuple[str, ...]] = (
        "mt_bench_agreement",
        "mt_bench_agreement:ties=without",
        "mt_bench_agreement:of=people",
        "mt_bench_agreement:of=people,ties=without",
    )

    def requests(self, item: Item, stage: int, capability: str, earlier: Sequence[Answers]) -> Sequence[Request]:
        """Ask for the judge's votes."""
        return [GradeAsked(item.id, origin=item.origin(self.name))]

    def row(self, item: Item, answers: Sequence[Answers]) -> Mapping[str, float | NDArray[Any]]:
        """Return the counts of pairs of votes."""
        found, votes = answers[0].responses[0], list(item.fields["votes"])
        figures: dict[str, float | NDArray[Any]] = {}
        for name, ties in (("with_ties", True), ("without_ties", False)):
            failed = isinstance(found, Failure)
            figures[name] = np.full(2, np.nan) if failed else np.array(agreeing(votes, found, ties=ties), dtype=float)
            figures[f"people_{name}"] = np.array(agreeing(votes, None, ties=ties), dtype=float)
        return figures


class AgreementRate(Metric):
    """Share of pairs of votes that agree; interval by question.

    Args:
        ties: ``with``, a tie agrees with a tie; ``without``, pairs with a tie do not count.
        of: ``judge`` and people, or ``people`` among themselves.
    """

    description = "share of the pairs of a judge's and a person's vote that agree"
    needs: ClassVar[tuple[str, ...]] = ("with_ties", "without_ties", "people_with_ties", "people_without_ties")

    def __init__(self, ties: Literal["with", "without"] = "with", of: Literal["judge", "people"] = "judge") -> None:
        self.ties, self.of = ties, of

    def _counts(self, columns: Columns) -> NDArray[np.float64]:
        return columns.values[("people_" if self.of == "people" else "") + f"{self.ties}_ties"]

    def valid(self, columns: Columns) -> NDArray[np.bool_]:
        """Mark the rows with a pair of votes, (n,)."""
        return np.asarray(np.nan_to_num(self._counts(columns)[:, 1]) > 0)

    def linearise(self, columns: Columns) -> Linearised:
        """Return the ratio of the sums, and each row's influence on it."""
        agreed, pairs = self._counts(columns).T
        value = float(agreed.sum() / pairs.sum())
        return Linearised(value, (agreed - value * pairs) * (len(pairs) / pairs.sum()))

    def detail(self, columns: Columns) -> Mapping[str, object]:
        """Return how many pairs of votes there are."""
        return {"pairs": int(self._counts(columns)[:, 1].sum())}
