"""What kinds of task share in which a model's replies are sampled, several to a prompt, and then looked at."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Annotated, Any, ClassVar

from harness.errors import ConfigurationError
from harness.ranges import COUNT, SEED, Range
from harness.requests import Completion, Conversation, Failure, Generation, Origin, Sampling
from harness.task import Answers, Definition, Task


class SampledReplies(Task):
    """Base of kinds that ask for ``samples`` replies to a prompt in one request.

    Without a temperature it is 0 for one sample, and 1 for several.
    """

    options: ClassVar[Mapping[str, Any]] = {"samples": 1, "temperature": None, "max_tokens": 512, "seed": 0}
    option_forms: ClassVar[Mapping[str, Any]] = {
        "samples": Annotated[int, COUNT],
        "temperature": Annotated[float, Range(least=0)] | None,
        "max_tokens": Annotated[int, COUNT],
        "seed": Annotated[int, SEED],
    }

    def __init__(self, definition: Definition) -> None:
        super().__init__(definition)
        samples, temperature = self.settings["samples"], self.settings["temperature"]
        if temperature is None:
            self.settings["temperature"] = 0.0 if samples == 1 else 1.0
        elif samples > 1 and temperature == 0:
            raise ConfigurationError(
                f"{self.name}: options.samples is {samples}, but at temperature 0 all samples are the same; "
                "give a higher options.temperature"
            )

    @property
    def samples(self) -> int:
        """How many replies each prompt gets."""
        return int(self.settings["samples"])

    def asking(self, prompt: Conversation, origin: Origin) -> Generation:
        """Return the request for all replies to a prompt."""
        s = self.settings
        sampling = Sampling(float(s["temperature"]), 1.0, int(s["max_tokens"]), (), int(s["seed"]))
        return Generation(prompt, self.samples, sampling, origin=origin)

    def replies(self, answers: Answers) -> Sequence[Completion]:
        """Return the replies of one item to its first request; none where the model failed."""
        replies = answers.responses[0]
        return () if isinstance(replies, Failure) else tuple(replies)
