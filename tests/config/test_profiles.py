"""Profiles of boards: what they set, and what a settings file sets all the same."""

import dataclasses

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assistant.config import profiles
from assistant.config.profiles import DEFAULT, PROFILES, differences, profile_of, with_profile
from assistant.config.settings import Settings, setting_choices
from assistant.config.settings_file import parse_settings, to_toml


def test_every_profile_can_be_chosen_and_sets_what_may_be_set() -> None:
    assert set(setting_choices("power", "profile")) == set(PROFILES)
    for name in PROFILES:
        chosen = parse_settings(f'[power]\nprofile = "{name}"\n')
        assert chosen == with_profile(Settings(), name)
        assert not list(differences(chosen))


def test_the_default_profile_is_the_defaults() -> None:
    assert with_profile(Settings(), DEFAULT) == Settings()


def test_smaller_boards_have_less_to_do() -> None:
    fps = [PROFILES[name]["camera.fps"] for name in ("zero2w", "pi3", "pi4", "pi5")]
    assert fps == sorted(fps)
    assert PROFILES["zero2w"]["model.file"] == "emotion-small-int8"


def test_what_the_file_names_comes_before_the_profile() -> None:
    chosen = parse_settings('[camera]\nfps = 7\n[power]\nprofile = "zero2w"\n')
    assert (chosen.camera.fps, chosen.model.file) == (7.0, "emotion-small-int8")
    assert list(differences(chosen)) == ["camera.fps is 7.0, 5.0 in zero2w"]


def test_another_profile_in_a_printed_file_takes_effect() -> None:
    printed = to_toml(Settings())
    changed = parse_settings(printed.replace('profile = "pi4"', 'profile = "zero2w"'))
    assert changed == with_profile(Settings(), "zero2w")


@given(st.sampled_from(sorted(PROFILES)), st.sampled_from(sorted(PROFILES)), st.booleans())
def test_printed_settings_are_read_back(name: str, other: str, is_mixed: bool) -> None:
    settings = with_profile(Settings(), name)
    if is_mixed:
        camera = dataclasses.replace(settings.camera, fps=PROFILES[other]["camera.fps"])
        settings = dataclasses.replace(settings, camera=camera)
    assert parse_settings(to_toml(settings)) == settings


@pytest.mark.parametrize(
    ("board", "profile"),
    [
        ("Raspberry Pi Zero 2 W Rev 1.0", "zero2w"), ("Raspberry Pi 3 Model B Plus Rev 1.3", "pi3"),
        ("Raspberry Pi 4 Model B Rev 1.5", "pi4"), ("Raspberry Pi 400 Rev 1.0", "pi4"),
        ("Raspberry Pi 5 Model B Rev 1.0", "pi5"), ("Raspberry Pi 500 Rev 1.0", "pi5"),
        ("Raspberry Pi Compute Module 4 Rev 1.0", "pi4"), ("Raspberry Pi Zero W Rev 1.1", ""),
        ("ROCK 5B", ""), ("", ""),
    ],
)  # fmt: skip
def test_a_board_has_its_profile(board: str, profile: str) -> None:
    assert profile_of(board) == profile


def test_every_board_has_a_profile_that_there_is() -> None:
    assert set(profiles.BOARDS.values()) <= set(PROFILES)
