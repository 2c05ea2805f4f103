"""What tools work on: an account, a mailbox, a calendar; what their calls change, and how it is tested in the end.

A state is what JSON can hold: entries by name, each a value, a list of entries, or entries by name again. A path
names a part of it, such as ``account.balance``.
"""

from __future__ import annotations

import copy
import math
from collections.abc import Mapping, Sequence
from typing import Any

from harness import BadValue
from harness.kinds.phrases import tidy

State = dict[str, Any]
EFFECTS: Mapping[str, frozenset[str]] = {
    "add": frozenset({"value"}),
    "remove": frozenset({"where"}),
    "set": frozenset({"value"}),
    "change": frozenset({"by", "least"}),
}
"""What a call can do to a part of the state, and what else each says."""
TESTS = ("is", "holds", "lacks", "unchanged")
"""What the end of a state is tested for."""
_MARK = "$"
"""What stands before the name of an argument of the call, in the values of effects."""


class Refused(Exception):
    """A call that a tool refuses, in words; nothing is changed by it."""


def check_state(value: Any) -> State:
    """Read the state that a row begins with.

    Raises:
        BadValue: it is nothing that entries by name can be in.
    """
    if not isinstance(value, Mapping) or not value:
        raise BadValue("'state' has to be entries by name, such as {account: {balance: 100}, sent: []}")
    return dict(value)


def check_effects(where: str, effects: Any, state: State) -> list[Mapping[str, Any]]:
    """Read what a tool does.

    Raises:
        BadValue: an effect is none, or is on what the state does not have or cannot do so to.
    """
    several = [effects] if isinstance(effects, Mapping) else effects
    if not isinstance(several, list) or not several:
        raise BadValue(f"{where}: effects have to be a list of {', '.join(EFFECTS)}")
    for effect in several:
        kinds = [key for key in EFFECTS if isinstance(effect, Mapping) and key in effect]
        if len(kinds) != 1 or set(effect) - {kinds[0], *EFFECTS[kinds[0]]}:
            raise BadValue(f"{where}: an effect has one of {', '.join(EFFECTS)} and what belongs to it; got {effect}")
        kind = kinds[0]
        if missing := EFFECTS[kind] - set(effect) - {"least"}:
            raise BadValue(f"{where}: {kind} needs {', '.join(sorted(missing))}")
        part = part_of(where, state, effect[kind])
        if kind in ("add", "remove") and not isinstance(part, list):
            raise BadValue(f"{where}: {effect[kind]} is no list, and nothing can {kind} an entry of it")
        if kind == "remove" and not isinstance(effect["where"], Mapping):
            raise BadValue(f"{where}: 'where' has to be the keys and values of the entries that go")
        if kind == "change" and not is_number(part):
            raise BadValue(f"{where}: {effect[kind]} is no number, and cannot be changed by one")
    return several


def part_of(where: str, state: State, path: Any) -> Any:
    """Return the part of a state that a path names.

    Raises:
        BadValue: there is none.
    """
    part: Any = state
    for name in str(path).split("."):
        if not isinstance(part, Mapping) or name not in part:
            raise BadValue(f"{where}: the state has no {path!r}")
        part = part[name]
    return part


def is_number(value: Any) -> bool:
    """Tell whether a value is a finite number, or a text that is one."""
    return not isinstance(value, bool) and math.isfinite(_number(value))


def _number(value: Any) -> float:
    try:
        return float(value)
    except (TypeError, ValueError):
        return math.nan


def changed(state: State, effects: Sequence[Mapping[str, Any]], arguments: Mapping[str, Any]) -> State:
    """Return the state after a call.

    Raises:
        Refused: an argument is missing or no number, nothing is there to remove, or a number would fall too low.
    """
    after = copy.deepcopy(state)
    for effect in effects:
        kind = next(key for key in EFFECTS if key in effect)
        *parents, last = str(effect[kind]).split(".")
        place: Any = after
        for name in parents:
            place = place[name]
        if kind == "add":
            place[last].append(_filled(effect["value"], arguments))
        elif kind == "set":
            place[last] = _filled(effect["value"], arguments)
        elif kind == "remove":
            wanted = _filled(effect["where"], arguments)
            kept = [entry for entry in place[last] if not has(entry, wanted)]
            if len(kept) == len(place[last]):
                raise Refused(f"there is no such entry in {last}")
            place[last] = kept
        else:
            place[last] = _changed(last, place[last], effect, arguments)
    return after


