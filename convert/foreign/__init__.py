"""Classifiers of other programs: loaded without trust, their stated input and labels tried on labelled faces, and given
a card, with which the assistant runs them; of a Keras file, an int8 file."""
