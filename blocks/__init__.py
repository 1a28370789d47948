"""Prefect blocks: what is set up once in the UI and used by name."""

from blocks.saved_options import Profile

__all__ = ["Profile"]
