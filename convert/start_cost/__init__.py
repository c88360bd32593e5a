"""What the assistant costs before its first word: seconds and CPU time to ready, imports, and memory afterwards."""
