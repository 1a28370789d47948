"""Declarations of where flows run, and the commands that put them into force."""
