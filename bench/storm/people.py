"""Somebody who uses the site without a plan, through its pages and its socket."""

import http.client
import json
import re
import time
import uuid
from collections import Counter
from collections.abc import Callable, Mapping
from contextlib import suppress
from datetime import date, datetime, timedelta
from random import Random
from threading import Event
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

from websockets.exceptions import WebSocketException
from websockets.sync.client import connect
from websockets.typing import Origin

TOKEN = "x" * 32
BANGKOK = ZoneInfo("Asia/Bangkok")
CODES: dict[str, str] = {}  # that TAs show, by the id of the session
PAUSE = 0.2  # seconds between two acts of one person, in the mean
PATIENCE = 10  # seconds for an answer
WAITING = "/bookings/?tab=requests"
Form = Mapping[str, object]


class Lost(Exception):
    """No answer: whether it was done, nobody knows."""


class Somebody:
    """One person with a session. ``ports``: where pages are, and where sockets are.

    ``acknowledged``: the messages that the site said are stored. ``broken``: answers that nobody
    should ever get.
    """

    def __init__(self, user: int, key: str, others: list[int], pages: int, sockets: int) -> None:
        self.user = user
        self.key = key
        self.others = [other for other in others if other != user]
        self.chance = Random(user)  # noqa: S311  (no secret)
        self.pages, self.sockets = pages, sockets
        self.acknowledged: list[str] = []
        self.broken: list[str] = []
        self.statuses: Counter[str] = Counter()

    def live(self, end: Event) -> None:
        """One thing after the other, each chosen by chance, until told to end."""
        acts: list[Callable[[], None]] = [self.book] * 5 + [self.cancel, self.move] * 2
        acts += [self.write] * 4 + [self.talk, self.read, self.look]
        acts += [self.open, self.edit, self.take_back, self.settle, self.teach, self.block]
        acts += [self.ask_for_time, self.join, self.answer] * 2 + [self.take] * 3
        acts += [self.decline, self.leave, self.open_weekly, self.settle_all]
        acts += [self.limit_myself, self.leave_a_takeaway, self.thank, self.show_what_was_left]
        acts += [self.issue, self.revoke, self.open_soon, self.show_the_code, self.check_in]
        acts += [self.read_notices]
        while not end.is_set():
            with suppress(Lost):
                self.chance.choice(acts)()
            end.wait(self.chance.expovariate(1 / PAUSE))

    # --- As a student -------------------------------------------------------------------------

    def look(self) -> None:
        self.get(
            self.chance.choice(["/", "/topics/", "/bookings/", "/appointments/", "/messages/"])
        )

    def book(self) -> None:
        topic = self.pick(r'data-topic-slug="([^"]+)"', "/topics/?limit=60")
        slot = topic and self.pick(r'data-slot-id="(\d+)"', f"/topics/{topic}/")
        if slot:
            form = {"slot": slot, "topic": topic, "question": "Why does it halt?"}
            self.post("/bookings/new/", form, again=True)

    def cancel(self) -> None:
        if booking := self.own_booking():
            self.post(f"/bookings/{booking}/cancel/", {"reason": "I am ill."}, again=True)

    def move(self) -> None:
        if booking := self.own_booking():
            path = f"/bookings/{booking}/reschedule/"
            if slot := self.pick(r'data-slot-id="(\d+)"', path):
                self.post(path, {"slot": slot}, again=True)

    def own_booking(self) -> str | None:
        page = self.chance.choice(["/bookings/", "/appointments/"])
        return self.pick(r'data-booking-id="(\d+)"', page)

    # --- Who waits ------------------------------------------------------------------------------

    def ask_for_time(self) -> None:
        if topic := self.pick(r'data-topic-slug="([^"]+)"', "/topics/?limit=60"):
            form = {
                "topic": topic,
                "question": f"Why, asks {self.user}?",
                "parts": self.chance.choice([[], [], ["morning"], ["afternoon", "evening"]]),
                **self.chance.choice([{"shared": "on"}, {}]),
            }
            self.post("/requests/new/", form, again=True)

    def join(self) -> None:
        if topic := self.pick(r'data-topic-slug="([^"]+)"', "/topics/?limit=60"):
            shared = r'action="(/requests/\d+/join/)"'
            if path := self.pick(shared, f"/topics/{topic}/"):
                self.post(path, {}, again=True)

    def leave(self) -> None:
        if asked := self.pick(r'data-request-id="(\d+)"', WAITING):
            act = self.chance.choice([("leave", {}), ("close", {"solved": "1"}), ("close", {})])
            self.post(f"/requests/{asked}/{act[0]}/", act[1], again=True)

    def take(self) -> None:
        if offer := self.pick(r'data-offer-id="(\d+)"', WAITING):
            self.post(f"/offers/{offer}/", {"question": "Why does it halt?"}, again=True)

    def decline(self) -> None:
        if offer := self.pick(r'data-offer-id="(\d+)"', WAITING):
            self.post(f"/offers/{offer}/", {"decline": "1"}, again=True)

    # --- As a TA --------------------------------------------------------------------------------

    def open(self) -> None:
        if topics := re.findall(r'name="topics" value="(\d+)"', self.get("/appointments/new/")):
            self.post("/appointments/new/", self.session(topics), again=True)

    def answer(self) -> None:
        """Open time for what somebody asks, with a seat for each who waits."""
        if asked := self.pick(r'data-request-id="(\d+)"', "/appointments/?tab=requests"):
            page = self.get(f"/appointments/new/?request={asked}")
            topics = re.findall(r'name="topics" value="(\d+)"[^>]* checked', page)
            seats = re.findall(r'name="capacity" value="(\d+)"', page)
            if topics and seats:
                form = {**self.session(topics), "capacity": seats[0]}
                self.post("/appointments/new/", form, again=True)

    def open_weekly(self) -> None:
        """Two stretches a week for three weeks, without those that clash."""
        topics = re.findall(r'name="topics" value="(\d+)"', self.get("/appointments/week/"))
        days = self.chance.sample(range(7), 2)
        form = {
            "topics": topics[:1],
            "slot_minutes": "30",
            "capacity": "2",
            "repeat_until": (date.today() + timedelta(weeks=3)).isoformat(),
            "skip_conflicts": "on",
            "rows-TOTAL_FORMS": "2",
        }
        for number, day in enumerate(days):
            hour = self.chance.randint(8, 19)
            form |= {
                f"rows-{number}-day": str(day),
                f"rows-{number}-start": f"{hour:02}:00",
                f"rows-{number}-end": f"{hour + 1:02}:00",
                f"rows-{number}-location": f"Room {self.chance.randint(1, 9)}",
            }
        if topics:
            self.post("/appointments/week/", form, again=True)

    def edit(self) -> None:
        if own := self.pick(r'data-appointment-id="(\d+)"', "/appointments/"):
            path = f"/appointments/{own}/edit/"
            topics = re.findall(r'name="topics" value="(\d+)"[^>]* checked', self.get(path))
            self.post(path, self.session(topics))

    def session(self, topics: list[str]) -> Form:
        hour = self.chance.randint(8, 20)
        return {
            "topics": topics,
            "date": (date.today() + timedelta(days=self.chance.randint(1, 6))).isoformat(),
            "start_time": f"{hour:02}:00",
            "end_time": f"{hour + self.chance.randint(1, 3):02}:00",
            "slot_minutes": self.chance.choice(["30", "60"]),
            "capacity": str(self.chance.randint(1, 4)),
            "location": f"Room {self.chance.randint(1, 9)}",
            "scope": self.chance.choice(["one", "following"]),
        }

    def take_back(self) -> None:
        if own := self.pick(r'data-appointment-id="(\d+)"', "/appointments/"):
            form = {"reason": "I am ill.", "scope": self.chance.choice(["one", "following"])}
            self.post(f"/appointments/{own}/delete/", form, again=True)

    def settle(self) -> None:
        page = "/appointments/?tab=completed"
        if booking := self.pick(r'data-booking-id="(\d+)"', page):
            outcome = self.chance.choice(["complete", "no-show"])
            self.post(f"/bookings/{booking}/{outcome}/", {})

    def settle_all(self) -> None:
        page = "/appointments/?tab=completed"
        if own := self.pick(r'data-appointment-id="(\d+)"', page):
            found = re.findall(r'name="completed" value="(\d+)"', self.get(f"/appointments/{own}/"))
            if booked := sorted(set(found)):
                missed = self.chance.choice([[], booked[:1]])
                came = [each for each in booked if each not in missed]
                form = {"completed": came, "no_show": missed}
                self.post(f"/appointments/{own}/outcomes/", form, again=True)

    def teach(self) -> None:
        if topic := self.pick(r'data-topic-slug="([^"]+)"', "/topics/?limit=60"):
            act = self.chance.choice(["register", "register", "unregister"])
            self.post(f"/topics/{topic}/{act}/", {})

    def limit_myself(self) -> None:
        """Few slots a week or in a row, away for some days, or nothing of it any more."""
        away = (date.today() + timedelta(days=self.chance.randint(1, 3))).isoformat()
        limits = self.chance.choice(
            [{"weekly_slots": "3"}, {"slots_in_a_row": "2"}, {"away_until": away}, {}]
        )
        self.post("/users/me/teaching/", limits)

    def open_soon(self) -> None:
        """A session that begins at the next quarter of an hour, so that somebody can check in."""
        topics = re.findall(r'name="topics" value="(\d+)"', self.get("/appointments/new/"))
        now = datetime.now(BANGKOK)
        start = now + timedelta(minutes=15 - now.minute % 15)
        end = start + timedelta(minutes=30)
        if topics and start.date() == end.date():
            form = {
                **self.session(topics),
                "date": start.date().isoformat(),
                "start_time": f"{start:%H:%M}",
                "end_time": f"{end:%H:%M}",
                "slot_minutes": "30",
            }
            self.post("/appointments/new/", form, again=True)

    def show_the_code(self) -> None:
        """Of one of the next sessions, to everybody."""
        if own := self.pick(r'data-appointment-id="(\d+)"', "/appointments/"):
            code = re.search(r'hidden">(\d{6})<', self.get(f"/appointments/{own}/check-in/"))
            if code:
                CODES[own] = code[1]

    def issue(self) -> None:
        first = date.today() - timedelta(days=self.chance.choice([30, 60]))
        days = {"from_day": first.isoformat(), "to_day": date.today().isoformat()}
        self.post("/users/me/record/issue/", days, again=True)

    def revoke(self) -> None:
        if path := self.pick(r'action="(/users/me/record/\d+/revoke/)"', "/users/me/record/"):
            self.post(path, {}, again=True)

    # --- After a session ------------------------------------------------------------------------

    def leave_a_takeaway(self) -> None:
        if booking := self.pick(r'data-booking-id="(\d+)"', "/appointments/?tab=completed"):
            done = self.chance.choice(["Rotated a tree", "Read a proof"])
            self.post(f"/bookings/{booking}/takeaway/", {"done": done}, again=True)

    def thank(self) -> None:
        if booking := self.pick(r'data-booking-id="(\d+)"', "/bookings/?tab=completed"):
            said = self.chance.choice([{"thanks": "Thank you!"}, {"helped": "yes"}])
            self.post(f"/bookings/{booking}/thanks/", said, again=True)

    def show_what_was_left(self) -> None:
        if booking := self.own_booking():
            wanted = self.chance.choice([{"show_takeaway": "on"}, {}])
            self.post(f"/bookings/{booking}/show-takeaway/", wanted)

    def check_in(self) -> None:
        """As the QR of some session leads there, whether or not one has a seat in it."""
        if CODES:
            session, code = self.chance.choice(list(CODES.items()))
            self.post(f"/check-in/{session}/", {"code": code})

    def read_notices(self) -> None:
        self.post("/notifications/", {})

    # --- With others ----------------------------------------------------------------------------

    def block(self) -> None:
        act = self.chance.choice(["block", "unblock", "unblock"])
        self.post(f"/users/{self.chance.choice(self.others)}/{act}/", {})

    def write(self) -> None:
        """A message by form, sent again as the page does while no answer comes."""
        other, name = self.chance.choice(self.others), str(uuid.uuid4())
        form = {"text": f"Hello from {self.user}", "client_id": name}
        for _attempt in range(3):
            with suppress(Lost):
                status, body = self.ask("POST", f"/messages/{other}/", form, json_wanted=True)
                if status == 201:
                    self.acknowledged.append(json.loads(body)["client_id"])
                    if self.chance.random() < 0.2:
                        continue  # a second tap
                return

    def talk(self) -> None:
        """A few messages through the socket, each waited for."""
        address = f"ws://127.0.0.1:{self.sockets}/ws/"
        headers = {"Cookie": f"sessionid={self.key}"}
        with (
            suppress(OSError, WebSocketException, TimeoutError),
            connect(
                address,
                origin=Origin(f"http://127.0.0.1:{self.sockets}"),
                additional_headers=headers,
                open_timeout=PATIENCE,
            ) as socket,
        ):
            for _message in range(self.chance.randint(1, 4)):
                name = str(uuid.uuid4())
                other = self.chance.choice(self.others)
                sent = {"type": "message.send", "to": other, "client_id": name, "text": "Live"}
                socket.send(json.dumps(sent))
                for _repeat in range(self.chance.randint(0, 1)):
                    socket.send(json.dumps(sent))
                while True:
                    answer = json.loads(socket.recv(timeout=PATIENCE))
                    if answer.get("client_id") == name and answer["type"] != "message":
                        break
                if answer["type"] == "message.ack":
                    self.acknowledged.append(name)

    def read(self) -> None:
        if other := self.pick(r'href="/messages/(\d+)/"', "/messages/"):
            page = self.get(f"/messages/{other}/")
            if seen := re.findall(r'data-message-id="(\d+)"', page):
                self.post(f"/messages/{other}/read/", {"last_id": self.chance.choice(seen)})

    # --- HTTP -----------------------------------------------------------------------------------

    def pick(self, pattern: str, path: str) -> str | None:
        """Any one of what the page shows of this kind."""
        found = re.findall(pattern, self.get(path))
        return self.chance.choice(found) if found else None

    def get(self, path: str) -> str:
        return self.ask("GET", path)[1]

    def post(self, path: str, form: Form, *, again: bool = False) -> None:
        """Send a form; ``again``: with a key, and sometimes twice, as a second tap would."""
        if again:
            form = {**form, "form_key": uuid.uuid4().hex}
        status, _body = self.ask("POST", path, form)
        if again and status == 302 and self.chance.random() < 0.3:
            repeated, _body = self.ask("POST", path, form)
            if repeated not in (302, 503):
                self.broken.append(f"POST {path} sent twice: {repeated}")

    def ask(
        self, method: str, path: str, form: Form | None = None, *, json_wanted: bool = False
    ) -> tuple[int, str]:
        """Status and text of an answer. Raises Lost when none comes."""
        headers = {"Cookie": f"sessionid={self.key}; csrftoken={TOKEN}"}
        body = None
        if form is not None:
            body = urlencode({**form, "csrfmiddlewaretoken": TOKEN}, doseq=True)
            headers["Content-Type"] = "application/x-www-form-urlencoded"
        if json_wanted:
            headers["Accept"] = "application/json"
        connection = http.client.HTTPConnection("127.0.0.1", self.pages, timeout=PATIENCE)
        try:
            connection.request(method, path, body, headers)
            answer = connection.getresponse()
            text = answer.read().decode(errors="replace")
        except (OSError, http.client.HTTPException) as error:
            self.statuses["no answer"] += 1
            time.sleep(0.1)  # a server is coming back
            raise Lost from error
        finally:
            connection.close()
        self.statuses[str(answer.status)] += 1
        if answer.status >= 500 and answer.status != 503:
            self.broken.append(f"{method} {path}: {answer.status}")
        return answer.status, text
