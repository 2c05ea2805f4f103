"""A language model of character n-grams, counted in a file: for tests and demonstrations of what is memorised."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Annotated, ClassVar

from harness import Continuation, Failure, Likelihood, Model, Range, UsageError, file_identity

END = "\n"


class NgramLanguageModel(Model):
    """Counts runs of characters, every line of a file a text; a line end is a character, before a text and after it.

    A character c after the context h has the probability (count(hc) + add) / (count(h) + add * vocabulary).

    Args:
        path: The file of texts, in UTF-8.
        order: Characters of a run: 2 for bigrams.
        add: What is added to every count.
        vocabulary: How many different characters there are, seen or not.
    """

    batch_size = 4096
    places: ClassVar[tuple[str, ...]] = ("path",)

    def __init__(
        self,
        path: str,
        order: Annotated[int, Range(least=1, most=20)] = 3,
        add: Annotated[float, Range(above=0, most=1e6)] = 0.1,
        vocabulary: Annotated[int, Range(least=2, most=1_114_112)] = 256,
    ) -> None:
        self.path, self.order, self.add, self.vocabulary = path, order, add, vocabulary

    def identity(self) -> Mapping[str, object]:
        """Return the hash of the file.

        Raises:
            UsageError: there is no such file.
        """
        if not Path(self.path).is_file():
            raise UsageError(f"ngram-lm: path={self.path} is no file; expected a file of texts, one a line")
        return {"texts": file_identity(Path(self.path))}

    def load(self) -> None:
        """Count.

        Raises:
            UsageError: there are more different characters than ``vocabulary``.
        """
        n = self.order - 1
        self._runs: Counter[str] = Counter()
        self._contexts: Counter[str] = Counter()
        for line in Path(self.path).read_text("utf-8").split(END):
            if not line:
                continue
            text = END * n + line + END
            for i in range(n, len(text)):
                self._runs[text[i - n : i + 1]] += 1
                self._contexts[text[i - n : i]] += 1
        self._characters = sorted({run[-1] for run in self._runs})
        if len(self._characters) > self.vocabulary:
            raise UsageError(
                f"ngram-lm: {self.path} has {len(self._characters)} different characters, so vocabulary="
                f"{self.vocabulary} is too small"
            )
        self._best: dict[str, str] = {}

    def close(self) -> None:
        """Forget the counts."""
        del self._runs, self._contexts, self._best

    def loglikelihood(self, requests: Sequence[Continuation]) -> list[Likelihood | Failure]:
        """Return the likelihood of every continuation, in nats; its tokens are characters."""
        return [self._likelihood(request) for request in requests]

    def _likelihood(self, request: Continuation) -> Likelihood | Failure:
        n = self.order - 1
        context = request.context if isinstance(request.context, str) else request.context.text
        text = END * n + context + request.continuation
        nats, greedy = 0.0, True
        for i in range(n + len(context), len(text)):
            before, run = text[i - n : i], text[i - n : i + 1]
            nats += math.log((self._runs[run] + self.add) / (self._contexts[before] + self.add * self.vocabulary))
            greedy = greedy and self._most_likely(before) == text[i]
        return Likelihood(nats, len(request.continuation), greedy)

    def _most_likely(self, before: str) -> str:
        """Return the character that comes most often after others; of equal ones the first by its code."""
        if before not in self._best:
            self._best[before] = max(self._characters, key=lambda c: self._runs[before + c], default="")
        return self._best[before]
