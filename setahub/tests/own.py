"""Reading pages without what marks people's names and words in them, and what stays on one line."""

import re


def unmarked(html: str) -> str:
    """The page with each ``<bdi translate="no">`` and ``<span class="nowrap">`` as what stands in it."""
    html = re.sub(r'<bdi translate="no"(?: class="nowrap")?>(.*?)</bdi>', r"\1", html)
    return re.sub(r'<span class="nowrap">(.*?)</span>', r"\1", html)
