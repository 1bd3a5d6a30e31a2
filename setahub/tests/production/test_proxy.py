"""The Caddyfile, under the real Caddy, before stand-ins that answer with what reached them."""

import json
import socket
import subprocess
from collections.abc import Callable, Iterator
from contextlib import suppress
from functools import partial
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

import pytest
from django.conf import settings

from setahub.tests.production.conftest import Answer, Process, caddy, fetch, free_port

HASHED = "css/site.0123456789ab.css"


class Echo(BaseHTTPRequestHandler):
    """Answers with its own name, and the path and headers that it got."""

    def do_GET(self) -> None:
        self.server.begun += 1
        length = int(self.headers.get("Content-Length", 0))
        told = {
            "by": self.server.name,
            "path": self.path,
            "size": len(self.rfile.read(length)),
            "headers": {name.lower(): value for name, value in self.headers.items()},
        }
        body = json.dumps(told).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    do_POST = do_GET

    def handle(self) -> None:
        with suppress(OSError):  # cut off in the middle
            super().handle()

    def log_message(self, *args: object) -> None:
        pass


class StandIn(ThreadingHTTPServer):
    """One process of the site."""

    daemon_threads = True

    def __init__(self, name: str, port: int = 0) -> None:
        self.name = name
        self.begun = 0  # requests
        super().__init__(("127.0.0.1", port), Echo)
        Thread(target=self.serve_forever, args=(0.02,), daemon=True).start()

    def end(self) -> None:
        self.shutdown()
        self.server_close()


@pytest.fixture
def files(tmp_path: Path) -> Path:
    """What the proxy may and may not see: static files as collectstatic leaves them, uploads."""
    for name, content in {
        f"static/{HASHED}": "plain",
        f"static/{HASHED}.br": "brotli",
        f"static/{HASHED}.gz": "gzip",
        "static/robots.txt": "robots",
        "static/staticfiles.json": "{}",
        "media/avatars/a.webp": "RIFF",
        "media/topics/t.webp": "RIFF",
        "media/messages/m.webp": "secret",
        "media/other.webp": "secret",
    }.items():
        file = tmp_path / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(content)
    return tmp_path


@pytest.fixture
def web() -> Iterator[StandIn]:
    yield (server := StandIn("web"))
    server.end()


@pytest.fixture
def proxy(
    launch: Callable[..., Process], files: Path, web: StandIn
) -> Iterator[Callable[..., Answer]]:
    """``proxy(path, …)``: the answer through Caddy."""
    live = StandIn("live")
    port = free_port()
    command, older = caddy()
    launch(
        command,
        port,
        "/static/robots.txt",
        SITE_ADDRESS=f"http://127.0.0.1:{port}",
        CADDY_ADMIN=f"127.0.0.1:{free_port()}",
        WEB_HOST="127.0.0.1",
        WEB_PORT=str(web.server_port),
        LIVE_HOST="127.0.0.1",
        LIVE_PORT=str(live.server_port),
        STATIC_ROOT=str(files / "static"),
        MEDIA_ROOT=str(files / "media"),
        XDG_DATA_HOME=str(files / "data"),
        XDG_CONFIG_HOME=str(files / "config"),
        **older,
    )
    yield partial(fetch, port)
    live.end()


