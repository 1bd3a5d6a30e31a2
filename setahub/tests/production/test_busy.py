"""A page process whose threads are all busy."""

import select
import socket
import time

from setahub.tests.production.conftest import WITHIN, fetch


def test_says_that_it_is_alive(gunicorn, tmp_path):
    url = f"sqlite:///{tmp_path}/none.sqlite3"
    _process, port = gunicorn(DATABASE_URL=url, WEB_PROCESSES="1", WEB_THREADS="1")
    with socket.create_connection(("127.0.0.1", port), timeout=WITHIN) as slow:
        slow.sendall(b"GET / HTTP/1.1\r\nHost: 127.0.0.1\r\n")  # its one thread waits for the rest
        for _time in range(3):
            answer = fetch(port, "/healthz")
            assert (answer.status, answer.text) == (200, '{"status": "ok"}')


def test_says_so_where_the_question_comes_a_moment_after_its_connection(gunicorn, tmp_path):
    url = f"sqlite:///{tmp_path}/none.sqlite3"
    _process, port = gunicorn(DATABASE_URL=url, WEB_PROCESSES="1", WEB_THREADS="1")
    here = ("127.0.0.1", port)
    with socket.create_connection(here, timeout=WITHIN) as slow:
        slow.sendall(b"GET / HTTP/1.1\r\nHost: 127.0.0.1\r\n")
        with socket.create_connection(here, timeout=5) as asks:
            select.select([asks], [], [], 0.3)  # long enough to be accepted, if it were
            asks.sendall(b"GET /healthz HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n")
            assert asks.recv(12) == b"HTTP/1.1 200"


def test_who_does_not_close_keeps_nobody_waiting(gunicorn, tmp_path):
    url = f"sqlite:///{tmp_path}/none.sqlite3"
    _process, port = gunicorn(DATABASE_URL=url, WEB_PROCESSES="1", WEB_THREADS="2")
    with socket.create_connection(("127.0.0.1", port), timeout=WITHIN) as stays:
        stays.sendall(b"GET /absent/ HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n")
        answer = b"".join(iter(lambda: stays.recv(4096), b""))
        assert b"\r\nConnection: close\r\n" in answer  # one request, of whichever process is free
        began = time.monotonic()
        assert fetch(port, "/absent/").status == 404
        assert time.monotonic() - began < 1
