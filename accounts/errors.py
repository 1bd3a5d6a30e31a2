"""What a service about people raises."""


class AccountError(Exception):
    """A refusal in words that a user can read.

    ``status`` is the HTTP status it deserves; ``field`` the form field it belongs beside.
    """

    def __init__(self, message: str, *, status: int = 409, field: str | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.status = status
        self.field = field
