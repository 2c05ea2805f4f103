"""Settings of a generator, checked against the parameters of its function."""

from __future__ import annotations

import inspect
from collections.abc import Mapping
from typing import Any

from harness.errors import UsageError, did_you_mean
from harness.names.arguments import fitted, forms_of
from harness.names.plugins import import_attribute


class WrongSetting(UsageError):
    """A generator does not take a setting, needs one that is missing, or cannot take settings at all.

    Args:
        name: The setting; empty where the generator itself is wrong.
        text: What is wrong.
    """

    def __init__(self, name: str, text: str) -> None:
        super().__init__(text)
        self.name = name


def check_settings(reference: str, settings: Mapping[str, Any]) -> dict[str, Any]:
    """Convert settings to the types that the annotations of the generator's function name.

    Args:
        reference: ``module:function``; the first parameter is the split.
        settings: The settings by name, as YAML reads them.

    Raises:
        PluginError: the function cannot be imported.
        WrongSetting: a setting is unknown, missing, or not what its annotation says.
    """
    function: Any = import_attribute(reference)
    if not callable(function):
        raise WrongSetting("", f"{reference} is no function")
    try:
        parameters = list(inspect.signature(function).parameters.values())[1:]
    except ValueError:  # some functions that are written in C do not say what they take
        raise WrongSetting("", f"{reference} does not say which settings it takes") from None
    named = {p.name: p for p in parameters if p.kind in (p.KEYWORD_ONLY, p.POSITIONAL_OR_KEYWORD)}
    takes_any = any(p.kind is p.VAR_KEYWORD for p in parameters)
    annotations = _annotations(function)
    made = {}
    for name, value in settings.items():
        if name not in named and not takes_any:
            listed = f" (it takes: {', '.join(named)})" if named else " (it takes none)"
            raise WrongSetting(
                name, f"{reference} takes no setting {name!r}{did_you_mean(name, list(named)) or listed}"
            )
        forms = forms_of(function, annotations[name]) if name in annotations else None
        try:
            made[name] = value if forms is None else fitted(f"{reference}: ", value, forms)
        except UsageError as error:
            raise WrongSetting(name, str(error)) from None
    missing = [p.name for p in named.values() if p.default is p.empty and p.name not in settings]
    if missing:
        raise WrongSetting(
            "", f"{reference} needs the setting {', '.join(missing)}: write settings: {{{missing[0]}: ...}}"
        )
    return made


def _annotations(function: Any) -> Mapping[str, Any]:
    """Return the annotations of a function; none if one names a type that is imported for type checkers only."""
    try:
        return inspect.get_annotations(function, eval_str=True)
    except Exception:
        return {}
