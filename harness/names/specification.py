"""The grammar in which users name models: ``[LABEL=]NAME[:key=value,...]``, read and written."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from harness.encoding import encodable
from harness.errors import UsageError
from harness.names.arguments import parse_arguments

_LABELLED = re.compile(r"^(?P<label>[\w./@+-]+)=(?P<rest>[^=:]+(:.*)?)$")
_NAME = re.compile(r"^[\w./@+-]+$")
_TRAINED = re.compile(r"^train:(?P<trainer>[\w./@+-]+)(:(?P<listed>.*))?$", re.DOTALL)
TRAIN = "train"
"""What specifications of models by their training begin with."""
_NOT_IN_LABELS = re.compile(r"[^\w./@+-]+")


@dataclass(frozen=True, slots=True)
class Specification:
    """The parts of the text by which a user names a model, or a metric."""

    label: str
    """The name that results are filed under: the label before the ``=``, or else the whole text."""
    name: str
    """The registered or declared name."""
    arguments: Mapping[str, Any] = field(default_factory=dict)
    trainer: str = ""
    """Name of the trainer, in ``train:TRAINER:task=TASK,...``; empty where the model is there to be named."""


def parse_specification(text: str) -> Specification:
    """Read ``[LABEL=]NAME[:key=value,...]``; values are YAML scalars, or in brackets another specification.

    A model may also be named by how it is trained, ``[LABEL=]train:TRAINER:task=TASK,base=[MODEL],set.KEY=VALUE,...``:

    >>> parse_specification("train:bt-linear:task=quickstart/preferences,set.penalty=0.1").trainer
    'bt-linear'

    Raises:
        UsageError: the text is not of that form.
    """
    label, rest = "", text
    match = _LABELLED.match(text)
    if match:
        label, rest = match["label"], match["rest"]
    trained = _TRAINED.match(rest)
    if trained:
        arguments = parse_arguments(trained["listed"] or "", text)
        return Specification(encodable(label or text), TRAIN, arguments, trained["trainer"])
    if rest.startswith(f"{TRAIN}:"):  # else it would be a model of that name, which nobody meant
        raise UsageError(f"{text!r} names no trainer; write {TRAIN}:TRAINER:task=TASK")
    name, _, listed = rest.partition(":")
    if not _NAME.match(name):
        raise UsageError(f"{text!r} names no model; write NAME or NAME:key=value,key=value")
    return Specification(encodable(label or text), name, parse_arguments(listed, text))


def check_label(label: str) -> str:
    """Return a label unchanged, if it can stand before the ``=`` of a specification.

    Raises:
        UsageError: the label is empty, or holds a character that no label may hold.
    """
    if not label or _NOT_IN_LABELS.search(label):
        raise UsageError(f"{label!r} is no label of a model; use letters, digits and . _ - + / @")
    return label


def label_from(text: str) -> str:
    """Make a label out of any text: every run of characters that no label may hold becomes a hyphen."""
    return _NOT_IN_LABELS.sub("-", text) or "model"


def written(value: Any) -> str:
    """Write a value as specifications have it; a text with a comma or a colon goes into brackets."""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, (list, tuple)):
        return json.dumps(list(value))  # has brackets of its own
    text = str(value)
    return f"[{text}]" if "," in text or ":" in text else text


def written_list(specifications: Sequence[str]) -> str:
    """Write specifications as one argument has them: each in brackets of its own.

    >>> written_list(["length", "keyword-list:slope=2"])
    '[[length],[keyword-list:slope=2]]'
    """
    return f"[{','.join(f'[{each}]' for each in specifications)}]"


def specify(label: str, name: str, path: Path) -> str:
    """Write ``LABEL=NAME:path=PATH``, the specification of a model that lies in a folder.

    Raises:
        UsageError: the path holds a character that no specification can, such as a single bracket.
    """
    text = f"{label}={name}:path={written(path)}"
    # The text is read back: quoting has no escapes, so that some paths come out as another path, or as none.
    try:
        arguments = parse_specification(text).arguments
        same = getattr(arguments, "texts", {}).get("path", arguments["path"]) == str(path)
    except (UsageError, KeyError):
        same = False
    if not same:
        raise UsageError(
            f"{path}: no specification can name a model there; use letters, digits and . _ - / in the path"
        )
    return text
