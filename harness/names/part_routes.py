"""How models inside models, and those that trainers ask, are asked: directly, or through adapters.

A task chooses adapters by what it says about itself; a model inside another one has no task. Adapters that need to be
told something are told it by their arguments there: ``part=[MODEL:...,adapters=[score-to-detect:positive=...]]``.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from typing import TypeVar

from harness.adapters import Route
from harness.errors import PlanError, UsageError
from harness.names.adapters import Adapters, NamedAdapter, NoWay
from harness.names.handles import ADAPTERS, ModelHandle
from harness.names.registry import Registry

H = TypeVar("H", bound=ModelHandle)
_CHOOSE = f"choose one in its specification: {ADAPTERS}=[NAME]"


def with_adapters(registry: Registry, handle: H, texts: Sequence[str]) -> H:
    """Return a model with the adapters that its specification names.

    Args:
        registry: Where adapters are looked up.
        handle: The model.
        texts: The adapters, ``NAME[:key=value,...]``, the one next to the model first: its answers pass through them in
            this order.

    Raises:
        UsageError: there is no such adapter, it takes other arguments, or it leads to nothing that the model offers.
        PlanError: two ways to the model cost the same.
        PluginError: an adapter cannot be made.
    """
    adapters = Adapters(registry)
    wished = [adapters.named(text) for text in texts]
    names = [named.name for named in wished]
    for i, named in enumerate(wished):
        if named.name in names[:i] or any(
            named.key == earlier.key for earlier in wished[:i] if not named.keeps_capability
        ):
            raise UsageError(f"{handle.label}: {ADAPTERS}= names {named.registration.name!r} twice")
        if not named.keeps_capability and named.gives in handle.offers:
            raise UsageError(
                f"{handle.label}: the adapter {named.name!r} can serve nothing: the model offers {named.gives} itself"
            )
    routes: dict[str, Route] = {}
    for capability in dict.fromkeys(named.gives for named in wished):
        try:
            way = adapters.way((capability,), handle.offers, wished=wished, choose=_CHOOSE)
        except NoWay as error:
            own = [named for named in wished if named.gives == capability]
            if _reaches(adapters, own, handle, wished):  # a task may tell what it needs to know
                continue
            raise UsageError(f"{handle.label}: the adapter {own[0].name!r} can serve nothing: {error}") from error
        if way.route.adapters:
            routes[capability] = way.route
    return dataclasses.replace(handle, adapters=(*handle.adapters, *names), routes=routes)


def _reaches(
    adapters: Adapters, own: Sequence[NamedAdapter], handle: ModelHandle, wished: Sequence[NamedAdapter]
) -> bool:
    """Whether what some adapters ask for can be had from a model."""
    for named in own:
        if named.keeps_capability:
            continue
        try:
            adapters.way((named.needs,), handle.offers, wished=wished)
        except NoWay:
            continue
        return True
    return False


def asked_for(
    registry: Registry,
    handle: H,
    capabilities: Sequence[str],
    *,
    who: str,
    brief: Mapping[str, str] | None = None,
) -> H:
    """Return a model as another one, or a trainer, asks it: through adapters for what it does not offer itself.

    A trainer's base, or a part of one, is prepared by it before it is asked:

        base = asked_for(registry, base, trainer.asks, who=f"the trainer {name!r} asks its base ({base.label})")

    The handle that comes back has the routes, which the client of models takes, and a fingerprint that covers them.

    Args:
        registry: Where adapters are looked up.
        handle: The model, with the adapters that its specification names.
        capabilities: What it is asked for; empty where that is not known, which leaves it as its specification says.
        who: Who asks which model, for messages: ``"model 'firewall' asks its input (my-model)"``.
        brief: What adapters are told, as tasks say it; nothing by default.

    Raises:
        UsageError: it does not offer one of them, and no adapter leads there, or several do; or an adapter that it
            names serves none of them.
        PluginError: an adapter cannot be made.
    """
    if not capabilities:
        for name in handle.adapters:  # nothing else will tell it what a task would
            if not any(name in route.names for route in handle.routes.values()):
                raise UsageError(f"{who}: its adapter {name!r} has to be told more by its arguments to serve there")
        return handle
    adapters = Adapters(registry)
    wished = [adapters.named(text) for text in handle.adapters]
    routes: dict[str, Route] = {}
    used: set[str] = set()
    lacking: dict[str, str] = {}
    for capability in capabilities:
        if capability in handle.offers and not wished:
            continue
        try:
            way = adapters.way((capability,), handle.offers, wished=wished, brief=brief, choose=_CHOOSE)
        except NoWay as error:
            lacking[capability] = str(error)
            continue
        except PlanError as error:
            raise UsageError(f"{who} for {capability}: {error}") from error
        used.update(named.name for named in way.used)
        if way.route.adapters:
            routes[capability] = way.route
    if lacking:
        why = "".join(f"; {text.partition('; ')[2]}" for text in lacking.values() if "; " in text)
        raise UsageError(
            f"{who} for {' and '.join(lacking)}, which that does not offer; it offers: "
            f"{', '.join(handle.offers) or 'nothing'}{why}"
        )
    for named in wished:
        if named.name not in used:
            raise UsageError(
                f"{who} for {' and '.join(capabilities)}, for which its adapter {named.name!r} serves nothing: that "
                f"leads from {named.needs} to {named.gives}"
            )
    return dataclasses.replace(handle, routes=routes)
