"""Measures a finished video against its timeline, from the file's own bytes."""

from cutdown.verify.certify import verify

__all__ = ["verify"]
