"""Twenty-four photos into one conversation: what a Daphne takes for them, and gives back."""

import http.client
import time
import uuid
from collections import Counter
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from threading import Event, Thread

from bench.machine import SHAPES, SIZE, Machine, children, memory
from bench.people import sessions
from bench.pictures import form_with, picture
from bench.report import Table

PHOTOS = 24
WIDTH, HEIGHT = 4000, 3000
AT_ONCE = 3
LATER = 30  # seconds
LOOK_EVERY = 0.02
TOKEN = "x" * 32


class Watch:
    """The most that a process takes, alone and with its children, in KB."""

    def __init__(self, pid: int) -> None:
        self.alone = self.together = 0.0
        self._over = Event()
        self._thread = Thread(target=self._look, args=[pid])
        self._thread.start()

    def end(self) -> None:
        self._over.set()
        self._thread.join()

    def _look(self, pid: int) -> None:
        while not self._over.wait(LOOK_EVERY):
            own = memory(pid)
            self.alone = max(self.alone, own)
            for child in children(pid):
                with suppress(OSError, RuntimeError):  # it has just ended
                    self.together = max(self.together, own + memory(child))


def run(machine: Machine) -> Iterator[Table]:
    """Memory before, at most, after, and half a minute later."""
    site = machine.site(SHAPES[1], SIZE)
    port = machine.daphne(site, "setahub.asgi:application")
    pid = machine.pid(port)
    students = sessions(site, AT_ONCE, email_key__startswith="scale1-student")
    (ta,) = sessions(site, 1, email_key__startswith="scale1-ta")
    for key in students.values():  # what is loaded with the first picture is no part of the others
        send(port, key, ta, picture(64, 64))
    photos = [picture(WIDTH, HEIGHT, quality=70 + number % 4) for number in range(4)]
    before, began, watch = memory(pid), time.monotonic(), Watch(pid)
    answers = Counter[int]()
    with ThreadPoolExecutor(AT_ONCE) as threads:
        keys: Sequence[str] = list(students.values())
        work = [
            threads.submit(until_taken, port, keys[number % AT_ONCE], ta, photos[number % 4])
            for number in range(PHOTOS)
        ]
        for each in work:
            answers += each.result()
    took = time.monotonic() - began
    watch.end()
    after = memory(pid)
    time.sleep(LATER)
    later = memory(pid)
    told = ", ".join(f"{count} × {status}" for status, count in sorted(answers.items()))
    row = [
        told,
        f"{took:.0f} s",
        *(f"{each / 1024:.0f} MB" for each in (before, watch.alone, watch.together, after, later)),
        f"{(max(watch.alone, later) - before) / 1024:.0f} MB",
    ]
    size = sum(map(len, photos)) / len(photos) / 1e6
    note = (
        f"`script/bench photos`. {PHOTOS} photos of 12 megapixels, {size:.1f} MB each, sent into a "
        f"conversation, {AT_ONCE} at once, to one Daphne on SQLite; resident memory of it, and with the "
        "decoder that it starts for each. Wanted: at most 60 MB more, and given back."
    )
    columns = (
        "answers", "took", "before", "at most", "with its decoder", "after", f"{LATER} s later", "more",
    )  # fmt: skip
    yield Table("photos", "Photos into a conversation", note, columns, [row])


def until_taken(port: int, key: str, to: int, photo: bytes) -> Counter[int]:
    """Send it again while the site says that others come first."""
    answers = Counter[int]()
    while True:
        status = send(port, key, to, photo)
        answers[status] += 1
        if status != http.HTTPStatus.SERVICE_UNAVAILABLE:
            return answers
        time.sleep(1)


def send(port: int, key: str, to: int, photo: bytes) -> int:
    fields = {"text": "", "client_id": str(uuid.uuid4()), "csrfmiddlewaretoken": TOKEN}
    body, kind = form_with(fields, "image", photo)
    headers = {"Cookie": f"sessionid={key}; csrftoken={TOKEN}", "Content-Type": kind}
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
    connection.request("POST", f"/messages/{to}/", body, headers | {"Accept": "application/json"})
    answer = connection.getresponse()
    answer.read()
    connection.close()
    return answer.status
