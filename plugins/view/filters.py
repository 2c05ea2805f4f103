"""The filters that a reader sets on cells and samples: the part of an address after its question mark."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from .figures import ORDER, SHOW

QueryParameters = Mapping[str, str]
"""The parameters of an address, after its question mark, by name."""


@dataclass(frozen=True, slots=True)
class CellFilter:
    """The cells that a reader asks for; an empty field restricts nothing."""

    model: str = ""
    task: str = ""
    status: str = ""
    newest: bool = True
    """Whether to show only the newest cell of each model on each task."""


@dataclass(frozen=True, slots=True)
class SampleFilter:
    """The samples that a reader asks for."""

    domain: str = ""
    show: str = "all"
    """One of `harness_plugins.view.figures.SHOW`."""
    order: str = "data"
    """One of `harness_plugins.view.figures.ORDER`."""
    q: str = ""
    """Words to search for, as typed."""
    place: str = ""
    """Where to search: ``data``, ``model``, or both where empty."""
    responses: str = ""
    """``data``: responses in the order of the data; empty: those that are scored, by score."""
    page: int = 0
    start: int = 0
    """Number of the item at which a search goes on."""

    @property
    def query(self) -> dict[str, str]:
        """The parameters of an address for this filter, without the page."""
        parameters = {"domain": self.domain, "q": self.q, "place": self.place}
        parameters["show"] = "" if self.show == "all" else self.show
        parameters["responses"] = self.responses
        parameters["order"] = "" if self.order == "data" else self.order
        return parameters


def filter_of(query: QueryParameters) -> SampleFilter:
    """Return the filter that an address names; a value that no page offers becomes the default."""
    show, order, place = query.get("show", "all"), query.get("order", "data"), query.get("place", "")
    return SampleFilter(
        query.get("domain", ""),
        show if show in SHOW else "all",
        order if order in ORDER else "data",
        query.get("q", "").strip()[:500],
        place if place in ("data", "model") else "",
        "data" if query.get("responses") == "data" else "",
        whole(query, "page"),
        whole(query, "start"),
    )


def whole(query: QueryParameters, name: str) -> int:
    """Return a whole number of the query; 0 if the parameter is absent or no such number."""
    text = query.get(name, "")
    return int(text) if text.isascii() and text.isdecimal() and len(text) < 10 else 0