def _changed(name: str, value: Any, effect: Mapping[str, Any], arguments: Mapping[str, Any]) -> float:
    by = effect["by"]
    less = isinstance(by, str) and by.startswith("-" + _MARK)
    amount = _filled(by[1:] if less else by, arguments)
    if not is_number(amount):
        raise Refused(f"{amount!r} is no number")
    # Below nothing, an amount would do the opposite of what the tool is for.
    if isinstance(by, str) and _number(amount) < 0:
        raise Refused(f"{amount!r} is below 0")
    made = _number(value) + (-1 if less else 1) * _number(amount)
    if "least" in effect and made < effect["least"]:
        raise Refused(f"{name} would fall below {effect['least']}")
    return made


def _filled(value: Any, arguments: Mapping[str, Any]) -> Any:
    """Put the arguments of a call where a value names them."""
    if isinstance(value, str) and value.startswith(_MARK):
        name = value[len(_MARK) :]
        if name not in arguments:
            raise Refused(f"the argument {name} is missing")
        return arguments[name]
    if isinstance(value, Mapping):
        return {key: _filled(each, arguments) for key, each in value.items()}
    return [_filled(each, arguments) for each in value] if isinstance(value, list) else value


def shown(part: Any) -> str:
    """Write a part of a state as a tool's result: a line for each key, entries of lists apart.

    >>> print(shown([{"from": "Ada", "text": "hello"}, {"from": "Ben", "text": "tea?"}]))
    From: Ada
    Text: hello
    <BLANKLINE>
    From: Ben
    Text: tea?
    """
    if isinstance(part, Mapping):
        return "\n".join(f"{str(key).capitalize()}: {_written(value)}" for key, value in part.items())
    if isinstance(part, list):
        apart = "\n\n" if any(isinstance(entry, Mapping) for entry in part) else "\n"
        return apart.join(map(shown, part)) or "There is nothing."
    return _written(part)


def _written(value: Any) -> str:
    return f"{value:g}" if isinstance(value, float) else str(value)


def same(one: Any, other: Any) -> bool:
    """Tell whether two values are the same to a reader: numbers as numbers, texts whatever their blanks and case."""
    if isinstance(one, Mapping) and isinstance(other, Mapping):
        return set(one) == set(other) and all(same(one[key], other[key]) for key in one)
    if isinstance(one, list) and isinstance(other, list):
        return len(one) == len(other) and all(map(same, one, other))
    if is_number(one) and is_number(other):
        return _number(one) == _number(other)
    return type(one) is type(other) and tidy(str(one)) == tidy(str(other))


def has(entry: Any, wanted: Any) -> bool:
    """Tell whether an entry has all keys and values that are wanted, and perhaps more."""
    if isinstance(wanted, Mapping):
        return isinstance(entry, Mapping) and all(key in entry and same(entry[key], wanted[key]) for key in wanted)
    return same(entry, wanted)


def check_state_test(name: str, test: Mapping[str, Any], state: State) -> None:
    """Check a test of how a state is in the end.

    Raises:
        BadValue: it names no part of the state, or says not one thing of it.
    """
    kinds = [key for key in TESTS if key in test]
    if len(kinds) != 1 or set(test) - {"state", *TESTS}:
        raise BadValue(f"{name}: a test of the state has one of {', '.join(TESTS)}; got {test}")
    part = part_of(name, state, test["state"])
    if kinds[0] in ("holds", "lacks") and not isinstance(part, list):
        raise BadValue(f"{name}: {test['state']} is no list, and {kinds[0]} asks for an entry of one; use is")
    if kinds[0] == "unchanged" and test["unchanged"] is not True:
        raise BadValue(f"{name}: unchanged has to be true")


def state_holds(test: Mapping[str, Any], state: State, before: State) -> bool:
    """Tell whether a test holds of a state, that was another before."""
    part = part_of("", state, test["state"])
    if "is" in test:
        return same(part, test["is"])
    if "unchanged" in test:
        return same(part, part_of("", before, test["state"]))
    found = any(has(entry, test.get("holds", test.get("lacks"))) for entry in part)
    return found is ("holds" in test)
