"""Description: people, things and light in two sentences."""
