"""Policies as users write them: ``[LABEL=]NAME:key=value,...``, with the settings of the cache among the keys."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated, Any

from harness import COUNT, OneOf, Range, UsageError
from harness.errors import did_you_mean
from harness.names import check_arguments, import_attribute, parse_arguments

from .eviction import RULES
from .policy import GreyZone, Policy, Probability, Static
from .pooled import Pooled
from .replay import CacheSettings
from .verified import Verified

NAMES: dict[str, type[Policy]] = {
    "static": Static,
    "probability": Probability,
    "vcache": Verified,
    "pooled": Pooled,
    "grey-zone": GreyZone,
}
_CACHE = ("insertion", "eviction", "capacity", "ttl", "expiry")
_FORM = re.compile(
    r"^(?:(?P<label>[\w./@+-]+)=)?(?P<name>[\w-]+(?:\.\w+)*(?::[A-Za-z_]\w*(?=:|$))?)(?::(?P<listed>.*))?$"
)


@dataclass(frozen=True, slots=True)
class NamedPolicy:
    """A policy with its cache, and the name that results carry."""

    label: str
    """As the user says, or else all of it, with the way of insertion."""
    policy: Policy
    settings: CacheSettings

    @property
    def described(self) -> str:
        """The label, and what the cache is where the label does not say it."""
        settings = str(self.settings)
        return self.label if settings in self.label else f"{self.label} ({settings})"


class _Cache:
    """The settings of a cache, for checking."""

    def __init__(
        self,
        insertion: Annotated[str, OneOf("on-miss", "all", "on-wrong")] = "on-miss",
        eviction: Annotated[str, OneOf(*RULES)] = "lru",
        capacity: Annotated[int | None, COUNT] = None,
        ttl: Annotated[float | None, Range(above=0)] = None,
        expiry: Annotated[str, OneOf("known", "unknown")] = "known",
    ) -> None:
        self.settings = CacheSettings(insertion, eviction, capacity, ttl, expiry)  # type: ignore[arg-type]


def named(text: str) -> NamedPolicy:
    """Make the policy that a text names.

    >>> named("static:threshold=0.9,capacity=100").label
    'static:threshold=0.9,insertion=on-miss,eviction=lru,capacity=100'

    Args:
        text: ``[LABEL=]NAME:key=value,...``; NAME is one of `NAMES`, or ``package.module:Class``.

    Raises:
        UsageError: the name or a key is unknown, or a value is refused.
    """
    match = _FORM.match(text)
    if match is None:
        raise UsageError(f"{text!r} names no policy; write NAME:key=value,key=value, such as static:threshold=0.9")
    name, arguments = match["name"], parse_arguments(match["listed"] or "", text)
    kind = _kind(name, text)
    if "eviction" in arguments and "capacity" not in arguments:
        raise UsageError(f"{text!r}: eviction= is of a cache that can be full; say capacity= too")
    own = arguments.replaced_by({})
    ofcache = arguments.replaced_by({})
    for key in list(arguments):
        del (own if key in _CACHE else ofcache)[key]
    ofcache.setdefault("insertion", kind.insertion)
    what = f"policy {name!r}"
    if unknown := [key for key in own if key not in _parameters(kind)]:
        known = [*_parameters(kind), *_CACHE]
        raise UsageError(
            f"{what} takes no {unknown[0]!r}{did_you_mean(unknown[0], known)}; it takes {', '.join(known)}"
        )
    settings = _Cache(**check_arguments(what, _Cache, ofcache)).settings
    policy = kind(**check_arguments(what, kind, own))
    listed = [f"{key}={arguments.texts.get(key, arguments[key])}" for key in own] + [str(settings)]
    return NamedPolicy(match["label"] or f"{name}:{','.join(listed)}", policy, settings)


def all_named(texts: Sequence[str]) -> list[NamedPolicy]:
    """Make several policies, whose names differ.

    Raises:
        UsageError: one cannot be made, or two have one name.
    """
    made = [named(text) for text in texts]
    labels = [one.label for one in made]
    if twice := [label for i, label in enumerate(labels) if label in labels[:i]]:
        raise UsageError(f"two policies are called {twice[0]!r}; say one of them once, or name it LABEL=POLICY")
    return made


def _kind(name: str, text: str) -> type[Policy]:
    if ":" not in name:
        if name not in NAMES:
            raise UsageError(
                f"{text!r}: no policy {name!r}{did_you_mean(name, NAMES)}; there are {', '.join(NAMES)}, and classes "
                "of yours as package.module:Class"
            )
        return NAMES[name]
    kind: Any = import_attribute(name)
    if not (isinstance(kind, type) and issubclass(kind, Policy)):
        raise UsageError(f"{text!r}: {name} is no class derived from harness_plugins.prompt_caching.policy.Policy")
    return kind


def _parameters(kind: type[Policy]) -> list[str]:
    import inspect

    if kind.__init__ is object.__init__:
        return []
    return list(inspect.signature(kind).parameters)
