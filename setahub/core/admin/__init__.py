"""Tools for the admin that know no app: pages to look at, actions that ask first, CSV."""
