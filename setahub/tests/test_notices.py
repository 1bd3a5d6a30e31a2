"""Whatever is told goes one way: every email of the site belongs to a kind of notice, or is named here."""

import ast
from pathlib import Path

from django.conf import settings

from accounts import letters
from accounts.services.kinds import registered

ROOT: Path = settings.BASE_DIR
APPS = ("accounts", "topics", "scheduling", "chat", "setahub")
# Asked for just now by whoever reads them, or written to somebody who has no account: no notice.
NOT_NOTICES = {
    "account/email/account_already_exists",
    "account/email/email_confirmation",
    "account/email/email_confirmation_signup",
    "account/email/password_reset_key",
    "accounts/email/account_deleted",
    "accounts/email/invited",
}
# Where an email is handed over to the mail server's side.
SENDERS = {"accounts/notifications.py", "accounts/emails.py"}


def callers(name: str) -> set[str]:
    """The files in which something of this name is called, tests aside."""
    found = set()
    for app in APPS:
        for path in (ROOT / app).rglob("*.py"):
            if "tests" in path.parts:
                continue
            for node in ast.walk(ast.parse(path.read_text())):
                if isinstance(node, ast.Call) and ast.unparse(node.func) == name:
                    found.add(str(path.relative_to(ROOT)))
    return found


def test_emails_leave_by_two_doors():
    assert callers("mail.send") == SENDERS
    assert callers("write_to") == {"accounts/notifications.py"}
    assert callers("emails.send") == {"accounts/tasks.py"}


def test_letters_about_an_account_are_notices_or_named_here():
    assert set(letters.CHANGES) | set(letters.OTHERS) == set(letters.SUBJECTS) | NOT_NOTICES
    assert not NOT_NOTICES & set(letters.SUBJECTS)


def test_nobody_can_switch_off_what_is_told_of_security_or_by_the_staff():
    always = {kind.code for kind in registered() if kind.choice is None}
    assert always == {"security", "email_change", "warning"}


def test_codes_fit_their_column():
    assert all(len(kind.code) <= 40 for kind in registered())
