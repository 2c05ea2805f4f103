"""What stands in the role of the judge in tasks that cannot know whom their user wants as one."""

from __future__ import annotations

from collections.abc import Sequence

from harness import Candidates, Failure, Generation, Model, Pair


class UnnamedJudge(Model):
    """Stands for the judge where none is named: fails, and says how to name one. Recorded verdicts ask no judge."""

    batch_size = 2048

    def compare(self, requests: Sequence[Pair]) -> list[Failure]:
        """Return a failure for each pair."""
        return [_unnamed() for _ in requests]

    def generate(self, requests: Sequence[Generation]) -> list[Failure]:
        """Return a failure for each prompt."""
        return [_unnamed() for _ in requests]

    def score(self, requests: Sequence[Candidates]) -> list[Failure]:
        """Return a failure for each prompt."""
        return [_unnamed() for _ in requests]


def _unnamed() -> Failure:
    return Failure("no judge is named: --role judge=MODEL")
