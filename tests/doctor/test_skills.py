"""What the doctor finds of skills: off, set up, without weights, with wrong ones, or without its socket."""

import socket
from pathlib import Path

import pytest

from assistant.config.settings import FriendsSettings, Settings, ThingsSettings
from assistant.doctor import skills
from assistant.doctor.checkup import checks
from assistant.doctor.finding import Finding, good
from assistant.doctor.isolated_check import CHECK_MODULES
from assistant.doctor.speech import SpeechCheck
from assistant.errors import SkillError
from assistant.skills import registry
from assistant.skills.session import SkillName
from tests.doctor.test_checks import isolated, no_note

ON = Settings(things=ThingsSettings(enabled=True))


def check_names(settings: Settings) -> list[str]:
    found = checks(settings, "", SpeechCheck(settings.voice, "en", "Hello.", is_quiet=True))
    return [each.name for each in found]


def test_one_line_where_no_skill_is_on_else_one_for_each() -> None:
    assert [name for name in check_names(Settings()) if name in (*SkillName, "skills")] == ["skills"]
    assert [name for name in check_names(ON) if name in (*SkillName, "skills")] == [*SkillName]
    assert {name for name, module in CHECK_MODULES.items() if module == "skills"} == {*SkillName}


def test_a_skill_that_is_off_is_said_to_be_off_and_fails_nothing() -> None:
    found = skills.off(ON, SkillName.READ)
    assert found == Finding(True, ("skill_failures.off_read",), detail="read.enabled is false", is_there=False)
    assert skills.off(ON, SkillName.THINGS) is None


@pytest.mark.parametrize("error", [SkillError("no weights", "missing"), ImportError("no such library")])
def test_what_is_missing_is_a_finding_with_advice(monkeypatch: pytest.MonkeyPatch, error: Exception) -> None:
    def check(settings: Settings) -> None:
        raise error

    monkeypatch.setattr(registry, "check_of", lambda skill: check)
    for skill in SkillName:
        found = getattr(skills, skill)(Settings(), no_note)
        assert (found.ok, found.keys, found.advice) == (False, (f"skill_failures.missing_{skill}",), "skills")
        assert str(error) in found.detail
    monkeypatch.setattr(registry, "check_of", lambda skill: lambda settings: None)
    assert skills.read(Settings(), no_note) == good("read")


def test_weights_that_are_missing_or_wrong_are_found_in_a_process_of_its_own(tmp_path: Path) -> None:
    for content, why in ((None, "no-weights.onnx"), (b"no weights", "weights.onnx")):
        file = tmp_path / why
        if content:
            file.write_bytes(content)
        settings = Settings(
            friends=FriendsSettings(enabled=True, model=str(file)), things=ThingsSettings(enabled=True, model=str(file))
        )
        for skill in (SkillName.FRIENDS, SkillName.THINGS):
            if importable(skill):
                found = isolated(skill, settings)
                assert (found.keys, found.advice) == ((f"skill_failures.missing_{skill}",), "skills")
                assert why.split(".")[0] in found.detail


def importable(skill: SkillName) -> bool:
    """Whether the skill's folder has a check."""
    name = registry.CHECKS[skill].replace(".", "/")
    return (Path(registry.__file__).parent / f"{name}.py").exists()


def test_an_engine_without_its_socket_is_not_set_up_where_there_are_units(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("EMOTION_ASSISTANT_SKILLS", str(tmp_path))
    monkeypatch.setattr(skills, "SOCKET_UNITS", (tmp_path / "unit",))
    assert skills.unreachable(SkillName.READ) is None  # a desktop
    (tmp_path / "unit").touch()
    found = skills.unreachable(SkillName.READ)
    assert found
    assert found.keys == ("skill_failures.missing_read",)
    assert "emotion-assistant-skill@read.socket" in found.detail
    with socket.socket(socket.AF_UNIX) as listening:
        listening.bind(str(tmp_path / "read.sock"))
        assert skills.unreachable(SkillName.READ) is None


def test_a_skill_without_a_check_needs_nothing_that_could_be_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(registry.CHECKS, SkillName.DESCRIBE, "description.no_such_module")
    registry.check_of(SkillName.DESCRIBE)(Settings())
