"""The one place where YAML is read: the size of every file is checked before any value is made from it.

A few hundred bytes of YAML can stand for more than there is memory (aliases of aliases), for something endless (an
alias inside the value that it names), or for lists deeper than Python can follow. A path can be that of a pipe that
never ends. All of these are refused with one sentence that names file and line.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import yaml

from harness.errors import ConfigurationError
from harness.files.regular_files import why_no_file

LARGEST = 16 * 2**20
"""Bytes of one file."""
DEEPEST = 64
"""Lists and mappings inside each other."""
MOST_ENTRIES = 200_000
"""Keys and values of one file, where each alias counts as all that it stands for."""
_BASE: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_ALIAS = re.compile(r"\*[^\s*,\[\]{}]")
_INDENT = re.compile(r"^[ \-?]*", re.MULTILINE)


class _Loader(_BASE):  # type: ignore[misc]
    """A safe loader that refuses a key given twice: the second value would silently win."""

    def construct_mapping(self, node: Any, deep: bool = False) -> Any:
        seen: set[str] = set()
        for key, _ in node.value:
            if key.tag != "tag:yaml.org,2002:merge" and isinstance(key, yaml.ScalarNode):
                if key.value in seen:
                    raise yaml.constructor.ConstructorError(
                        None, None, f"the key {key.value!r} is given twice", key.start_mark
                    )
                seen.add(key.value)
        return super().construct_mapping(node, deep)


def load_yaml(path: Path) -> Any:
    """Read a YAML file and return its content.

    Raises:
        ConfigurationError: the file is missing, no regular file, not YAML, or stands for too much; names the line.
    """
    text = _read(path)
    try:
        _check_bounds(text)
        return yaml.load(text, Loader=_Loader)  # a safe loader either way
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        line = f":{mark.line + 1}" if mark else ""
        raise ConfigurationError(f"{path}{line}: not valid YAML: {error.problem or error.context}") from None
    except (yaml.YAMLError, ValueError, OverflowError) as error:  # such as the date 2024-13-41, or 5,000 digits
        raise ConfigurationError(f"{path}: not valid YAML: {error}") from None


def check_yaml(path: Path) -> None:
    """Check a file that another library is going to read against the same bounds.

    Raises:
        ConfigurationError: the file cannot be read, or stands for too much.
    """
    try:
        _check_bounds(_read(path))
    except _Unbounded as error:
        raise ConfigurationError(f"{path}:{error.line}: {error.problem}") from None
    except yaml.YAMLError:
        pass  # the library that reads the file says what is wrong


def compose_yaml(path: Path) -> Any:
    """Return the root node of a YAML file, whose nodes know their lines; None if the file cannot be read."""
    try:
        text = _read(path)
        _check_bounds(text)
        return yaml.compose(text, Loader=_BASE)
    except (yaml.YAMLError, ConfigurationError):
        return None


class Lines:
    """Finds the lines of a YAML file's keys; the file is read once, at the first question.

    Args:
        path: The file.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._root: Any = None
        self._is_read = False

    def of(self, location: Sequence[str | int]) -> int | None:
        """Return the 1-based line of a key; if the key is absent, the line of the nearest key around it."""
        if not self._is_read:
            self._root, self._is_read = compose_yaml(self._path), True
        node, line = self._root, None
        for key in location:
            pair = None
            if isinstance(node, yaml.MappingNode):
                pair = next((pair for pair in node.value if pair[0].value == str(key)), None)
            elif isinstance(node, yaml.SequenceNode) and isinstance(key, int) and key < len(node.value):
                pair = (node.value[key], node.value[key])
            if pair is None:
                break
            line, node = pair[0].start_mark.line + 1, pair[1]
        return line


def _read(path: Path) -> str:
    """Read the text of a file.

    Raises:
        ConfigurationError: the file is missing, too large, not UTF-8, or no regular file.
    """
    reason = why_no_file(path)
    if reason:
        raise ConfigurationError(f"{path}: cannot be read: {reason}")
    try:
        with path.open("rb") as stream:
            content = stream.read(LARGEST + 1)  # not the size on disk: files of /proc say 0 and may be endless
        if len(content) > LARGEST:
            raise ConfigurationError(
                f"{path}: more than {LARGEST >> 20} MiB; no YAML file that is read here is so long"
            )
        return content.decode("utf-8")
    except FileNotFoundError:
        raise ConfigurationError(f"{path}: no such file") from None
    except (OSError, ValueError) as error:  # ValueError: the content is not UTF-8, or the path holds a NUL
        raise ConfigurationError(f"{path}: cannot be read: {error}") from error


# bounds


class _Unbounded(yaml.MarkedYAMLError):
    """A YAML document stands for too much."""

    def __init__(self, problem: str, mark: Any) -> None:
        self.line = mark.line + 1
        super().__init__(None, None, problem, mark)


def _check_bounds(text: str) -> None:
    """Refuse a text whose content would be too deep, too large or endless.

    Raises:
        yaml.YAMLError: the content is beyond a bound, or the text is not YAML.
    """
    if _may_be_unbounded(text):
        for _ in _bounded_events(text):
            pass


def _may_be_unbounded(text: str) -> bool:
    """Tell whether every entry has to be counted, which takes time: almost no file has aliases or is long or deep."""
    if len(text) > MOST_ENTRIES or _ALIAS.search(text):
        return True  # each entry takes at least one character, so a shorter text cannot hold too many
    brackets = text.count("[") + text.count("{")
    # Each level of a block is indented by at least one character, except a list right below its key: hence twice.
    return brackets + 2 * max(len(match) for match in _INDENT.findall(text)) >= DEEPEST


def _bounded_events(text: str) -> Iterator[None]:
    """Go through the parser's events, which needs no recursion, and count the entries that each anchor stands for."""
    sizes: dict[str, int] = {}
    open_: list[tuple[str | None, int]] = []  # for each list or mapping around: its anchor, and the entries before it
    total = 0
    for event in yaml.parse(text, Loader=_BASE):
        yield
        if isinstance(event, yaml.AliasEvent):
            if event.anchor not in sizes:
                if any(anchor == event.anchor for anchor, _ in open_):
                    raise _Unbounded(f"the alias *{event.anchor} stands inside what it names", event.start_mark)
                continue  # an alias without an anchor, which the loader reports
            total += sizes[event.anchor]
        elif isinstance(event, yaml.ScalarEvent):
            total += 1
            if event.anchor is not None:
                sizes[event.anchor] = 1
        elif isinstance(event, yaml.CollectionStartEvent):
            sizes.pop(str(event.anchor), None)
            open_.append((event.anchor, total))
            total += 1
            if len(open_) > DEEPEST:
                raise _Unbounded(f"more than {DEEPEST} lists or mappings inside each other", event.start_mark)
        elif isinstance(event, yaml.CollectionEndEvent):
            anchor, before = open_.pop()
            if anchor is not None:
                sizes[anchor] = total - before
        if total > MOST_ENTRIES:
            expanded = ", counting an alias as what it stands for" if sizes else ""
            raise _Unbounded(f"more than {MOST_ENTRIES} entries{expanded}", event.start_mark)
