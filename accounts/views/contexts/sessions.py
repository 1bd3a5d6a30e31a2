"""The page of the devices that somebody is signed in on."""

from dataclasses import dataclass

from accounts.models import SignIn


@dataclass(frozen=True)
class SessionsPage:
    """``here`` is the key of the viewer's own session, which comes first."""

    sign_ins: list[SignIn]
    here: str
    has_others: bool

    @classmethod
    def of(cls, sign_ins: list[SignIn], here: str) -> "SessionsPage":
        own_first = sorted(sign_ins, key=lambda sign_in: sign_in.session_id != here)
        return cls(own_first, here, has_others=len(sign_ins) > 1)
