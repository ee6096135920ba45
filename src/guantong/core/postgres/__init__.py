"""Database engine ``guantong.core.postgres``: Django's PostgreSQL engine, prepared and byte-ordered (see `base`)."""
