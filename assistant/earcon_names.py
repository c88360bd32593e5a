"""Names of earcons that stand for no expression. Imports nothing."""

AIM, CENTRED = "aim", "centred"
"""The earcons of aiming: the tone that leads to a face, and the sound for a face in the middle."""
