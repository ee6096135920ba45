"""Database engine ``guantong.core.sqlite``: Django's SQLite engine with a fair queue for writers (see `base`)."""
