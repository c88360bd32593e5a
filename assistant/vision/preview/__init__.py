"""The preview for a sighted helper: the vision process sends what it sees to a window in a process of its own."""
