"""The director that asks a language model, and checks every word it answers."""
