"""Sound output: player, loudness, sound cards, mixer."""
