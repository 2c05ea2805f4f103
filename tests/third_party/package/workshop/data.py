"""Rows that are made, by settings."""

from typing import Annotated, Literal

import numpy as np

from harness import Range
from workshop.models import WORDS


def questions(split, *, n: Annotated[int, Range(least=1)], k: Annotated[int, Range(least=2, most=6)] = 3,
              form: Literal["plain", "loud"] = "plain"):  # fmt: skip
    """Ask for one word among ``k``."""
    random = np.random.default_rng([len(split), n])
    for i in range(n):
        options = [str(word) for word in random.choice(WORDS, size=k, replace=False)]
        best = int(random.integers(k))
        prompt = f"{i} {options[best]}"
        yield {
            "id": f"{split}-{i}",
            "prompt": prompt.upper() if form == "loud" else prompt,
            "options": options,
            "best": best,
            "half": "first" if i < n / 2 else "second",
        }
