"""Sound output: player, sound cards, mixer."""
