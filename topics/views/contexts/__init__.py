"""What the pages of topics show."""
