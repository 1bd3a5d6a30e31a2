"""Pages against a bare Django view on the same server."""

from collections.abc import Iterator

from bench.load import in_turns, target
from bench.machine import SHAPES, SIZE, Machine
from bench.people import sessions
from bench.report import Table

LISTS = ("/bookings/", "/topics/", "/appointments/", "/messages/", "/")
ROUNDS = 3


def run(machine: Machine) -> Iterator[Table]:
    """Lists for 1 and 16 clients under Daphne, the topics list for 8 under gunicorn."""
    rows = []
    for shape in SHAPES:
        site = machine.site(shape, SIZE)
        [key] = sessions(site, email="student@example.com").values()
        for server, start, clients in (
            ("Daphne", machine.daphne, (1, 16)),
            ("gunicorn", machine.gunicorn, (8,)),
        ):
            kind = "asgi" if server == "Daphne" else "wsgi"
            port = start(site)
            floor = start({**site, "DJANGO_SETTINGS_MODULE": ""}, f"bench.floor.bare:{kind}")
            paths = LISTS if server == "Daphne" else ("/topics/",)
            for count in clients:
                targets = [
                    target(floor, "/", key),
                    *(target(port, path, key) for path in paths),
                ]
                bare, *pages = in_turns(targets, count, ROUNDS)
                rows += [
                    [
                        shape, server, str(count), f"`{path}`", f"{page.rate / bare.rate:.1%}",
                        f"{page.rate:.0f} / {bare.rate:.0f}", f"{page.p99:.0f} ms", str(page.failed),
                    ]
                    for path, page in zip(paths, pages, strict=True)
                ]  # fmt: skip
    columns = ("shape", "server", "clients", "page", "of the floor", "requests/s", "p99", "failed")
    note = (
        "`script/bench pages`. The floor is a Django project of one view and no middleware, under "
        "the same server: rate of the page as a share of the floor's."
    )
    yield Table("pages", "Pages of somebody signed in", note, columns, rows)
