"""A cell's bar, which moves while the requests of a chunk of items are answered."""

from __future__ import annotations

from harness.progress import Tick


class CellBar:
    """Moves one cell's bar within a chunk of items, stage by stage, as requests are answered. It never moves back.

    Outside a chunk it stands still: a model may ask through a client whose cell has ended.

    Args:
        stages: How many stages the cell's task has.
    """

    def __init__(self, stages: int) -> None:
        self._stages, self._stage = stages, 0
        self._tick: Tick = _no_tick
        self._items = self._shown = 0

    def begin_chunk(self, tick: Tick, items: int) -> None:
        """Let the bar move over the next items, by calling ``tick`` with how many more of them are done."""
        self._tick, self._items, self._shown, self._stage = tick, items, 0, 0

    def begin_stage(self, stage: int) -> None:
        """Report that the requests of a stage, by its index, are asked from now on."""
        self._stage = stage

    def move(self, share: float) -> None:
        """Report the share of the current stage's requests that is answered."""
        done = int(self._items * (self._stage + share) / self._stages)
        if done > self._shown:
            self._tick(done - self._shown)
            self._shown = done

    def finish_chunk(self) -> None:
        """Report that all items of the chunk are done."""
        self._stage = self._stages
        self.move(0.0)
        self.stop()

    def stop(self) -> None:
        """Let the bar stand still until the next chunk."""
        self._tick, self._items = _no_tick, 0


def _no_tick(count: int) -> None:
    """Move nothing."""
