"""Settings: their dataclasses, how a TOML file becomes them, and what is told of mistakes."""
