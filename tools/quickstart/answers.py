"""Responses to one question: right and wrong, in several styles and lengths.

A style is how a response is told; it is drawn with weights that depend, weakly, on whether the answer is
right. So working shown is a little more often right, hedging a little more often wrong, and no style gives
the label away.

    terse      the answer and little more
    worked     the steps, then the answer
    verbose    a preamble, a detour, the answer, a farewell
    markdown   headings and bullets
    hedged     the answer, doubted
"""

from __future__ import annotations

from collections.abc import Callable

from .checks import check
from .draw import Draw
from .questions import Question, Solution

_RIGHT = (("terse", 24), ("worked", 34), ("verbose", 20), ("markdown", 22), ("hedged", 10))
_WRONG = (("terse", 23), ("worked", 22), ("verbose", 17), ("markdown", 15), ("hedged", 21))
_DODGES = (("slip", 80), ("truncated", 8), ("refusal", 6), ("irrelevant", 6))
_MOST_TRIES = 2000


def right_response(draw: Draw, question: Question) -> str:
    """A response that the check accepts."""
    return _until(lambda: _tell(draw, question, question.right, draw.weighted(_RIGHT)), question, accepted=True)


def wrong_response(draw: Draw, question: Question) -> str:
    """A response that the check refuses: a slip most of the time, else one that never answers."""

    def attempt() -> str:
        kind = draw.weighted(_DODGES)
        if kind == "slip":
            return _tell(draw, question, draw.pick(question.wrong), draw.weighted(_WRONG))
        return {"truncated": _truncated, "refusal": _refusal, "irrelevant": _irrelevant}[kind](draw, question)

    return _until(attempt, question, accepted=False)


def _until(attempt: Callable[[], str], question: Question, *, accepted: bool) -> str:
    for _ in range(_MOST_TRIES):
        text = attempt()
        if check(question.check, text) is accepted:
            return text
    raise RuntimeError(f"no response with accepted={accepted} found for: {question.prompt}")


def _tell(draw: Draw, question: Question, solution: Solution, style: str) -> str:
    return _STYLES[style](draw, question, solution)


def _terse(draw: Draw, question: Question, solution: Solution) -> str:
    with_unit = _with_unit(question, solution)
    return draw.pick(
        (
            solution.answer,
            with_unit,
            f"**{with_unit}**",
            f"Answer: {with_unit}",
            f"It is {with_unit}.",
            f"The answer is {with_unit}.",
            f"{_cap(question.recap)}: {with_unit}",
            f"Result: {solution.answer}",
            f"I get {with_unit}.",
            f"That makes {with_unit}.",
            f"My answer: {with_unit}",
            f"Given {question.recap}, it is {with_unit}.",
        )
    )


def _worked(draw: Draw, question: Question, solution: Solution) -> str:
    steps = _steps(draw, solution)
    opening = draw.pick(_OPENINGS).format(recap=question.recap)
    if draw.chance(0.35):
        marks = draw.pick(_MARKS)
        listed = [f"{mark} {_cap(step)}." for mark, step in zip(marks, steps, strict=False)]
        return "\n".join([*([opening] if opening else []), *listed, _conclusion(draw, question, solution)])
    joiner = draw.pick((". ", "; then ", ", and "))
    told = _cap(joiner.join(map(_cap, steps) if joiner == ". " else steps)) + "."
    return f"{opening} {told} {_conclusion(draw, question, solution)}".strip()


def _verbose(draw: Draw, question: Question, solution: Solution) -> str:
    middle = f"The question gives us {question.recap}. " if draw.chance(0.5) else ""
    steps = " ".join(f"{_cap(step)}." for step in _steps(draw, solution)) + " " if draw.chance(0.45) else ""
    told = f"{draw.pick(_PREAMBLES)} {middle}{steps}{_conclusion(draw, question, solution)}"
    return f"{told} {draw.pick(_FAREWELLS)}".strip()


def _markdown(draw: Draw, question: Question, solution: Solution) -> str:
    steps = "\n".join(f"- {_cap(step)}" for step in _steps(draw, solution))
    given = f"**Given:** {question.recap}\n\n" if draw.chance(0.5) else ""
    heading = draw.pick(("## Solution", "### Working", "## How to solve it", "**Working**", "## Steps"))
    end = draw.pick(("**Answer:** {}", "## Answer\n{}", "**Result: {}**", "### Final answer\n\n{}"))
    return f"{given}{heading}\n{steps}\n\n{end.format(_with_unit(question, solution))}"


def _hedged(draw: Draw, question: Question, solution: Solution) -> str:
    doubt = draw.pick(_DOUBTS).format(answer=_with_unit(question, solution), other=draw.pick(question.wrong).answer)
    steps = "".join(f"{_cap(step)}, I believe. " for step in solution.steps[:1]) if draw.chance(0.4) else ""
    recap = f"If I read it correctly, we have {question.recap}. " if draw.chance(0.4) else ""
    return f"{recap}{steps}{_cap(doubt)}"


def _truncated(draw: Draw, question: Question) -> str:
    """Steps that stop before the answer, the last one in the middle."""
    steps = [_cap(step) for step in draw.pick((question.right, *question.wrong)).steps]
    head, cut = steps[:-1], steps[-1].split(" ")
    opening = draw.pick(_PREAMBLES) if draw.chance(0.5) else f"We have {question.recap}."
    return " ".join([opening, *(f"{step}." for step in head), *cut[: draw.between(1, max(1, len(cut) - 2))]])


