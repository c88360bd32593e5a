"""What the operating system gives: process set-up, supervision, service manager, board facts, files."""
