"""What people type, as HTML: escaped, with links and fenced code, and nothing else."""

import re
from itertools import accumulate

from django.utils.html import format_html
from django.utils.safestring import SafeString, mark_safe

from setahub.core.links import linked

# A fence is a line of its own that begins with at least three backticks or tildes, behind three
# spaces at most; what follows them there names the language. As many or more of them end it.
# Source: CommonMark 0.31, section 4.5. Tildes also adorn what people write: those need their end.
_OPENS = re.compile(r" {0,3}(?:(`{3,})[^`]*|(~{3,})[^~]*)")
_CLOSES = re.compile(r" {0,3}(`{3,}|~{3,})[ \t]*")


def render(text: str) -> SafeString:
    """The text as safe HTML. Line breaks and indentation stay as they are: CSS keeps them."""
    if "```" not in text and "~~~" not in text:
        return linked(text)
    lines = text.split("\n")
    closing = [found[1] if (found := _CLOSES.fullmatch(line)) else "" for line in lines]
    # The longest end of a fence from each line on: whether one is closed takes no search.
    longest = {mark: _longest_from(closing, mark) for mark in "`~"}
    parts, said, at = [], list[str](), 0
    while at < len(lines):
        before, fence = _opening(lines[at], len(longest["`"][at + 1]), len(longest["~"][at + 1]))
        last = at + 1 == len(lines)
        at += 1
        if not fence or last:  # a fence with nothing after it is what was typed
            said.append(lines[at - 1])
            continue
        parts.append(linked("\n".join([*said, before] if before else said)))
        said = []
        code = []
        # Typed in a hurry, it ends with its last line: where it does nowhere else.
        hurried = not longest[fence[0]][at].startswith(fence)
        while at < len(lines) and not closing[at].startswith(fence):
            code.append(lines[at])
            at += 1
            if hurried and code[-1].rstrip(" \t").endswith(fence):
                code[-1] = code[-1].rstrip(" \t").rstrip(fence[0])
                break
        else:
            closed = at < len(lines)
            at += closed
            if not closed and not code[-1]:
                code.pop()  # the end of the last line
        parts.append(format_html("<pre><code>{}</code></pre>", "\n".join(code)))
    parts.append(linked("\n".join(said)))
    return mark_safe("".join(parts))  # noqa: S308  (each part is escaped)


def _longest_from(closing: list[str], mark: str) -> list[str]:
    """For each line, and behind the last one, the longest end made of this mark that follows."""
    ends = (end if end.startswith(mark) else "" for end in reversed(closing))
    return list(accumulate(ends, lambda one, other: max(one, other, key=len), initial=""))[::-1]


def _opening(line: str, longest_ticks: int, longest_tildes: int) -> tuple[str, str]:
    """The marks with which a line opens a fence ("": it doesn't), and the text before them.

    After text only where they end the line and are closed later, as people type it in a hurry.
    """
    if found := _OPENS.fullmatch(line):
        fence = found[1] or found[2]
        return "", fence if found[1] or len(fence) <= longest_tildes else ""
    bare = line.rstrip(" \t")
    before = bare.rstrip("`")
    ticks = len(bare) - len(before)
    late = 3 <= ticks <= longest_ticks and "```" not in before
    return (before, "`" * ticks) if late else ("", "")
