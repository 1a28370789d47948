"""Paid services: how they are reached, what goes wrong with them, and what they cost.

Nothing here knows a phase. A provider's own calls (its voices, its language models) live in the
phase's folder and go out through a `Door`.
"""
