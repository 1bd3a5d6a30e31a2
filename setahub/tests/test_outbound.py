"""Fetching what a person has named: https alone, never from inside, bounded in every way."""

import gzip
import socket
import threading
from datetime import timedelta
from email.utils import format_datetime
from http.server import BaseHTTPRequestHandler

import pytest
from django.utils import timezone

from setahub.core import outbound
from setahub.core.outbound import Answer, OutboundError, check_address, fetch, is_public, post
from setahub.tests.tls import serving


@pytest.mark.parametrize(
    "url",
    [
        "http://example.com/a.ics",
        "https://example.com:8443/a.ics",
        "https://me:secret@example.com/a.ics",
        "https:///a.ics",
        "https://[::1/a.ics",
        "ftp://example.com/a",
        "file:///etc/passwd",
        "https://exämple.com/",
        "https://example.com/a b",
        "https://example.com/a\r\nX: y",
        "",
    ],
)
def test_other_addresses_are_refused(url):
    with pytest.raises(OutboundError) as refused:
        check_address(url)
    assert refused.value.code == "address"


@pytest.mark.parametrize(
    ("address", "public"),
    [
        ("8.8.8.8", True),
        ("2606:4700::1111", True),
        ("127.0.0.1", False),
        ("10.1.2.3", False),
        ("172.16.0.1", False),
        ("192.168.1.1", False),
        ("169.254.169.254", False),
        ("100.64.0.1", False),
        ("0.0.0.0", False),
        ("224.0.0.1", False),
        ("::1", False),
        ("::", False),
        ("fe80::1", False),
        ("fc00::1", False),
        ("::ffff:127.0.0.1", False),
        ("::ffff:10.0.0.1", False),
        ("64:ff9b::7f00:1", False),
        ("2002:7f00:1::", False),
    ],
)
def test_what_lies_inside(address, public):
    assert is_public(address) is public


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1", "[::1]", "2130706433", "0x7f.1"])
def test_no_name_of_this_machine_is_asked(host):
    with pytest.raises(OutboundError) as refused:
        fetch(f"https://{host}/", limit=100, seconds=5)
    assert refused.value.code in ("inside", "away")


def test_one_address_of_several_that_lies_inside_is_enough(monkeypatch):
    both = [(0, 0, 0, "", ("8.8.8.8", 443)), (0, 0, 0, "", ("127.0.0.1", 443))]
    monkeypatch.setattr(socket, "getaddrinfo", lambda *args, **kwargs: both)
    with pytest.raises(OutboundError) as refused:
        fetch("https://calendar.example/", limit=100, seconds=5)
    assert refused.value.code == "inside"


@pytest.fixture
def world(tmp_path, monkeypatch):
    """``world(answer)``: calendar.example is a server here; ``answer(handler)`` answers it."""

    def running(answer, host="calendar.example"):
        class Handler(BaseHTTPRequestHandler):
            def do_GET(self):
                answer(self)

            do_POST = do_GET

            def log_message(self, *args):
                pass

        return serving(Handler, host, tmp_path, monkeypatch)

    return running


def say(handler, status=200, body=b"", **headers):
    handler.send_response(status)
    for name, value in headers.items():
        handler.send_header(name, value)
    handler.end_headers()
    handler.wfile.write(body)


URL = "https://calendar.example/me.ics?secret=1"


def code_of(url=URL, **more):
    with pytest.raises(OutboundError) as refused:
        fetch(url, **{"limit": 1000, "seconds": 5, **more})
    return refused.value.code


def test_what_is_there_with_its_etag_and_nothing_when_it_is_the_same(world):
    asked = []

    def answer(handler):
        asked.append((handler.path, handler.headers["Host"], handler.headers["If-None-Match"]))
        if handler.headers["If-None-Match"] == '"1"':
            say(handler, 304)
        else:
            say(handler, 200, b"BEGIN", ETag='"1"')

    with world(answer):
        first = fetch(URL, limit=1000, seconds=5)
        again = fetch(URL, etag=first.etag, limit=1000, seconds=5)
    assert (first.body, first.etag, again.body) == (b"BEGIN", '"1"', None)
    assert asked[0] == ("/me.ics?secret=1", "calendar.example", None)


def test_too_much_is_not_read(world):
    with world(lambda handler: say(handler, 200, b"x" * 5000)):
        assert code_of() == "too_large"


def test_a_drop_at_a_time_is_given_up(world):
    def drip(handler):
        say(handler)
        for _ in range(40):
            handler.wfile.write(b"x")
            threading.Event().wait(0.05)

    with world(drip):
        assert code_of(seconds=0.3) == "slow"


def test_a_drop_of_the_head_at_a_time_is_given_up_too(world):
    def drip(handler):
        handler.wfile.write(b"HTTP/1.1 200 OK\r\n")
        for number in range(40):
            handler.wfile.write(f"X-{number}: y\r\n".encode())
            handler.wfile.flush()
            threading.Event().wait(0.05)

    with world(drip):
        assert code_of(seconds=0.3) == "slow"


