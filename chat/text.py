"""What people type, as HTML: escaped, with links and fenced code, and nothing else."""

import re
from itertools import accumulate

from django.utils.html import format_html
from django.utils.safestring import SafeString, mark_safe

from setahub.core.links import linked

# A fence is a line of its own that begins with at least three backticks; what follows them there
# names the language. As many or more end it. Source: CommonMark 0.31, section 4.5.
_OPENS = re.compile(r"(`{3,})[^`]*")
_CLOSES = re.compile(r"(`{3,})[ \t]*")


def render(text: str) -> SafeString:
    """The text as safe HTML. Line breaks and indentation stay as they are: CSS keeps them."""
    lines = text.split("\n")
    closing = [len(found[1]) if (found := _CLOSES.fullmatch(line)) else 0 for line in lines]
    # The longest end of a fence from each line on: whether one is closed takes no search.
    longest = list(accumulate(reversed(closing), max, initial=0))[::-1]
    parts, said, at = [], list[str](), 0
    while at < len(lines):
        before, ticks = _opening(lines[at], longest[at + 1])
        last = at + 1 == len(lines)
        at += 1
        if not ticks or last:  # a fence with nothing after it is what was typed
            said.append(lines[at - 1])
            continue
        parts.append(linked("\n".join([*said, before] if before else said)))
        said = []
        code = []
        while at < len(lines) and closing[at] < ticks:
            code.append(lines[at])
            at += 1
        closed = at < len(lines)
        at += closed
        if not closed and not code[-1]:
            code.pop()  # the end of the last line
        parts.append(format_html("<pre><code>{}</code></pre>", "\n".join(code)))
    parts.append(linked("\n".join(said)))
    return mark_safe("".join(parts))  # noqa: S308  (each part is escaped)


def _opening(line: str, longest_end: int) -> tuple[str, int]:
    """The backticks with which a line opens a fence (0: it doesn't), and the text before them.

    After text only where they end the line and are closed later, as people type it in a hurry.
    """
    if found := _OPENS.fullmatch(line):
        return "", len(found[1])
    bare = line.rstrip(" \t")
    before = bare.rstrip("`")
    ticks = len(bare) - len(before)
    late = 3 <= ticks <= longest_end and "```" not in before
    return (before, ticks) if late else ("", 0)
