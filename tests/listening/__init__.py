"""How often words that wait for a gap in talk start in one: synthetic talk in a room of PulseAudio."""
