"""What became of an attempt, in the words of pages."""

from __future__ import annotations

from collections import Counter

import numpy as np

from harness import FloatArray, Told

from .outcomes import CODES

NAMES = {code: name for name, code in CODES.items()}


def told(outcomes: FloatArray) -> Told | None:
    """Say what became of the samples of an item; None where nothing is known of any.

    Args:
        outcomes: (samples,) codes, NaN for errors.

    >>> told(np.array([1.0])).sentence, told(np.array([0.0, 0.0, np.nan])).sentence
    ('outcome: success', 'outcomes: refusal 2, error 1')
    """
    outcomes = np.atleast_1d(outcomes)
    if np.isnan(outcomes).all():
        return None
    names = ["error" if np.isnan(code) else NAMES[float(code)] for code in outcomes]
    if len(names) == 1:
        return Told(f"outcome: {names[0]}")
    return Told("outcomes: " + ", ".join(f"{name} {count}" for name, count in Counter(names).most_common()))
