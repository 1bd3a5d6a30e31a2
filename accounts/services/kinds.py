"""The kinds of notices: each app says in its ``notices.py``, which its AppConfig imports, what it tells.

    register(
        Kind(
            "offer_made",                                   # in the rows: it never changes
            MailKind.BOOKINGS,                              # whose switch it is; None: always comes
            each("offer", Offer.objects.with_all),          # how to find what it is about
            lambda offer, reader: emails.offered(offer),    # its words
        ),
    )

The bell shows the subject of the words and leads to their action; the email says them whole.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from django.db.models import Model, QuerySet
from django.utils.translation import gettext as _

from accounts.models import MailKind, Notice, User
from setahub.core.mail import Attachment, Email

Matter = TypeVar("Matter")
Row = TypeVar("Row", bound=Model)
# What notices are about, by their ids, with all that the words need; what is gone is left out.
Load = Callable[[Sequence[Notice]], Mapping[int, Matter]]


@dataclass(frozen=True)
class Letter:
    """What is sent by email: words, and files that come along."""

    email: Email
    attachments: Sequence[Attachment] = ()


@dataclass(frozen=True)
class Kind(Generic[Matter]):
    """What can happen to somebody.

    ``load`` takes as many queries for a hundred notices as for one, ``words`` none. ``letter`` is
    what goes by email where that is more than the words: None from it, and nothing is sent, since
    it is no longer so. ``send`` is for emails that are made in another way altogether. ``pushed``:
    devices are told of it too, unless they are in another way.
    """

    code: str
    choice: MailKind | None
    load: Load[Matter]
    words: Callable[[Matter, User], Email]
    letter: Callable[[Matter, User], Letter | None] | None = None
    send: Callable[[Notice], None] | None = None
    pushed: bool = True


@dataclass(frozen=True)
class Headline:
    """A notice in one line, and where it leads; ``url`` is "" where its matter is gone."""

    title: str
    url: str


_kinds: dict[str, Kind[Any]] = {}


def register(*kinds: Kind[Any]) -> None:
    _kinds.update({kind.code: kind for kind in kinds})


def kind_of(notice: Notice) -> Kind[Any] | None:
    """None where an earlier release told what this one knows nothing of."""
    return _kinds.get(notice.kind)


def check_known(code: str) -> None:
    if code not in _kinds:
        raise KeyError(f"No app has registered notices of the kind {code!r}.")


def registered() -> list[Kind[Any]]:
    return list(_kinds.values())


def each(name: str, rows: Callable[[], "QuerySet[Row]"], *, by: str = "pk") -> "Load[Row]":
    """A ``load`` by the id that the data of a notice has under this name.

    ``by``: the field that it is found in.
    """

    def load(notices: Sequence[Notice]) -> dict[int, Row]:
        ids = {notice.data[name] for notice in notices}
        found: Mapping[int, Row] = rows().in_bulk(ids, field_name=by)
        return {
            notice.pk: found[notice.data[name]] for notice in notices if notice.data[name] in found
        }

    return load


def headlines(notices: Iterable[Notice], reader: User) -> dict[int, Headline]:
    """Each notice in a line for its reader, in the active language, by its id."""
    return {
        pk: headline for pk, (_user, headline) in headlines_of((n, reader) for n in notices).items()
    }


def headlines_of(pairs: Iterable[tuple[Notice, User]]) -> dict[int, tuple[User, Headline]]:
    """The same for notices with their readers, who all read the active language."""
    by_kind: dict[str, list[tuple[Notice, User]]] = defaultdict(list)
    for notice, reader in pairs:
        by_kind[notice.kind].append((notice, reader))
    made = {}
    for some in by_kind.values():
        kind = kind_of(some[0][0])
        matters = kind.load([notice for notice, _reader in some]) if kind else {}
        for notice, reader in some:
            words = (
                kind.words(matters[notice.pk], reader) if kind and notice.pk in matters else None
            )
            made[notice.pk] = (reader, _headline(words))
    return made


def _headline(words: Email | None) -> Headline:
    if words is None:
        return Headline(_("Something that is no longer here"), "")
    return Headline(" ".join(words.subject.split()), words.action[1] if words.action else "")
