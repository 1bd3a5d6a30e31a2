"""Everything that changes people and their accounts: guard, lock, check, write, notify on commit."""
