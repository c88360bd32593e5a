"""The words: one TOML file a language, each complete."""
