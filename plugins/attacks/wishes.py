"""What a user writes after ``attack:``, taken apart and checked."""

from __future__ import annotations

import datetime
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, NamedTuple

from harness import UsageError

from .attacks import POSITIONS, Settings
from .library import ADAPTIVE, ALL
from .moves import MOVES
from .plans import FEEDBACK, PAIR, SEARCHES, Plan

if TYPE_CHECKING:
    from .library import Library


class Wish(NamedTuple):
    """A name after ``attack:``, taken apart."""

    attack: str
    """An attack, a group of attacks, or the path of a file."""
    task: str
    listed: str
    """The options as written."""
    settings: Settings
    twin: bool | None
    """Whether the benign twin is meant; of a group, whether twins stand beside; None: not said."""
    controls: bool
    """Whether the controls are meant beside a single attack."""
    pairs: bool
    """Whether each attack is to stand beside its twin."""
    plan: Plan
    """Of the attacker that searches."""
    since: datetime.date | None
    """Of a group: only attacks known since then."""
    given: Mapping[str, Any]


def _whole(least: int, most: int = 1_000_000_000) -> tuple[Callable[[Any], bool], str]:
    expected = f"a whole number from {least}" + (f" to {most}" if most < 1_000_000 else "")
    return (lambda value: type(value) is int and least <= value <= most), expected


def _one_of(*words: str) -> tuple[Callable[[Any], bool], str]:
    return (lambda value: value in words), f"one of {', '.join(words)}"


def _number(value: Any) -> bool:
    return type(value) in (int, float) and abs(value) < 1e12


def _are_moves(value: Any) -> bool:
    return bool(_moves(value)) and all(move in MOVES for move in _moves(value))


def _moves(value: Any) -> tuple[str, ...]:
    """Read ``moves=leet+insertion``."""
    return tuple(str(value).split("+"))


_FLAG = (lambda value: isinstance(value, bool)), "true or false"
_SEED = _whole(0, 2**63 - 1)
_CHECKS: Mapping[str, tuple[Callable[[Any], bool], str]] = {
    "seed": (_SEED[0], "a whole number from 0"),
    "twin": _FLAG,
    "pairs": _FLAG,
    "controls": _FLAG,
    "take": _whole(1),
    "position": _one_of(*POSITIONS),
    "model": ((lambda value: isinstance(value, str) and bool(value)), "a name"),
    "since": ((lambda value: isinstance(value, datetime.date)), "a date such as 2024-01-31"),
    "queries": _whole(1, 10_000),
    "search": _one_of(*SEARCHES, PAIR),
    "feedback": _one_of(*FEEDBACK),
    "width": _whole(1, 1000),
    "streams": _whole(1, 1000),
    "moves": (_are_moves, f"one or more of {', '.join(MOVES)}, with + between them"),
    "threshold": (_number, "a number of log-odds"),
    "fpr": ((lambda value: type(value) in (int, float) and 0 < value < 1), "a share above 0 and below 1"),
    "keep_texts": ((lambda value: isinstance(value, str) and bool(value)), "a file to write"),
}
PLANNED = ("queries", "search", "feedback", "width", "streams", "moves", "threshold", "fpr", "keep_texts")
"""What only the attacker that searches takes."""


def parse_wish(text: str, library: Library) -> Wish:
    """Parse ``NAME:TASK:key=value,...``; a task whose own name has colons stands in brackets.

    Raises:
        UsageError: an option is unknown, not of its type, or does nothing with this attack; or no task is given.
    """
    from harness.names import parse_checked

    first, colon, rest = text.partition(":")
    if not library.knows(first) and (not colon or "=" in rest) and "/" in first:
        first, rest = ALL, text
    if not rest:
        raise UsageError(f"attack:{text}: give a task behind the attack, such as attack:{first or ALL}:TASK")
    task, listed = _task_and_options(rest, text)
    given = parse_checked(listed, f"attack:{text}", _CHECKS)
    _check_together(text, first, given, library)
    settings = Settings(**{key: given[key] for key in ("seed", "take", "position", "model") if key in given})
    planned = {key: given[key] for key in ("seed", *PLANNED) if key in given}
    if "moves" in planned:
        planned["moves"] = _moves(planned["moves"])
    plan = Plan(**planned)
    twin, controls, pairs = given.get("twin"), bool(given.get("controls")), bool(given.get("pairs"))
    return Wish(first, task, listed, settings, twin, controls, pairs, plan, given.get("since"), given)


def _task_and_options(rest: str, text: str) -> tuple[str, str]:
    if not rest.startswith("["):
        task, _, listed = rest.partition(":")
        return task, listed
    task, closed, listed = rest[1:].partition("]")
    if not closed or (listed and not listed.startswith(":")):
        raise UsageError(f"attack:{text}: expected [TASK] or [TASK]:key=value")
    return task, listed.removeprefix(":")


def _check_together(text: str, name: str, given: Mapping[str, Any], library: Library) -> None:
    """Refuse options that would do nothing.

    Raises:
        UsageError: names the first.
    """
    idle = [key for key in given if key in PLANNED and name != ADAPTIVE]
    if name == ADAPTIVE:
        idle = [key for key in given if key not in (*PLANNED, "seed", "controls")]
    elif name in library.groups:
        idle += [key for key in given if key in ("position", "model", "take") and name == ALL]
        idle += ["pairs"] * ("pairs" in given)  # a group has them anyway
    else:
        from .attacks import CLASSES

        taken = CLASSES[library.find(name).file.kind].options
        idle += [key for key in ("take", "position", "model", "since") if key in given and key not in taken]
    if idle:
        raise UsageError(f"attack:{text}: {idle[0]} does nothing with {name!r}: leave it out")
    if "threshold" in given and "fpr" in given:
        raise UsageError(f"attack:{text}: give threshold or fpr, not both: each says when a text is flagged")
    if given.get("feedback") == "decision" and "fpr" in given:
        raise UsageError(
            f"attack:{text}: feedback=decision needs threshold=, since what fpr= allows is known only after the search"
        )
    if given.get("pairs") and ("twin" in given or given.get("controls")):
        other = "twin" if "twin" in given else "controls"
        raise UsageError(f"attack:{text}: give pairs or {other}, not both: pairs are attacks with their twins")
    by_model = given.get("search") == PAIR
    idle = [key for key in ("moves", "width", "threshold", "fpr") if key in given and by_model]
    idle += ["streams"] * ("streams" in given and not by_model)
    if idle:
        hint = "with" if by_model else "without"
        raise UsageError(f"attack:{text}: {idle[0]} does nothing {hint} search={PAIR}: leave it out")
    if "width" in given and given.get("search", SEARCHES[0]) != "beam":
        raise UsageError(f"attack:{text}: width does nothing without search=beam: leave it out")
