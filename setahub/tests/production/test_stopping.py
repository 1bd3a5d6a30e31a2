"""A process that is told to stop finishes what it has begun, and nobody is cut off."""

import re
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager

import psycopg
import pytest
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.sync.client import ClientConnection, connect
from websockets.typing import Origin

from setahub.tests.production.conftest import Answer, Cluster, fetch, manage, status_of, wait_for

PAGE = "/auth/password/reset/key/1-x/"  # reads the table that is locked below
WAITING = "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock'"

SIGN_IN = """
from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY
from accounts.models import User
from setahub.core.db.sessions import SessionStore
user = User.objects.create_user("Mali {n}", "mali{n}@example.com", "pass-word-1")
session = SessionStore()
session[SESSION_KEY] = str(user.pk)
session[BACKEND_SESSION_KEY] = "django.contrib.auth.backends.ModelBackend"
session[HASH_SESSION_KEY] = user.get_session_auth_hash()
session.create()
print(user.pk, session.session_key)
"""


@contextmanager
def a_slow_request(cluster: Cluster, port: int) -> Iterator[tuple[Future[Answer], Callable]]:
    """A request that hangs in the database, and what lets it go on."""
    with psycopg.connect(cluster.url()) as lock, ThreadPoolExecutor() as threads:
        lock.execute("LOCK TABLE accounts_user IN ACCESS EXCLUSIVE MODE")
        answer = threads.submit(fetch, port, PAGE)
        wait_for(lambda: cluster.sql(WAITING) != "0")
        yield answer, lock.rollback


@contextmanager
def open_socket(cluster: Cluster, port: int, n: int) -> Iterator[tuple[int, ClientConnection]]:
    """A signed-in user's id, and their socket after its first answer."""
    user, session = manage(
        "shell", "--no-imports", "-c", SIGN_IN.format(n=n), DATABASE_URL=cluster.url()
    ).split()
    headers = {"Cookie": f"sessionid={session}"}
    origin = Origin(f"http://127.0.0.1:{port}")
    with connect(f"ws://127.0.0.1:{port}/ws/", origin=origin, additional_headers=headers) as open_:
        open_.send('{"type": "ping"}')
        assert '"pong"' in open_.recv()
        yield int(user), open_


@pytest.mark.parametrize("server", ["gunicorn", "daphne"])
def test_a_request_in_hand_is_answered_before_the_end(cluster, request, server):
    process, port = request.getfixturevalue(server)(DATABASE_URL=cluster.url(), WEB_PROCESSES="1")
    with a_slow_request(cluster, port) as (answer, go_on):
        process.terminate()
        wait_for(lambda: status_of(port, "/healthz") is None)  # nothing new is taken
        assert not answer.done()
        go_on()
        assert answer.result().status == 200
        assert answer.result().text.rstrip().endswith("</html>")
    assert process.ended() == 0
    assert re.search(r"GET /auth/password/reset/key/\.\.\. 200 \d+ms user=-", process.output)


def test_sockets_are_closed_with_a_word_and_logged(cluster, daphne):
    process, port = daphne(DATABASE_URL=cluster.url())
    with open_socket(cluster, port, 1) as (user, socket):
        process.terminate()
        with pytest.raises(ConnectionClosed) as closed:
            socket.recv()
    assert closed.value.rcvd.code == 4503
    assert process.ended() == 0
    lines = [line for line in process.output.splitlines() if " WS " in line]
    assert re.search(rf"\[([0-9a-f]{{32}})\]: WS /ws/ open user={user}$", lines[0])
    assert re.search(rf"WS /ws/ closed 4503 \d+ms user={user}$", lines[1])
    assert lines[0].split("[")[1][:32] == lines[1].split("[")[1][:32]


def test_a_page_and_a_socket_end_together(cluster, daphne):
    process, port = daphne(DATABASE_URL=cluster.url())
    with open_socket(cluster, port, 2) as (_user, socket), a_slow_request(cluster, port) as slow:
        answer, go_on = slow
        process.terminate()
        with pytest.raises(ConnectionClosed) as closed:
            socket.recv()
        assert closed.value.rcvd.code == 4503
        go_on()
        assert answer.result().status == 200
    assert process.ended() == 0


def test_a_refused_socket_is_one_line(cluster, daphne):
    process, port = daphne(DATABASE_URL=cluster.url())
    with (
        pytest.raises(InvalidStatus, match="403"),
        connect(f"ws://127.0.0.1:{port}/ws/", origin=Origin("http://elsewhere.example")),
    ):
        pass
    line = wait_for(lambda: [each for each in process.output.splitlines() if " WS " in each])
    assert re.search(r"WS /ws/ refused 403 \d+ms user=-$", line[0])
