"""Renders pages from templates; everything that a model or data set wrote is text, never markup."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Mapping
from functools import cache
from typing import TYPE_CHECKING, Any

from harness.results import bounds, figure, percent, visible
from harness.stats import Estimate

from .content import against_chance, shown_chance

if TYPE_CHECKING:
    from jinja2 import Environment


def cell_text(estimate: Estimate | None, unit: str, level: float) -> str:
    """Write a figure with its interval, ``62.29[57.1, 67.2]``; empty without a figure.

    Args:
        estimate: The figure.
        unit: The unit of the figure.
        level: The level that the page names; an interval of another level is written with its own.
    """
    if estimate is None or not math.isfinite(estimate.value):
        return ""
    return figure(estimate.value, unit) + bounds(estimate, unit, level)


def soft(text: str) -> Any:
    """Return a title as markup that a browser may break after an underscore, slash or dot."""
    from markupsafe import Markup, escape

    return Markup(re.sub(r"([_/.·])", r"\1<wbr>", str(escape(visible(text)))))


def introduction(text: str) -> Any:
    """Return an introduction, which somebody wrote as Markdown, as markup that holds none of its HTML."""
    from markupsafe import Markup

    from harness.leaderboard import about_html

    return Markup(about_html(text))


def _shown(value: Any) -> Any:
    """Finish the value of a template's expression: remove from texts the characters that a browser would obey."""
    return visible(value) if type(value) is str else value


def _safe_lines(text: str) -> Any:
    """Return a text of several lines as markup, escaped, its lines kept; other than in names they are meant."""
    from markupsafe import Markup, escape

    return Markup("\n").join(escape(visible(line)) for line in text.split("\n"))


@cache
def environment() -> Environment:
    """Return the environment of the templates."""
    from jinja2 import Environment, PackageLoader, StrictUndefined

    made = Environment(
        loader=PackageLoader("harness_plugins.site"),
        autoescape=True,
        trim_blocks=True,
        lstrip_blocks=True,
        finalize=_shown,
        undefined=StrictUndefined,
    )
    made.filters.update(figure=figure, visible=visible, soft=soft, percent=percent)
    made.filters.update(introduction=introduction, safe_lines=_safe_lines)
    made.globals.update(bounds=bounds, isfinite=math.isfinite, against_chance=against_chance, shown_chance=shown_chance)
    return made


def render_page(template: str, **values: Any) -> str:
    """Fill a template with values, and return the page as HTML."""
    return environment().get_template(template).render(**values) + "\n"


def data_script(name: str, value: Any) -> str:
    """Write data as a script, since a page that is opened from the file system may read no other files.

    All texts in the script are harmless inside HTML too, should somebody put the script there.
    """
    text = json.dumps(_plain(value), ensure_ascii=True, allow_nan=False, separators=(",", ":"))
    text = text.replace("<", "\\u003c").replace(">", "\\u003e").replace("&", "\\u0026")
    return f"harnessData({json.dumps(name)},{text});\n"


def _plain(value: Any) -> Any:
    """Return data without numbers that JSON lacks, and without characters that a browser would obey."""
    if isinstance(value, str):
        return "\n".join(visible(line) for line in value.split("\n"))
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, Mapping):
        return {_plain(str(key)): _plain(inner) for key, inner in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain(inner) for inner in value]
    return value
