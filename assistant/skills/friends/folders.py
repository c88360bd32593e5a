"""Where the friends are kept; the voice process, which knows no skill, finds the voice tags there too."""

from assistant.system.friends_folder import NAME, RECORDING, SYSTEM_FOLDER, friends_folder

__all__ = ["NAME", "RECORDING", "SYSTEM_FOLDER", "friends_folder"]
