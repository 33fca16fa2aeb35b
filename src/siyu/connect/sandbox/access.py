"""Who may use the control API: this machine only, in JSON only."""

from typing import Any, TypeVar

import msgspec
from litestar import Request, Response
from litestar.connection import ASGIConnection
from litestar.exceptions import PermissionDeniedException
from litestar.handlers import BaseRouteHandler

from siyu.connect import calls
from siyu.connect.sandbox.wire import Problem, Refusal

T = TypeVar("T")

AnyRequest = Request[Any, Any, Any]


def only_here(connection: ASGIConnection[Any, Any, Any, Any], _handler: BaseRouteHandler) -> None:
    """Refuse everybody but this machine: whoever may control the gateway may print money."""
    client = connection.client
    is_forwarded = "x-forwarded-for" in connection.headers or "forwarded" in connection.headers
    if is_forwarded or client is None or not calls.is_loopback(client.host):
        raise PermissionDeniedException("the control API answers this machine only")


async def json_body(request: AnyRequest, kind: type[T]) -> T:
    """The body as `kind`. Raises Refusal."""
    # A web page of a stranger can post to this machine, but not with this content type.
    if request.content_type[0] != "application/json":
        raise Refusal(415, "NOT_JSON", "Content-Type: application/json")
    try:
        return msgspec.json.decode(await request.body(), type=kind)
    except msgspec.MsgspecError as error:
        raise Refusal(400, "PARAM_ERROR", str(error)) from error


def refusal_answer(_request: AnyRequest, refusal: Refusal) -> Response[Problem]:
    """A refusal in words."""
    return Response(Problem(refusal.code, refusal.message), status_code=refusal.status)
