"""Where somebody was going when they signed up, kept until the link in their email was opened.

It is kept with the account: that link is often opened in another browser.
"""

from accounts.models import WISH_MAX, User


def keep(user: User, path: str) -> None:
    """Remember the page of this site; one whose address is too long is forgotten."""
    user.wish = path if len(path) <= WISH_MAX else ""
    user.save(update_fields=["wish"])


def take(user: User) -> str:
    """The page, or "". The first sign-in is the only one that it is for, wherever that leads."""
    wish = user.wish
    if wish:
        user.wish = ""
        user.save(update_fields=["wish"])
    return wish