def _refusal(draw: Draw, question: Question) -> str:
    return f"{draw.pick(_SORRY)} {draw.pick(_REASONS)} {draw.pick(_FAREWELLS)}".strip()


def _irrelevant(draw: Draw, question: Question) -> str:
    remarks = draw.some(_REMARKS[question.family], draw.between(2, 3))
    return " ".join([draw.pick(_PREAMBLES), *remarks])


def _conclusion(draw: Draw, question: Question, solution: Solution) -> str:
    return draw.pick(_CONCLUSIONS).format(answer=_with_unit(question, solution))


def _steps(draw: Draw, solution: Solution) -> list[str]:
    """All the steps, or all but one: people leave out what they find obvious."""
    keep = len(solution.steps) - (1 if len(solution.steps) > 1 and draw.chance(0.3) else 0)
    return draw.in_order(solution.steps, keep)


def _with_unit(question: Question, solution: Solution) -> str:
    return f"{solution.answer} {question.unit}".strip()


def _cap(text: str) -> str:
    return text[:1].upper() + text[1:]


_OPENINGS = ("", "", "Step by step.", "We have {recap}.", "Given: {recap}.", "Let me work it out.")
_MARKS = (
    ("1.", "2.", "3.", "4.", "5."),
    ("-",) * 5,
    ("First:", "Next:", "Then:", "After that:", "Last:"),
    ("•",) * 5,
)
_CONCLUSIONS = (
    "So the answer is {answer}.",
    "Answer: {answer}.",
    "Therefore it is {answer}.",
    "That gives {answer}.",
    "Hence {answer}.",
    "In the end we get {answer}.",
    "The result is {answer}.",
    "So it comes to {answer}.",
)
_PREAMBLES = (
    "Great question!",
    "Thanks for asking.",
    "Happy to help with this one.",
    "Let's look at this together.",
    "This is a nice little exercise.",
    "Sure, I can explain.",
    "Good one, this needs a bit of care.",
    "Of course! Problems like this come up all the time.",
    "Let me think about what is being asked here.",
)
_FAREWELLS = (
    "",
    "",
    "I hope this helps!",
    "Let me know if anything is unclear.",
    "Feel free to ask another one.",
    "Do tell me if you would like to see it done another way.",
    "Good luck with the rest!",
)
_DOUBTS = (
    "I think it is {answer}, but please check.",
    "it might be {answer}; I am not entirely sure.",
    "either {other} or {answer}, and I lean towards {answer}.",
    "my best guess would be {answer}.",
    "probably {answer}.",
    "at first I had {other}, but now I would say {answer}.",
    "it should be roughly {answer}, give or take.",
    "perhaps {answer}, though I may have missed something.",
    "I am fairly confident that it is {answer}.",
    "not sure about the wording, but {answer} seems right.",
)
_SORRY = (
    "I'm sorry, but I can't answer this.",
    "I am unable to help with this one.",
    "Unfortunately I can't work this out.",
    "I'd prefer not to give an answer here.",
    "Sorry, this goes beyond what I can do.",
)
_REASONS = (
    "The question does not give enough information.",
    "As an assistant I sometimes make mistakes with details of this kind.",
    "It would be better to ask a teacher or to use a tool made for it.",
    "There are several ways to read the question.",
    "I would need to know more about the situation first.",
    "Please consult a reliable source instead.",
)
_REMARKS = {
    "arithmetic": (
        "Keeping track of sums like this is a useful habit.",
        "It helps to write every amount on its own line before adding anything.",
        "Many people find that a simple table makes such problems easier.",
        "The order of the operations matters more than speed.",
        "With some practice you will be able to do these in your head.",
    ),
    "units": (
        "Metric units differ by powers of ten, which makes them pleasant to work with.",
        "Always write the unit next to the figure.",
        "Mixing units is the most common source of mistakes.",
        "Distances and weights can be estimated with everyday objects.",
        "It is worth converting everything before doing any sum.",
    ),
    "calendar": (
        "Calendars have a long and fascinating history.",
        "The week has kept its length for a very long time.",
        "A paper planner can make appointments easier to see.",
        "Leaving some slack in a schedule is always wise.",
        "Many phones will remind you of important dates.",
    ),
    "strings": (
        "Spelling games are a fun way to train the eye.",
        "Letters and sounds do not always match in English.",
        "Reading slowly helps to spot every letter.",
        "Vowels carry much of the melody of a language.",
        "Word puzzles have been popular in newspapers for generations.",
    ),
    "sorting": (
        "Putting things in order makes them easier to find.",
        "There are many methods for sorting, each with its strengths.",
        "Comparing neighbours is the simplest method of all.",
        "Libraries and shops depend on good ordering.",
        "A careful second look usually catches a slip.",
    ),
    "logic": (
        "Puzzles like this reward patience.",
        "Drawing a small diagram often helps.",
        "Each clue removes some of the possibilities.",
        "It is tempting to guess, but the clues are enough.",
        "Such riddles are a classic of rainy afternoons.",
    ),
}
_STYLES: dict[str, Callable[[Draw, Question, Solution], str]] = {
    "terse": _terse,
    "worked": _worked,
    "verbose": _verbose,
    "markdown": _markdown,
    "hedged": _hedged,
}
