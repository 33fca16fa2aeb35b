"""After something was done: say so, and show the page where the result stands."""

import json
from typing import Any

from litestar import MediaType, Request, Response
from litestar.response import Redirect

from siyu.web.language import language_of, translate
from siyu.web.pages import wants_fragment


def done(request: Request[Any, Any, Any], path: str, said: str, **facts: Any) -> Response[Any]:
    """Lead the person to `path` and tell them `said` in their language.

    HTMX swaps the page's content and shows a toast; a browser without scripts is redirected.
    """
    if not wants_fragment(request):
        return Redirect(path, status_code=303)
    text = translate(language_of(request), said, **facts)
    headers = {
        "hx-location": json.dumps({"path": path, "target": "#content", "swap": "innerHTML show:window:top"}),
        "hx-trigger": json.dumps({"siyu:toast": {"text": text}}),  # ASCII only, as headers are
    }
    return Response("", media_type=MediaType.HTML, headers=headers)
