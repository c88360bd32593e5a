"""Listening for gaps in talk: the listener, a process of its own, and the part of the voice process that supervises
it."""
