"""Which cells and samples a reader asks for: what an address says after its question mark."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from .figures import ORDER, SHOW

QueryParameters = Mapping[str, str]
"""What an address says after its question mark."""


@dataclass(frozen=True, slots=True)
class CellFilter:
    """Which cells a reader asks for; an empty field restricts nothing."""

    model: str = ""
    task: str = ""
    status: str = ""
    newest: bool = True
    """Only the newest of a model on a task."""


@dataclass(frozen=True, slots=True)
class SampleFilter:
    """Which samples a reader asks for."""

    domain: str = ""
    show: str = "all"
    """One of `harness_plugins.view.figures.SHOW`."""
    order: str = "data"
    """One of `harness_plugins.view.figures.ORDER`."""
    q: str = ""
    """Words to search for, as typed."""
    place: str = ""
    """Where to search: ``data``, ``model``, or both where empty."""
    page: int = 0
    start: int = 0
    """Number of the item at which a search goes on."""

    @property
    def query(self) -> dict[str, str]:
        """For addresses, without the page."""
        named = {"domain": self.domain, "q": self.q, "place": self.place}
        named |= {"show": "" if self.show == "all" else self.show, "order": "" if self.order == "data" else self.order}
        return named


def filter_of(query: QueryParameters) -> SampleFilter:
    """The filter that an address names; a value that no page offers stands for the default."""
    show, order, place = query.get("show", "all"), query.get("order", "data"), query.get("place", "")
    return SampleFilter(
        query.get("domain", ""),
        show if show in SHOW else "all",
        order if order in ORDER else "data",
        query.get("q", "").strip()[:500],
        place if place in ("data", "model") else "",
        whole(query, "page"),
        whole(query, "start"),
    )


def whole(query: QueryParameters, name: str) -> int:
    """A whole number of the query; 0 where it is absent or no such number."""
    text = query.get(name, "")
    return int(text) if text.isascii() and text.isdecimal() and len(text) < 10 else 0
