"""What an answer must say to be one, for each core capability: the one place where a model's responses are judged.

Every check takes (request, response) and gives one sentence on what is wrong, or None. What does not pass becomes a
`harness.Failure`: it is counted, shown with this sentence, and asked again on the next run, and is never a score.
"""

from __future__ import annotations

import math
import numbers
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from harness.array_values import NUMBER, NamedArrays
from harness.requests import (
    VERDICT_LABELS,
    Candidates,
    Choice,
    Completion,
    Continuation,
    Generation,
    Likelihood,
    Pair,
    Query,
    Request,
    Verdict,
)

if TYPE_CHECKING:
    from numpy.typing import NDArray

ROUNDING = 1e-3
"""Nats that a log-probability may lie above 0 by the rounding of low precision; more is no log-probability."""
FINISHED = ("stop", "length")


def scores(request: Candidates, response: NDArray[Any]) -> str | None:
    """Check that there is one number a response; each that is NaN or infinite is made a failure by itself."""
    expected = len(request.responses)
    if response.shape != (expected,):
        return f"expected {expected} scores, one a response; got an array of shape {response.shape}"
    return None


def verdict(_: Pair, response: Any) -> str | None:
    """Check that ``p_first`` is a probability, or None, and that a label says the same."""
    if not isinstance(response, Verdict):
        return f"expected a Verdict, got {type(response).__name__}"
    text: Any = response.text
    if not isinstance(text, str):
        return f"expected a text in the Verdict, got {type(text).__name__}"
    p_first = response.p_first
    if p_first is not None and (not _is_number(p_first) or not 0.0 <= p_first <= 1.0):
        return f"expected p_first in [0, 1] or None, got {p_first!r}"
    return _labelled(p_first, response.label)


def _labelled(p_first: float | None, label: Any) -> str | None:
    """Check that a verdict's label is one, and favours no other response than ``p_first`` does."""
    if label == "":
        return None
    if label not in VERDICT_LABELS:
        return f"expected no label or one of {', '.join(map(repr, VERDICT_LABELS))}; got {label!r}"
    # A slight preference may be worth as much as a tie, but never more than that for the other side.
    agrees = p_first is not None and (
        p_first == 0.5 if label == "tie" else p_first >= 0.5 if label.endswith("first") else p_first <= 0.5
    )
    return None if agrees else f"the label {label!r} does not go with p_first {p_first!r}"


def vector(_: Request, response: NDArray[Any]) -> str | None:
    """Check for a one-dimensional array of finite numbers."""
    import numpy as np  # heavy for a module that every command loads

    if response.ndim != 1 or response.size == 0:
        return f"expected a one-dimensional array that holds something, got shape {response.shape}"
    return None if np.isfinite(response).all() else "the array holds NaN or infinite values"


def correctness(request: Query, response: NDArray[Any]) -> str | None:
    """Check for one finite number a model that is asked about."""
    if request.models and response.shape != (len(request.models),):
        return f"expected {len(request.models)} numbers, one a model; got an array of shape {response.shape}"
    return vector(request, response)


def log_probabilities(_: Request, response: NDArray[Any]) -> str | None:
    """Check for an array of log-probabilities: none NaN or above 0, and not all of probability 0."""
    import numpy as np  # heavy for a module that every command loads

    if response.ndim != 1 or response.size == 0:
        return f"expected a one-dimensional array that holds something, got shape {response.shape}"
    if np.isnan(response).any():
        return "the array holds NaN values"
    if response.max() > ROUNDING:
        return f"a log-probability is above 0: {response.max():.6g}"
    return "every log-probability is minus infinity" if response.max() == -math.inf else None


def choice(request: Choice, response: NDArray[Any]) -> str | None:
    """Check for one log-probability an option; minus infinity says that an option is not among the likely ones."""
    import numpy as np  # heavy for a module that every command loads

    expected = len(request.options)
    if response.shape != (expected,):
        return f"expected {expected} log-probabilities, one an option; got an array of shape {response.shape}"
    if np.isnan(response).any():
        return "a log-probability is NaN"
    return None if (response <= ROUNDING).all() else f"a log-probability is above 0: {response.max():.6g}"


def number(_: Request, response: float) -> str | None:
    """Check for a finite number."""
    return None if math.isfinite(response) else f"expected a finite number, got {response}"


