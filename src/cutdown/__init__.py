"""Cutdown: a long screen recording in, a short, polished, narrated video out."""

__version__ = "0.1.0"