def test_what_it_connects_to_is_what_was_looked_at_whatever_the_name_says_next(monkeypatch):
    asked, connected = [], []

    def rebinding(*args, **kwargs):
        asked.append(args)
        address = "8.8.8.8" if len(asked) == 1 else "127.0.0.1"
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, 443))]

    def connect(there, timeout):
        connected.append(there)
        raise ConnectionRefusedError

    monkeypatch.setattr(socket, "getaddrinfo", rebinding)
    monkeypatch.setattr(socket, "create_connection", connect)
    assert code_of() == "away"
    assert (len(asked), connected) == (1, [("8.8.8.8", 443)])


@pytest.mark.parametrize("host", ["a" * 64 + ".example", "a..example", ".example"])
def test_a_name_that_is_none_is_refused(host):
    assert code_of(f"https://{host}/") == "address"


@pytest.mark.parametrize("etag", ['"' + "x" * 200 + '"', '"a\x0bb"', '"\xe9"'])
def test_a_mark_that_cannot_be_kept_is_none(world, etag):
    with world(lambda handler: say(handler, 200, b"BEGIN", ETag=etag)):
        assert fetch(URL, limit=1000, seconds=5).etag == ""


def test_what_is_packed_although_nobody_asked_is_left_packed(world):
    """So a small answer stays small."""
    packed = gzip.compress(b"x" * 10_000_000, mtime=0)

    def answer(handler):
        assert handler.headers["Accept-Encoding"] == "identity"
        say(handler, 200, packed, **{"Content-Encoding": "gzip"})

    with world(answer):
        assert fetch(URL, limit=20_000, seconds=5).body == packed


@pytest.mark.parametrize(
    ("leads", "code"),
    [
        ("http://calendar.example/", "address"),
        ("https://calendar.example:8443/", "address"),
        ("/again", "redirects"),
        ("file:///etc/passwd", "address"),
        ("https://[", "address"),
    ],
)
def test_where_it_leads_is_looked_at_in_the_same_way(world, leads, code):
    with world(lambda handler: say(handler, 302, Location=leads)):
        assert code_of() == code


def test_a_redirect_to_the_inside_is_refused(world, monkeypatch):
    with world(lambda handler: say(handler, 302, Location="https://inside.example/")):
        monkeypatch.setattr(
            outbound,
            "_address_of",
            lambda host, outer=outbound._address_of: (
                (_ for _ in ()).throw(OutboundError("inside"))
                if host == "inside.example"
                else outer(host)
            ),
        )
        assert code_of() == "inside"


def test_another_hosts_certificate_is_none(world):
    with world(lambda handler: say(handler, 200, b"x"), host="other.example"):
        assert code_of() == "away"


@pytest.mark.parametrize("status", [204, 404, 500])
def test_other_answers_are_none(world, status):
    with world(lambda handler: say(handler, status)):
        assert code_of() == "status"


def test_what_is_no_http_is_none(world):
    with world(lambda handler: handler.wfile.write(b"SSH-2.0-x\r\n")):
        assert code_of() == "away"


PUSH = "https://push.example/send/1"


class TestPosting:
    def sent(self, world, **answer):
        asked = []

        def take(handler):
            length = int(handler.headers["Content-Length"])
            asked.append((handler.path, handler.headers["TTL"], handler.rfile.read(length)))
            say(handler, **answer)

        with world(take, "push.example"):
            return post(PUSH, b"body", {"TTL": "60"}, seconds=5), asked

    def test_what_is_sent_and_what_came_back(self, world):
        answer, asked = self.sent(world, status=201, body=b"x" * 5000)
        assert answer == Answer(201, None)
        assert asked == [("/send/1", "60", b"body")]

    def test_a_redirect_is_not_followed(self, world):
        answer, asked = self.sent(world, status=307, Location="https://push.example/other")
        assert (answer.status, len(asked)) == (307, 1)

    @pytest.mark.parametrize(
        ("said", "seconds"),
        [
            ("120", 120),
            ("0", 0),
            ("", None),
            ("soon", None),
            ("-5", None),
            ("9" * 5000, 999_999_999),
        ],
    )
    def test_when_to_try_again(self, world, said, seconds):
        answer, _asked = self.sent(world, status=429, **{"Retry-After": said})
        assert answer == Answer(429, seconds)

    def test_when_to_try_again_by_the_clock(self, world, clock):
        at = timezone.now() + timedelta(minutes=3)
        answer, _asked = self.sent(
            world, status=503, **{"Retry-After": format_datetime(at, usegmt=True)}
        )
        assert answer.retry_after == 180

    def test_silence_is_given_up(self, world, monkeypatch):
        over = threading.Event()
        monkeypatch.setattr(outbound, "STEP", 0.2)
        with world(lambda handler: over.wait(10), "push.example"):
            with pytest.raises(OutboundError) as refused:
                post(PUSH, b"", {}, seconds=5)
            over.set()
        assert refused.value.code == "slow"

    @pytest.mark.parametrize("host", ["localhost", "127.0.0.1", "[::1]"])
    def test_nothing_goes_inside(self, host):
        with pytest.raises(OutboundError) as refused:
            post(f"https://{host}/", b"", {}, seconds=5)
        assert refused.value.code in ("inside", "away")

    def test_nothing_goes_over_plain_http(self):
        with pytest.raises(OutboundError) as refused:
            post("http://push.example/", b"", {}, seconds=5)
        assert refused.value.code == "address"