def test_the_file_as_it_stands_is_valid(tmp_path):
    command, older = caddy()
    with_domain = {"SITE_ADDRESS": "setahub.example", "XDG_DATA_HOME": str(tmp_path), **older}
    done = subprocess.run(
        [command[0], "validate", *command[2:]],
        cwd=settings.BASE_DIR,
        env={"HOME": str(tmp_path), **with_domain},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    assert '"enabling automatic HTTP->HTTPS redirects"' in done.stderr
    assert "not formatted" not in done.stderr


@pytest.mark.parametrize(
    ("path", "by"),
    [
        ("/", "web"),
        ("/topics/?q=a", "web"),
        ("/sw.js", "web"),
        ("/manifest.webmanifest", "web"),
        ("/ws/", "live"),
        ("/ws/x", "web"),
        ("/wsx", "web"),
    ],
)
def test_only_the_socket_goes_to_the_socket_processes(proxy, path, by):
    told = json.loads(proxy(path).body)
    assert (told["by"], told["path"]) == (by, path)


def test_where_a_request_comes_from_is_said_by_the_proxy_alone(proxy):
    claimed = {
        "Host": "127.0.0.1",
        "X-Forwarded-For": "6.6.6.6",
        "X-Forwarded-Proto": "https",
        "X-Forwarded-Host": "evil.example",
        "X-Request-ID": "claimed-by-client",
    }
    for path in ("/", "/ws/"):
        reached = json.loads(proxy(path, headers=claimed).body)["headers"]
        assert reached["x-forwarded-for"] == "127.0.0.1"
        assert reached["x-forwarded-proto"] == "http"
        assert reached["x-forwarded-host"] == "127.0.0.1"
        assert len(reached["x-request-id"]) == 36
        assert reached["host"] == "127.0.0.1"


def test_static_files_come_compressed_and_are_kept_for_a_year(proxy):
    for encoding, content in (("br", "brotli"), ("gzip", "gzip"), ("", "plain")):
        answer = proxy(f"/static/{HASHED}", headers={"Accept-Encoding": encoding})
        assert (answer.text, answer.headers.get("Content-Encoding", "")) == (content, encoding)
        assert answer.headers["Cache-Control"] == "public, max-age=31536000, immutable"
        assert answer.headers["Content-Type"] == "text/css; charset=utf-8"
        assert answer.headers["Vary"] == "Accept-Encoding"
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
        assert "Server" not in answer.headers


def test_a_name_that_no_file_has_is_not_found(proxy):
    for folder in ("static", "media/avatars", "media/topics"):
        for name in ("%00", "a.webp%00", "a" * 300, "%E0%B8%81" * 90, "a/" * 1500, "%FF"):
            assert proxy(f"/{folder}/{name}").status == 404, (folder, name)


def test_a_file_that_the_browser_has_is_not_sent_again(proxy):
    first = proxy(f"/static/{HASHED}", headers={"Accept-Encoding": "br"})
    again = {"Accept-Encoding": "br", "If-None-Match": first.headers["ETag"]}
    answer = proxy(f"/static/{HASHED}", headers=again)
    assert (answer.status, answer.body) == (304, b"")


def test_files_without_a_hash_are_asked_for_again_soon(proxy):
    assert proxy("/static/robots.txt").headers["Cache-Control"] == "public, max-age=3600"


def test_public_pictures_are_served_as_such(proxy):
    for name in ("avatars/a.webp", "topics/t.webp"):
        answer = proxy(f"/media/{name}")
        assert (answer.status, answer.text) == (200, "RIFF")
        assert answer.headers["Content-Type"] == "image/webp"
        assert answer.headers["Content-Disposition"] == "inline"
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
        assert answer.headers["Content-Security-Policy"] == "default-src 'none'; sandbox"
        assert answer.headers["Cache-Control"] == "public, max-age=31536000, immutable"


@pytest.mark.parametrize(
    "path",
    [
        "/media/messages/m.webp",
        "/media/avatars/../messages/m.webp",
        "/media/avatars/..%2fmessages/m.webp",
        "/media/avatars/%2e%2e/messages/m.webp",
        "/media/avatars/..%5cmessages/m.webp",
        "/media//messages/m.webp",
        "/media/./messages/m.webp",
        "/media/MESSAGES/m.webp",
        "//media/messages/m.webp",
        "/media/other.webp",
        "/media/avatars/",
        "/media/",
        "/media/avatars/none.webp",
        "/static/staticfiles.json",
        "/static/",
        "/static/none.0123456789ab.css",
        "/static/../media/messages/m.webp",
        "/static/%2e%2e/media/messages/m.webp",
    ],
)
def test_nothing_else_is_served_and_no_refusal_kept(proxy, path):
    answer = proxy(path)
    assert "secret" not in answer.text
    # What no rule of the proxy fits goes to the site, which finds nothing there either.
    assert answer.status == 404 or json.loads(answer.body)["by"] == "web"
    assert "max-age" not in answer.headers.get("Cache-Control", "")


def test_a_process_that_is_away_for_a_moment_is_waited_for(proxy, web):
    port = web.server_port
    assert proxy("/").status == 200
    web.end()
    back: list[StandIn] = []
    waiting = Thread(target=lambda: back.append(StandIn("web again", port)))
    waiting.start()
    answer = proxy("/")
    waiting.join()
    back[0].end()
    assert json.loads(answer.body)["by"] == "web again"


def test_a_site_that_is_away_is_told_in_words(proxy, web):
    web.end()
    answer = proxy("/")
    assert (answer.status, answer.headers["Retry-After"]) == (503, "5")
    assert "restarting" in answer.text
    assert answer.headers["Cache-Control"] == "no-store"


def test_an_upload_far_too_large_ends_at_the_proxy(proxy):
    told = json.loads(proxy("/", method="POST", body=b"x" * 8_000_000).body)
    assert told["size"] == 8_000_000
    # 413; only Caddy before 2.7 takes it for a fault of the site.
    assert proxy("/", method="POST", body=b"x" * 9_000_000).status in {413, 503}


def test_who_sends_slowly_holds_nobody_of_the_site_up(proxy, web):
    head = (
        b"POST / HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\nContent-Length: 300000\r\n\r\n"
    )
    with socket.create_connection(("127.0.0.1", proxy.args[0]), timeout=20) as slow:
        slow.sendall(head + b"x" * 200_000)
        assert [proxy("/").status for _each in range(3)] == [200] * 3
        assert web.begun == 3
        slow.sendall(b"x" * 100_000)
        assert b'"size": 300000' in b"".join(iter(lambda: slow.recv(65536), b""))
