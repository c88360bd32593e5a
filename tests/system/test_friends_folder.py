"""Which folder holds the friends."""

from pathlib import Path

import pytest

from assistant.system.friends_folder import SYSTEM_FOLDER, friends_folder


def test_the_folder_of_the_units_of_a_user_and_of_nobody(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("STATE_DIRECTORY", f"/var/lib/emotion-assistant-vision:{SYSTEM_FOLDER}")
    assert friends_folder() == SYSTEM_FOLDER
    monkeypatch.delenv("STATE_DIRECTORY")
    monkeypatch.setenv("XDG_STATE_HOME", "/home/anna/state")
    assert friends_folder() == Path("/home/anna/state/emotion-assistant/friends")
    monkeypatch.setattr("assistant.system.friends_folder.SYSTEM_FOLDER", SYSTEM_FOLDER)  # no test works on the real one
    assert friends_folder(of_service=True) == SYSTEM_FOLDER
    monkeypatch.delenv("XDG_STATE_HOME")
    monkeypatch.delenv("HOME", raising=False)
    assert friends_folder() is None
