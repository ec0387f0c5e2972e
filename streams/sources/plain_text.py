"""Plain text in a form that survives the normalisation of posts, whose texts may be HTML."""

from __future__ import annotations

import html
from typing import Any


def as_html(text: Any) -> Any:
    """Return a plain text as HTML that shows it; a value that is no text stays as it is.

    >>> as_html("a<b & c"), as_html(None)
    ('a&lt;b &amp; c', None)
    """
    return html.escape(text, quote=False) if isinstance(text, str) else text
