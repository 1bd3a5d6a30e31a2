"""Addresses that somebody else wrote: a form's ``next``, a browser's ``Referer``; and those to hand on."""

from urllib.parse import SplitResult, urlsplit

from django.conf import settings
from django.core.exceptions import DisallowedHost
from django.http import HttpRequest
from django.utils.http import url_has_allowed_host_and_scheme

LONGEST = 2000  # longer ones are none that a page of this site links to


def split(address: str) -> SplitResult:
    """The parts of an address; all of them empty where it is none, such as ``http://[``."""
    try:
        return urlsplit(address)
    except ValueError:
        return urlsplit("")


def addressed_host(request: HttpRequest) -> str | None:
    """The host that was asked; None for one that is not ours, which the page of that error needs."""
    try:
        return request.get_host()
    except DisallowedHost:
        return None


def site_of(request: HttpRequest) -> str:
    """What addresses that are handed on begin with: ``SITE_URL``, once an operator has named it.

    Until then, on a trial, it is where the reader is, with the port that no default can know.
    """
    if settings.SITE_URL_IS_GIVEN or settings.HTTPS:
        return settings.SITE_URL
    return f"{request.scheme}://{request.get_host()}"


def own_path(request: HttpRequest, address: str | None) -> str:
    """``address`` when it leads to a page of this site and nowhere else, or "".

    To be given to HttpResponseRedirect: ``redirect()`` would also take the name of a view for one,
    and raise for any other word.
    """
    if not address or len(address) > LONGEST or not address.isprintable():
        return ""
    parts = split(address)
    here = (request.scheme, request.get_host())
    if not parts.path.startswith("/") or (parts.scheme, parts.netloc) not in (here, ("", "")):
        return ""
    # Browsers read a second slash of either kind as the beginning of a host.
    own = url_has_allowed_host_and_scheme(address, {request.get_host()}, request.is_secure())
    return address if own and not address.startswith(("//", "/\\", " ")) else ""
