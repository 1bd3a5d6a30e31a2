"""What people type, as HTML."""

import re
from html import unescape
from html.parser import HTMLParser

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chat.models import TEXT_MAX
from chat.text import render

REL = 'target="_blank" rel="noopener noreferrer nofollow"'


def link(url: str) -> str:
    return f'<a href="{url}" {REL}>{url}</a>'


class Tags(HTMLParser):
    """Every tag with its attributes."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.found: list[tuple[str, dict[str, str | None]]] = []
        self.feed(html)

    def handle_starttag(self, tag, attrs):
        self.found.append((tag, dict(attrs)))


def read(html: str) -> str:
    """The text that is seen."""
    return unescape(re.sub(r"<[^>]*>", "", html))


@pytest.mark.parametrize(
    ("typed", "html"),
    [
        ("Hello", "Hello"),
        ("  two\n    lines ", "  two\n    lines "),
        ("<b>no</b> & 'no'", "&lt;b&gt;no&lt;/b&gt; &amp; &#x27;no&#x27;"),
        ("<script>alert(1)</script>", "&lt;script&gt;alert(1)&lt;/script&gt;"),
        ("สวัสดี น้ำฝน", "สวัสดี น้ำฝน"),
        ("", ""),
    ],
)
def test_text_stays_as_it_was_typed(typed, html):
    assert render(typed) == html


class TestLinks:
    @pytest.mark.parametrize(
        ("typed", "url", "after"),
        [
            ("https://kmitl.ac.th", "https://kmitl.ac.th", ""),
            ("http://localhost:8000/a?b=c#d", "http://localhost:8000/a?b=c#d", ""),
            ("HTTPS://KMITL.AC.TH/A", "HTTPS://KMITL.AC.TH/A", ""),
            ("https://a.com.", "https://a.com", "."),
            ("https://a.com?!…", "https://a.com", "?!…"),
            ("https://a.com/x, y", "https://a.com/x", ", y"),
            ("https://a.com/x;:", "https://a.com/x", ";:"),
            ("https://a.com/f(x)", "https://a.com/f(x)", ""),
            ("https://a.com/f(x)) and", "https://a.com/f(x)", ") and"),
            ("https://a.com/x).", "https://a.com/x", ")."),
            ("https://a.com/a_(b)_[c]", "https://a.com/a_(b)_[c]", ""),
            ("https://a.com/x]}", "https://a.com/x", "]}"),
            ("https://th.wikipedia.org/wiki/ต้นไม้", "https://th.wikipedia.org/wiki/ต้นไม้", ""),
            ("https://ไทย.ไทย/ หน้า", "https://ไทย.ไทย/", " หน้า"),
            ("https://a.com\nnext", "https://a.com", "\nnext"),
            ("http://a", "http://a", ""),
        ],
    )
    def test_an_address_is_a_link_without_the_sentence_around_it(self, typed, url, after):
        assert render(typed) == link(url) + after

    def test_brackets_around_an_address_stay_outside(self):
        assert render("(see https://a.com/f(x))") == f"(see {link('https://a.com/f(x)')})"

    def test_what_stands_in_an_address_is_escaped(self):
        assert render("https://a.com/?a=1&b=2") == (
            f'<a href="https://a.com/?a=1&amp;b=2" {REL}>https://a.com/?a=1&amp;b=2</a>'
        )

    @pytest.mark.parametrize(
        "typed",
        [
            "javascript:alert(1)",
            "data:text/html,<script>alert(1)</script>",
            "ftp://a.com",
            "//a.com",
            "https://",
            "https:// a.com",
            "https://.",
            "www.a.com",
        ],
    )
    def test_nothing_else_is_a_link(self, typed):
        assert Tags(render(typed)).found == []

    @pytest.mark.parametrize(
        "typed",
        [
            'https://a.com/"onmouseover="alert(1)',
            "https://a.com/'onmouseover='alert(1)",
            "https://a.com/><img src=x onerror=alert(1)>",
            "https://a.com/`<svg onload=alert(1)>",
            '```\n</code></pre><script>alert(1)</script>\n```\nhttps://a.com/"><script>',
            "```</pre><b>\nx\n```",
        ],
    )
    def test_nobody_breaks_out(self, typed):
        for tag, attributes in Tags(render(typed)).found:
            assert tag in {"a", "pre", "code"}
            assert set(attributes) <= {"href", "target", "rel"}


class TestCode:
    def test_a_fence_is_monospaced_with_its_indentation_and_no_links(self):
        typed = "Look:\n```python\ndef f():\n    return 'https://a.com'\n```\nWhy?"
        assert render(typed) == (
            "Look:<pre><code>def f():\n    return &#x27;https://a.com&#x27;</code></pre>Why?"
        )

    @pytest.mark.parametrize(
        ("typed", "html"),
        [
            ("```\nx\n```", "<pre><code>x</code></pre>"),
            ("```\nx", "<pre><code>x</code></pre>"),
            ("```\nx\n", "<pre><code>x</code></pre>"),
            ("```\n\n```", "<pre><code></code></pre>"),
            ("```\n  x\n\n  y\n```  ", "<pre><code>  x\n\n  y</code></pre>"),
            ("```\na\n```\n```\nb\n```", "<pre><code>a</code></pre><pre><code>b</code></pre>"),
            ("```\na ``` b\n```", "<pre><code>a ``` b</code></pre>"),
            ("say ```x``` here", "say ```x``` here"),
            ("```", "```"),
            ("```x```\ny", "```x```\ny"),
        ],
    )
    def test_fences_begin_and_end_on_lines_of_their_own(self, typed, html):
        assert render(typed) == html


@given(st.text(st.sampled_from("htps:/a.)( `\n<>\"'&ก")) | st.text())
def test_any_text_is_escaped_and_reads_the_same(typed):
    html = render(typed)
    for tag, attributes in Tags(html).found:
        assert tag in {"a", "pre", "code"}
        if tag == "a":
            assert attributes["href"].lower().startswith(("http://", "https://"))
    if "```" not in typed:
        assert read(html) == typed


MUCH = 100 * TEXT_MAX


@pytest.mark.parametrize(
    "typed",
    [
        "https://a.com/" + ")" * MUCH,
        "https://a.com/" + "." * MUCH,
        "https://a" * (MUCH // 9),
        "http" * (MUCH // 4),
        "```\n" * (MUCH // 4),
        "```" * (MUCH // 3),
        "\n```" + " " * MUCH + "x",
        "\n```  x" * (MUCH // 7),
        "`" * MUCH,
        "(" * MUCH + "https://a.com" + ")" * MUCH,
    ],
    ids=range(10),
)
def test_made_to_be_slow_it_takes_time_in_proportion(typed):
    """A hundred times what is ever stored: with a square in it this would take many minutes."""
    assert set("".join(typed.split())) >= set("".join(read(render(typed)).split()))
