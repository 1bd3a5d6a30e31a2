"""What is refused before it is read."""

import socket

from setahub.tests.production.conftest import WITHIN


def test_a_page_process_ends_the_connection_of_what_is_too_large(gunicorn, tmp_path):
    url = f"sqlite:///{tmp_path}/none.sqlite3"
    _process, port = gunicorn(DATABASE_URL=url, WEB_PROCESSES="1")
    answer = b""
    with socket.create_connection(("127.0.0.1", port), timeout=WITHIN) as client:
        client.sendall(
            b"POST /auth/login/ HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 400000000\r\n\r\n"
        )
        while part := client.recv(65536):  # until it has closed, though nothing of it was sent
            answer += part
    head = answer.partition(b"\r\n\r\n")[0].lower()
    assert head.startswith(b"http/1.1 413 ")
    assert b"\r\nconnection: close" in head
