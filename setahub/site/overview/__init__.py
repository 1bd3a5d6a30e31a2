"""The admin's first page: how the place is doing, week by week."""
