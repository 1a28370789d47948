"""Prefect blocks: what is set up once in the UI and used by name."""

from blocks.profile import Profile

__all__ = ["Profile"]
