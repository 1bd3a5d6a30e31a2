"""What tests read from pages."""

import re

from django.db import connection
from django.http import HttpResponse
from django.test import Client
from django.test.utils import CaptureQueriesContext

from setahub.tests.own import unmarked

# A question with all that may go wrong, and how a page must show it.
QUESTION = "My AVL tree <b>rotates</b> wrongly.\n  left 2, right 0"
KEPT = "My AVL tree &lt;b&gt;rotates&lt;/b&gt; wrongly.\n  left 2, right 0"


def text(response: HttpResponse) -> str:
    return unmarked(response.content.decode())


def slot_ids(response: HttpResponse) -> list[int]:
    """The slots that the page offers, in its order."""
    tags = re.findall(r'<(?:a|button)[^>]*data-slot-id="(\d+)"[^>]*>', text(response))
    return [int(pk) for pk in tags]


def queries(client: Client, path: str) -> int:
    """How many queries a page costs."""
    with CaptureQueriesContext(connection) as caught:
        assert client.get(path).status_code == 200
    return len(caught)
