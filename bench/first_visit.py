"""What a browser has to fetch on its first visit to the dashboard."""

import gzip
import http.client
import re
from collections.abc import Iterator

from bench.machine import SHAPES, SIZE, Machine
from bench.people import sessions
from bench.report import Table


def run(machine: Machine) -> Iterator[Table]:
    """Bytes over the wire, file by file, and what holds up the first paint."""
    site = machine.site(SHAPES[1], SIZE)
    [key] = sessions(site, email="student@example.com").values()
    port = machine.daphne(site)
    page = _get(port, "/", key)
    sizes = {"the page itself": len(gzip.compress(page))}
    sheets = re.findall(r'rel="stylesheet" href="([^"]+)"', page.decode())
    scripts = re.findall(r'<script\b([^>]*) src="([^"]+)"', page.decode())
    icons = re.findall(r'rel="icon" href="([^"]+)"', page.decode())
    blocking = [
        *sheets,
        *(url for how, url in scripts if "module" not in how and "defer" not in how),
    ]
    waiting = [*sheets, *icons, *(url for _how, url in scripts)]
    while waiting:
        url = waiting.pop()
        if url in sizes:
            continue
        sizes[url] = len(_get(port, url, key, "br"))
        if url.endswith(".js"):
            imported = re.findall(r'(?:from|import) *"\./([^"]+)"', _get(port, url, key).decode())
            waiting += [f"{url.rpartition('/')[0]}/{name}" for name in imported]
    rows = [
        [f"`{url}`" if url.startswith("/") else url, f"{size:,}", "yes" if url in blocking else ""]
        for url, size in sorted(sizes.items(), key=lambda item: -item[1])
    ]
    rows.append(["**all**", f"**{sum(sizes.values()):,}**", str(len(blocking))])
    note = (
        "`script/bench first_visit`. Bytes that a browser fetches, pictures aside: static files as "
        "stored with brotli, the page as a proxy sends it with gzip."
    )
    yield Table(
        "first_visit", "First visit to the dashboard", note, ("file", "bytes", "blocks"), rows
    )


def _get(port: int, path: str, key: str, encoding: str = "identity") -> bytes:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
    headers = {"Cookie": f"sessionid={key}", "Accept-Encoding": encoding}
    connection.request("GET", path, headers=headers)
    return connection.getresponse().read()
