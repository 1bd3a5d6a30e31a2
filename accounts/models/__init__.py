"""People: their accounts, what stands between them, where they are signed in, what they are told."""

from accounts.models.mail import EmailChange, WaitingLetter
from accounts.models.notices import Notice
from accounts.models.people import (
    BIO_MAX,
    USERNAME_KEY_MAX,
    WISH_MAX,
    FirstSteps,
    MailKind,
    User,
    UserManager,
    UserQuerySet,
)
from accounts.models.push import PushDelivery, PushSubscription
from accounts.models.relations import REASON_MAX, Block, Star, Suspension
from accounts.models.sign_ins import SentForm, SignIn
