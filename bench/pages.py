"""Pages against a bare Django view on the same server, and how they bear growth."""

from bench.load import in_turns
from bench.machine import SHAPES, SIZE, Machine
from bench.people import sessions
from bench.report import Table

LISTS = ("/bookings/", "/topics/", "/appointments/", "/messages/", "/")
LARGE = "--students 5000 --tas 500 --bookings 1000000 --messages 10000000"
ROUNDS = 3


def run(machine: Machine) -> Table:
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
                targets = [(floor, "/", key), *((port, path, key) for path in paths)]
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
    return Table("Pages of somebody signed in", note, columns, rows)


def growth(machine: Machine) -> Table:
    """The same pages with 1,000,000 bookings and 10,000,000 messages, over those with few."""
    small, large = (machine.site(SHAPES[0], size) for size in (SIZE, LARGE))
    one = "scale1-student-00001@example.com"
    keys = [next(iter(sessions(site, email=one).values())) for site in (small, large)]
    ports = [machine.daphne(site) for site in (small, large)]
    rows = []
    for path in ("/bookings/", "/messages/"):
        few, many = in_turns(
            [(port, path, key) for port, key in zip(ports, keys, strict=True)], 1, ROUNDS
        )
        rows.append(
            [f"`{path}`", f"{many.p50 / few.p50:.2f}", f"{few.p50:.1f} ms", f"{many.p50:.1f} ms"]
        )
    note = "`script/bench growth`. p50 of one client, in turns, on PostgreSQL and Redis."
    return Table("Pages as the site grows", note, ("page", "ratio", "few", "many"), rows)