def completions(request: Generation, response: Any) -> str | None:
    """Check that there are as many completions as asked for, each with a text and a known reason to end."""
    if not isinstance(response, tuple) or not all(isinstance(c, Completion) for c in response):
        return f"expected a tuple of Completion, got {type(response).__name__}"
    if len(response) != request.n:
        return f"expected {request.n} completions, got {len(response)}"
    for completion in response:
        if not isinstance(completion.text, str):
            return f"expected a text in the Completion, got {type(completion.text).__name__}"
        if completion.finish_reason not in FINISHED:
            return f"expected finish_reason 'stop' or 'length', got {completion.finish_reason!r}"
        counts = (("prompt_tokens", completion.prompt_tokens), ("completion_tokens", completion.completion_tokens))
        for name, count in counts:
            if count is not None and not (_is_number(count) and count == int(count) and count >= 0):
                return f"expected {name} to be a whole number from 0, or None; got {count!r}"
    return None


def likelihood(_: Continuation, response: Any) -> str | None:
    """Check for finite nats that are at most 0, over a number of tokens."""
    if not isinstance(response, Likelihood):
        return f"expected a Likelihood, got {type(response).__name__}"
    if not _is_number(response.nats) or not math.isfinite(response.nats):
        return f"expected a finite log-likelihood, got {response.nats!r}"
    if response.nats > ROUNDING * max(response.tokens, 1):
        return f"the log-likelihood is above 0: {response.nats:.6g}"
    return None if response.tokens >= 0 else f"expected a number of tokens from 0, got {response.tokens!r}"


class BadAnswer(ValueError):
    """What a model's code gave is no answer; the message says why."""


def stored_as(response: Any, dtype: str) -> NDArray[Any]:
    """Return a response as an array of the type that it is filed as.

    Raises:
        BadAnswer: complex numbers would lose a part.
        ValueError, TypeError: it is no array of numbers.
    """
    import numpy as np  # heavy for a module that every command loads

    if np.iscomplexobj(response) and not np.issubdtype(np.dtype(dtype), np.complexfloating):
        raise BadAnswer(f"expected an array of {dtype}, got complex numbers, which would lose their imaginary parts")
    return np.asarray(response, dtype=dtype)


def named_arrays(declared: Mapping[str, str], response: Any) -> NamedArrays:
    """Return a response of several arrays with each entry of the type that its capability declares.

    Args:
        declared: What each entry is stored as, by name.
        response: What a model's code gave.

    Raises:
        BadAnswer: it is no mapping, lacks an entry, has one that is not declared, or one that its type cannot hold.
    """
    if not isinstance(response, Mapping):
        raise BadAnswer(f"expected a mapping of names to arrays, got {type(response).__name__}")
    lacking, more = [name for name in declared if name not in response], [n for n in response if n not in declared]
    if lacking:
        raise BadAnswer(f"the response lacks {', '.join(map(repr, lacking))}; it has {', '.join(map(repr, response))}")
    if more:
        raise BadAnswer(f"the capability declares no {', '.join(map(repr, more))}; it declares {', '.join(declared)}")
    return NamedArrays({name: _entry(name, stored, response[name]) for name, stored in declared.items()})


def _entry(name: str, stored: str, value: Any) -> Any:
    """Return one entry as it is stored: every value of it is kept, up to the rounding of a shorter float.

    Raises:
        BadAnswer: it cannot be.
    """
    import numpy as np  # heavy for a module that every command loads

    if stored == NUMBER:
        scalar = value.item() if getattr(value, "ndim", None) == 0 and hasattr(value, "item") else value
        if not _is_number(scalar) or not math.isfinite(scalar):
            raise BadAnswer(f"{name!r}: expected a finite number, got {str(value)[:60]}")
        return float(scalar)
    try:
        given = np.asarray(value)
    except Exception as error:  # ragged lists, or a tensor that numpy cannot read
        raise BadAnswer(f"{name!r}: not an array: {error}") from error
    wanted = np.dtype(stored)
    fits = given.dtype.kind in "biufc" and np.can_cast(given.dtype, wanted, "same_kind")
    # Integers written as floats, or of another sign, are integers all the same: whether each fits is seen below.
    if not fits and not (given.dtype.kind in "biuf" and wanted.kind in "iu"):
        raise BadAnswer(f"{name!r}: expected an array of {stored}, got one of {given.dtype}")
    with np.errstate(all="ignore"):  # what does not fit is found below
        kept = given.astype(wanted, copy=False)
    if wanted.kind in "iu" and not np.array_equal(kept, given):
        raise BadAnswer(f"{name!r}: {stored} cannot hold all of its values")
    if kept is not given and wanted.kind in "fc" and np.isinf(kept).sum() != np.isinf(given).sum():
        raise BadAnswer(f"{name!r}: a value is beyond {stored}")
    return kept


def _is_number(value: object) -> bool:
    return isinstance(value, numbers.Real) and not isinstance(value, bool)  # numpy's numbers are of this type too
