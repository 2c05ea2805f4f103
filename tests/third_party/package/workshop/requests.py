"""What the workshop asks for: options for a prompt, part by part, and traces of signals."""

from dataclasses import dataclass, replace

import numpy as np

from harness import Capability, Expectation, Request, SampleRequests


@dataclass(frozen=True, slots=True)
class Choices(Request):
    """A prompt and options, each of which is answered alone."""

    prompt: str
    options: tuple[str, ...]

    def content(self):
        return [self.prompt, list(self.options)]

    def parts(self):
        return [replace(self, options=(option,), origin=None) for option in self.options]

    def keep(self, indices):
        origin = None if self.origin is None else self.origin.keep(indices)
        return replace(self, options=tuple(self.options[i] for i in indices), origin=origin)


@dataclass(frozen=True, slots=True)
class Signal(Request):
    """An array to be analysed."""

    values: np.ndarray
    window: int = 4

    def content(self):
        return [self.values, self.window]


def choices_to_try():
    """Requests for whatever offers fitness."""
    return SampleRequests(
        [Choices("bees", ("bee", "tea", "")), Choices("tea", ("tea",)), Choices("snow", ("ice", "now"))],
        extreme={"no prompt": Choices("", ("bee",)), "a long option": Choices("bees", ("bee " * 5000,))},
        may_be_refused=("a long option",),
        expectations=[
            Expectation(
                "equal options fit equally well",
                [Choices("bees", ("bee", "bee"))],
                lambda responses: None if responses[0][0] == responses[0][1] else "they do not",
            )
        ],
    )


def signals_to_try():
    """Requests for whatever offers traces."""
    return SampleRequests([Signal(np.arange(n, dtype=float), window) for n, window in ((4, 2), (9, 3), (16, 4))])


FITNESS = Capability(
    "fitness", Choices, "number", pointwise=True, description="how well each option fits", samples=choices_to_try
)
TRACE = Capability(
    "trace",
    Signal,
    "arrays",
    arrays={"spectrum": "float32", "envelope": "float32", "energy": "number"},
    check=lambda request, response: (
        None if response["envelope"].shape == request.values.shape else "expected an envelope as long as the signal"
    ),
    samples=signals_to_try,
    description="spectrum and envelope of a signal",
)
