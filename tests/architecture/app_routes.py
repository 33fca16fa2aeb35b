"""The application's handlers, and everything a room offers as a route."""

import importlib
import pkgutil
from collections.abc import Iterator
from dataclasses import dataclass

from litestar import Litestar
from litestar.handlers import HTTPRouteHandler
from litestar.routes import HTTPRoute

import siyu

Handled = tuple[str, str]  # method and path: ("GET", "/shop/{slug:str}")


@dataclass(frozen=True)
class Offered:
    """A handler that a room exports in its `routes`."""

    module: str
    handler: HTTPRouteHandler

    @property
    def handles(self) -> set[Handled]:
        return {(str(method), path) for method in self.handler.http_methods for path in self.handler.paths}


def offered() -> list[Offered]:
    """What all rooms export in `routes`, each handler once."""
    found: dict[int, Offered] = {}
    for info in pkgutil.walk_packages(siyu.__path__, "siyu."):
        if info.name.startswith("siyu.connect.sandbox"):
            continue  # the other side of the wire is another application
        for handler in getattr(importlib.import_module(info.name), "routes", ()):
            if isinstance(handler, HTTPRouteHandler):
                found.setdefault(id(handler), Offered(info.name, handler))
    return list(found.values())


def mounted(app: Litestar) -> Iterator[tuple[Handled, HTTPRouteHandler]]:
    """Every (method, path) that the application answers, without the OPTIONS that Litestar adds."""
    for route in app.routes:
        if isinstance(route, HTTPRoute):
            for handler in route.route_handlers:
                for method in sorted(str(method) for method in handler.http_methods):
                    if method != "OPTIONS":
                        yield (method, route.path), handler
