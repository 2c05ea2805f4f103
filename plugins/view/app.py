"""The web application: leads addresses to pages, and shows every error as a page too."""

from __future__ import annotations

import logging
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from harness import THEME, Registry
from harness.errors import HarnessError
from harness.store import StoreReader

from .cell_page import CellPage
from .comparison_pages import ComparisonPages
from .guard import AccessGuard
from .home import HomePage
from .pages import NotFound, Page, Pages
from .samples import Samples
from .texts import FILTERS, address, shown

if TYPE_CHECKING:
    from starlette.requests import Request
    from starlette.responses import Response

HERE = Path(__file__).parent
log = logging.getLogger("harness.view")


def make_app(
    registry: Registry,
    store: StoreReader,
    *,
    host: str = "127.0.0.1",
    token: str = "",
    cache: Path | None = None,
    show_sensitive: bool = False,
) -> tuple[AccessGuard, Samples]:
    """Make the application, and the samples whose work runs in its background.

    Args:
        registry: The registry, for tasks, metrics, adapters and capabilities.
        store: The store to show.
        host: The address that the server listens on.
        token: The token that a browser has to send; empty: none.
        cache: The folder of search indices; default: the user's cache folder.
        show_sensitive: Whether texts of sensitive tasks are shown.
    """
    from starlette.applications import Starlette
    from starlette.routing import Mount, Route
    from starlette.staticfiles import StaticFiles

    samples = Samples(registry, store, cache, show_sensitive=show_sensitive)
    pages, sides = Pages(store, samples), ComparisonPages(registry, store, samples)
    home = HomePage(registry, store)
    show = _Renderer(store)
    show.warm(pages, home)
    routes = [
        Route("/", show(home.home)),
        Route("/under-way", show(home.under_way)),
        Route("/runs", show(pages.runs)),
        Route("/runs/{run:int}", show(pages.run)),
        Route("/cells", show(pages.cells)),
        Route("/curves", show(pages.curves)),
        Route("/cells/{cell:int}", show(CellPage(registry, store, samples).cell)),
        Route("/cells/{cell:int}/samples", show(pages.samples)),
        Route("/cells/{cell:int}/samples/{row:int}", show(pages.sample)),
        Route("/compare/{first:int}/{second:int}", show(sides.comparison)),
        Route("/compare/{first:int}/{second:int}/{row:int}", show(sides.pair)),
        Route("/static/theme.js", _file(THEME)),
        Mount("/static", StaticFiles(directory=HERE / "static")),
        Route("/{rest:path}", show(pages.nothing)),
    ]
    return AccessGuard(Starlette(routes=routes), host=host, token=token), samples


def _file(path: Path) -> Callable[[Request], Response]:
    """Make the endpoint that serves one file."""
    from starlette.responses import FileResponse

    return lambda request: FileResponse(path)


class _Renderer:
    """Turns methods that make pages into endpoints; endpoints run in threads, so that no page waits for another."""

    def __init__(self, store: StoreReader) -> None:
        from jinja2 import Environment, PackageLoader, StrictUndefined

        self._environment = Environment(
            loader=PackageLoader("harness_plugins.view"),
            autoescape=True,
            finalize=shown,
            trim_blocks=True,
            lstrip_blocks=True,
            undefined=StrictUndefined,
        )
        self._environment.filters.update(FILTERS)
        self._environment.globals.update(address=address, store=str(store.path.absolute()))

    def __call__(self, make: Callable[..., Page]) -> Callable[[Request], Response]:
        """Make the endpoint of one kind of page."""
        from starlette.responses import HTMLResponse

        def endpoint(request: Request) -> Response:
            try:
                return HTMLResponse(self.render(make(dict(request.query_params), **request.path_params)))
            except NotFound as error:
                text, status = str(error), 404
            except HarnessError as error:
                text, status = str(error), 500
            except Exception:
                log.exception("the page %s cannot be shown", request.url.path)
                text, status = "This page cannot be shown; the terminal says why.", 500
            return HTMLResponse(self.render(Page("problem.html", {"problem": text})), status)

        return endpoint

    def warm(self, pages: Pages, home: HomePage) -> None:
        """Compile templates, import modules and read the first page beforehand, so that no reader waits for it."""
        for name in self._environment.list_templates(extensions=["html"]):
            self._environment.get_template(name)
        try:
            pages.warm()
            self.render(home.home({}))
        except Exception:  # the page itself will say what is wrong
            log.debug("the first page could not be made beforehand", exc_info=True)

    def render(self, page: Page) -> str:
        """Return a page as HTML."""
        return self._environment.get_template(page.template).render(**page.context)
