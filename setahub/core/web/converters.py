"""Path converters."""


class IdConverter:
    """A database id: a whole number that every database can hold; anything else is a 404."""

    regex = "[1-9][0-9]{0,17}"

    def to_python(self, value: str) -> int:
        return int(value)

    def to_url(self, value: int) -> str:
        return str(value)
