"""Prefect tasks: one file per phase; each is an engine call with retries, a cache key and artifacts."""
