"""Descriptions written as Markdown. Raw HTML stays text, and pictures come from the merchant's own media only."""

import re
from collections.abc import Sequence
from functools import cache
from typing import Any

from markdown_it import MarkdownIt
from markdown_it.renderer import RendererHTML
from markdown_it.token import Token
from markupsafe import Markup, escape

SAFE_LINK = re.compile(r"(?:https?://|/|#|tel:|mailto:)", re.IGNORECASE)
OWN_PICTURE = re.compile(r"/media/(?P<slug>[a-z0-9-]+)/(?P<key>[a-z]+/[A-Za-z0-9_-]+)(?:\.[sl])?\.webp")


class _Renderer(RendererHTML):
    """Pictures of somebody else become their words: a foreign server would learn who reads the page."""

    def image(self, tokens: Sequence[Token], idx: int, options: Any, env: Any) -> str:
        token = tokens[idx]
        words = self.renderInlineAsText(token.children or [], options, env)
        source = OWN_PICTURE.fullmatch(str(token.attrGet("src") or ""))
        if source is None or source["slug"] != env["slug"]:
            return str(escape(words))
        path = f"/media/{source['slug']}/{source['key']}"
        return str(
            Markup(
                '<img src="{0}.webp" srcset="{0}.webp 800w, {0}.l.webp 1600w" sizes="(max-width: 560px) 100vw, 560px"'
                ' alt="{1}" loading="lazy" decoding="async">'
            ).format(path, words)
        )

    def link_open(self, tokens: Sequence[Token], idx: int, options: Any, env: Any) -> str:
        tokens[idx].attrSet("rel", "nofollow noopener")
        return self.renderToken(tokens, idx, options, env)


@cache
def _markdown() -> MarkdownIt:
    """CommonMark with tables; a line break is one, because descriptions were plain text once."""
    made = MarkdownIt("commonmark", {"html": False, "breaks": True}, renderer_cls=_Renderer)
    made.enable("table")
    made.enable("strikethrough")
    made.validateLink = lambda url: bool(SAFE_LINK.match(url))
    return made


def rendered(text: str, slug: str) -> Markup:
    """The description as HTML for the merchant `slug`."""
    return Markup(_markdown().render(text, {"slug": slug}))  # noqa: S704 - the renderer escapes all text


def pictures_in(text: str, slug: str) -> set[str]:
    """Keys of the merchant's pictures that a description shows."""
    return {f"{found['key']}.webp" for found in OWN_PICTURE.finditer(text) if found["slug"] == slug}
