"""What people type, as HTML."""

import re
from html import escape, unescape
from html.parser import HTMLParser

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chat.models import TEXT_MAX
from chat.text import render

REL = 'target="_blank" rel="noopener noreferrer nofollow" dir="ltr"'


def link(url: str) -> str:
    return f'<a href="{escape(url)}" {REL}>{escape(url)}</a>'


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

    @pytest.mark.parametrize("mark", "。、，！？；：…؟،؛۔।။ๆฯ.,:;!?*)]}」』）】》”’»“‘«\"'>")
    def test_punctuation_of_any_script_after_an_address_is_none_of_it(self, mark):
        for url in ["https://a.example", "https://a.example/b", "https://a.example/?b=c"]:
            assert render(f"{url}{mark} x") == f"{link(url)}{escape(mark)} x"
            assert render(url + mark) == link(url) + escape(mark)

    @pytest.mark.parametrize(
        "url",
        [
            "https://en.wikipedia.org/wiki/Dijkstra's_algorithm",
            "https://en.wikipedia.org/wiki/Dijkstra’s_algorithm",
            "https://en.wikipedia.org/wiki/Rock_'n'_Roll",
            "https://en.wikipedia.org/wiki/Students'_union",
            "https://en.wikipedia.org/wiki/Foo_(bar)",
            "https://en.wikipedia.org/wiki/Foo_(bar_(baz))#qux",
            "https://a.example/?q='x'",
            "https://a.example/?q='x'&r=1",
            "https://a.example:8443/a,b;c/d.e!f?g=h,i&j=k:l@m#n",
            "https://a.example/@somebody",
            "https://web.archive.org/web/2026/https://a.example/",
            "https://a.example/?next=https://b.example/",
            "https://th.wikipedia.org/wiki/น้ำ",
            "https://ja.wikipedia.org/wiki/ジョン・スミス",
            "https://มหาวิทยาลัย.ไทย/หน้า",
            "https://münchen.example/",
            "https://a.example/~me/100%25",
            "http://127.0.0.1:8000/",
            "http://[2001:db8::1]:8000/a?b=c",
            "https://fr.wikipedia.org/wiki/L'Étranger",
            "https://uk.wikipedia.org/wiki/П’ять",
            "https://he.wikipedia.org/wiki/צ'ילה",
            "https://en.wikipedia.org/wiki/Michelson–Morley_experiment",
        ],
    )
    def test_an_address_is_whole_whatever_stands_around_it(self, url):
        for around in [
            "{}", "see {} there", "({})", "[{}]", "<{}>", '"{}"', "'{}'", "“{}”", "‘{}’", "«{}»",
            "「{}」", "（{}）", "**{}**", "*{}*", "_{}_", "~~{}~~", "`{}`", "{}.", "“{}”และ", "({}), x",
            "{}。次に", "{}，然后", "{}\u202e x", "{}\u200b", "[x]({})", "||{}||", "{}…", "{}?!",
        ]:  # fmt: skip
            before, after = around.split("{}")
            assert render(around.format(url)) == escape(before) + link(url) + escape(after)

    @pytest.mark.parametrize(
        "between", [",", ", ", ";", "|", "،", "、", "，", "','", ")(", " ", "\n", ""]
    )
    def test_two_addresses_are_two_links(self, between):
        one, other = "https://a.example/b", "https://c.example"
        assert render(one + between + other) == link(one) + escape(between) + link(other)

    @pytest.mark.parametrize(
        "turn",
        "\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069\u200e\u200f\u061c\u200b\u00ad\ufeff",
    )
    def test_what_turns_the_direction_or_shows_nothing_ends_an_address(self, turn):
        assert (
            render(f"https://a.example/{turn}moc.b") == link("https://a.example/") + f"{turn}moc.b"
        )
        assert render(f"https://a.ex{turn}ample/") == link("https://a.ex") + f"{turn}ample/"

    @pytest.mark.parametrize(
        "typed",
        [
            "https://kmitl.ac.th@evil.example/",
            "https://kmitl.ac.th:443@evil.example/",
            "https://kmitl.ac.th:x@evil.example/",
            "https://kmіtl.ac.th/",  # with a Cyrillic і
        ],
    )
    def test_an_address_that_seems_to_lead_elsewhere_is_no_link(self, typed):
        assert render(typed) == typed

    @pytest.mark.parametrize(
        ("typed", "url", "after"),
        [
            ("https://kmitl.ac.th\\@evil.example", "https://kmitl.ac.th", "\\@evil.example"),
            ("https://kmitl.ac.th⁄@evil.example", "https://kmitl.ac.th", "⁄@evil.example"),
            ("https://kmitl.ac.thนะครับ", "https://kmitl.ac.th", "นะครับ"),
            ("https://a.example:port", "https://a.example", ":port"),
            ("https://a.example👍", "https://a.example", "👍"),
            ("https://a.example/b👍🏽", "https://a.example/b", "👍🏽"),
            ("https://a.example/b❤️", "https://a.example/b", "❤️"),
            ("https://a.example/bฯลฯ", "https://a.example/b", "ฯลฯ"),
            ("https://a.example/b—and", "https://a.example/b", "—and"),
            ("https://a.example/b(see below)", "https://a.example/b", "(see below)"),
            ("https://a.example/c_(d)(code 1)", "https://a.example/c_(d)", "(code 1)"),
        ],
    )
    def test_a_host_ends_where_none_goes_on(self, typed, url, after):
        assert render(typed) == link(url) + after

    @pytest.mark.parametrize(
        ("typed", "url"),
        [
            ("'{}'และ", "https://a.example/b"),
            ("´{}´", "https://a.example/b"),
            ("<{}|label>", "https://a.example/b"),
            ("a|{}|b", "https://a.example/b"),
            ("https://{}", "https://a.example/b"),
        ],
    )
    def test_what_stands_around_an_address_ends_it(self, typed, url):
        before, after = typed.split("{}")
        assert render(typed.format(url)) == escape(before) + link(url) + escape(after)

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
            "https://[no]/",
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
            assert set(attributes) <= {"href", "target", "rel", "dir"}


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
            ("````\na\n```\nb\n````\nc", "<pre><code>a\n```\nb</code></pre>c"),
            ("```\na\n````\nb", "<pre><code>a</code></pre>b"),
            ("`````\na\n````", "<pre><code>a\n````</code></pre>"),
            ("```\n```\nafter", "<pre><code></code></pre>after"),
            ("````\n````\nafter", "<pre><code></code></pre>after"),
            ("```py\n```\n```\nx\n```", "<pre><code></code></pre><pre><code>x</code></pre>"),
            ("```c++ title=x\nx\n```", "<pre><code>x</code></pre>"),
            ("Look: ```\nx\n```\nafter", "Look: <pre><code>x</code></pre>after"),
            ("Look: ```\nx", "Look: ```\nx"),
            ("Look:\n```", "Look:\n```"),
            ("~~~\nx\n~~~\ny", "<pre><code>x</code></pre>y"),
            ("~~~py\n```\n~~~~\ny", "<pre><code>```</code></pre>y"),
            ("```\n~~~\n```\ny", "<pre><code>~~~</code></pre>y"),
            ("~~~\nx", "~~~\nx"),
            ("~~~~\nx\n~~~", "~~~~\nx\n~~~"),
            ("~~~ Hello ~~~\nx\n~~~ Bye ~~~", "~~~ Hello ~~~\nx\n~~~ Bye ~~~"),
            (" ```py\nx\n```\ny", "<pre><code>x</code></pre>y"),
            ("```\nx\n   ```\ny", "<pre><code>x</code></pre>y"),
            ("```\na\nx```\ny", "<pre><code>a\nx</code></pre>y"),
            ("```\nx```\ny\n```\nz", "<pre><code>x```\ny</code></pre>z"),
            ("````\nx```\ny", "<pre><code>x```\ny</code></pre>"),
            ("```\nx\n``` not the end\ny", "<pre><code>x\n``` not the end\ny</code></pre>"),
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
    if "```" not in typed and "~~~" not in typed:
        assert read(html) == typed


@given(
    st.lists(
        st.sampled_from(
            ["```", "````", "```py", "a", "b```", "", " x", "```  ", " ```", "`y", "~~~", "~~~~"]
        )
    )
)
def test_of_fences_nothing_but_their_own_lines_is_swallowed(lines):
    shown = iter(read(render("\n".join(lines))))
    own = ("```", "~~~", " ```")
    typed = "".join(line for line in lines if not line.startswith(own)).replace("```", "")
    assert all(char in shown for char in typed)  # one after the other


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
        "~~~\n" * (MUCH // 4) + "~",
        "```\n" + "x``\n" * (MUCH // 4),
        "(" * MUCH + "https://a.com" + ")" * MUCH,
    ],
    ids=range(12),
)
def test_made_to_be_slow_it_takes_time_in_proportion(typed):
    """A hundred times what is ever stored: with a square in it this would take many minutes."""
    assert set("".join(typed.split())) >= set("".join(read(render(typed)).split()))
