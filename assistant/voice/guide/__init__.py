"""The spoken guide: a tour of the assistant in steps with practice, and a mode in which each key says what it does."""
