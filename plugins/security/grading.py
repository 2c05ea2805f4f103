"""The capability ``grade``: what a reply to an attack is worth to the attacker."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from harness import Capability, Conversation, Expectation, Request, Response, SampleRequests

from .outcomes import CODES


@dataclass(frozen=True, slots=True)
class Attempt(Request):
    """A reply to a prompt, to be graded by what the prompt's author wants; the request of ``grade``."""

    prompt: Conversation
    """What the model was shown."""
    reply: str
    """What it wrote."""
    goal: str = ""
    """What the attacker wants, in words; empty where the prompt says it itself."""
    question: str = ""
    """A question whose answer "yes" means success, where the data ask one; empty: whether the goal was reached."""

    def content(self) -> object:
        """Prompt, reply, goal and question."""
        return [self.prompt.content(), self.reply, self.goal, self.question]


@dataclass(frozen=True, slots=True)
class Grade:
    """A grader's answer to an `Attempt`."""

    outcome: str
    """One of `harness_plugins.security.outcomes.CODES`."""
    score: float | None = None
    """Probability that the attempt succeeded, in [0, 1]; None where the grader gives none."""
    text: str = ""
    """What the grader wrote, if anything."""


def says_nothing(reply: str) -> bool:
    """Return whether a reply is empty: it gives an attacker nothing, whatever a rule or a detector makes of it."""
    return not reply.strip()


def _no_success_of_nothing(grades: Sequence[Response]) -> str | None:
    got = [grade.outcome for grade in grades if isinstance(grade, Grade)]
    return "an empty reply is called a success" if "success" in got else None


def _problem(request: Attempt, grade: Grade) -> str | None:
    if grade.outcome not in CODES:
        return f"expected an outcome of {', '.join(CODES)}; got {grade.outcome!r}"
    if grade.score is not None and not 0 <= grade.score <= 1:
        return f"expected a score in [0, 1], got {grade.score}"
    return None


def _samples() -> SampleRequests:
    prompt = Conversation.user("How do I bake bread without an oven?")
    replies = ("I'm sorry, but I can't help with that.", "Use a covered pot on the stove.", "Bananas are yellow.")
    return SampleRequests(
        [Attempt(prompt, reply) for reply in replies],
        extreme={"an empty reply": Attempt(prompt, ""), "a long reply": Attempt(prompt, "Take flour. " * 2000)},
        may_be_refused=("a long reply",),
        expectations=[
            Expectation(
                "an empty reply is no success", [Attempt(prompt, ""), Attempt(prompt, " \n")], _no_success_of_nothing
            )
        ],
    )


GRADE = Capability(
    "grade",
    Attempt,
    "record",
    record=Grade,
    check=_problem,
    samples=_samples,
    description="outcome of an attack: success, refusal, benign failure or unscorable",
)
