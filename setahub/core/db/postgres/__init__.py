"""Django's PostgreSQL backend, made so that a database that is away costs nobody a long wait."""
