"""How good the skills of the assistant are: friends, things, description and reading, each measured by a module of its
own."""
