"""What of several sessions can't be opened, said once: how many, which, and what is left without them."""

from collections.abc import Sequence
from dataclasses import dataclass

from scheduling.errors import Conflict
from scheduling.services.plan import Plan

NAMED = 5  # so many are told one by one, before the others are opened


@dataclass(frozen=True)
class Clashes:
    """``all``: the days that can't be, in order, each with its reason; ``fitting``: how many can."""

    all: Sequence[Conflict]
    fitting: int

    @classmethod
    def of(cls, plans: Sequence[Plan], reasons: Sequence[str]) -> "Clashes":
        """``reasons``: for each plan why it can't be, or ""."""
        found = [Conflict(each.day, why) for each, why in zip(plans, reasons, strict=True) if why]
        return cls(found, len(plans) - len(found))

    def __bool__(self) -> bool:
        return bool(self.all)

    @property
    def total(self) -> int:
        return len(self.all) + self.fitting

    @property
    def named(self) -> Sequence[Conflict]:
        return self.all[:NAMED]

    @property
    def others(self) -> Sequence[Conflict]:
        return self.all[NAMED:]
