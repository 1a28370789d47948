"""The edges to sound and picture: programs, files, samples, frames. Every phase may use it."""
