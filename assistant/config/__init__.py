"""Settings: their dataclasses, how a TOML file becomes them, and how mistakes are reported."""
