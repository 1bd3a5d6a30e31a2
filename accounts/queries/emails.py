"""The addresses of an account, and its changes of them."""

from allauth.account.models import EmailAddress

from accounts.models import EmailChange, User


def change_of_email(change_id: int) -> EmailChange | None:
    """The change with this id, with its user; None when there is none."""
    return EmailChange.objects.select_related("user").filter(pk=change_id).first()


def is_proven(user: User, email: str) -> bool:
    """Whether this user has shown that they read what is sent there."""
    return EmailAddress.objects.filter(user=user, email=email.lower(), verified=True).exists()
