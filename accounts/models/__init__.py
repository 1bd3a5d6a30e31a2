"""People: their accounts, what stands between them, where they are signed in, their mail."""

from accounts.models.mail import EmailChange, WaitingLetter
from accounts.models.people import (
    BIO_MAX,
    REASON_MAX,
    USERNAME_KEY_MAX,
    WISH_MAX,
    Block,
    FirstSteps,
    MailKind,
    Star,
    Suspension,
    User,
    UserManager,
    UserQuerySet,
)
from accounts.models.sign_ins import SentForm, SignIn
