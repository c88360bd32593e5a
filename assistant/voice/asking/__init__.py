"""Asking a skill, on the voice's side: one question at a time, its answer line by line, and the keys that ask."""
