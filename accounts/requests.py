"""The request, as views behind the login get it."""

from django.http import HttpRequest

from accounts.models import User


class UserRequest(HttpRequest):
    """A request of somebody signed in; the login middleware lets no other through."""

    user: User
