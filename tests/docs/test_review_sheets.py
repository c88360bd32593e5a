"""The review sheets of the languages hold every sentence, as the locale files have them now."""

import importlib.util
from pathlib import Path
from types import ModuleType

import pytest

from assistant import phrases
from assistant.voice.audio.player import from_wav
from tests.support.captured_audio import loudness

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def sheets() -> ModuleType:
    spec = importlib.util.spec_from_file_location("review_sheets", ROOT / "docs/hooks/review_sheets.py")
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.mark.parametrize("code", phrases.known_locales())
def test_a_sheet_is_as_the_locale_file(sheets: ModuleType, code: str) -> None:
    assert (ROOT / f"docs/locales/{code}.md").read_text("utf-8") == sheets.sheet(code), "a locale changed: make sheet"


@pytest.mark.parametrize("code", phrases.known_locales())
def test_every_sentence_has_its_line_with_all_values_filled_in(sheets: ModuleType, code: str) -> None:
    language = phrases.load(code)
    made = list(sheets.entries(language))
    spoken = {table: texts for table, texts in language.tables.items() if table not in sheets.UNSPOKEN}
    assert len(made) == sum(map(len, spoken.values()))
    made += sheets.skill_entries(language)
    assert not [entry for entry in made if "{" in entry.example]
    assert sheets.sheet(code).count("\n| ☐ |") == len(made)


def test_a_language_is_spoken_beside_its_words(
    sheets: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pytest.importorskip("espeakng_loader")
    some = [entry for entry in sheets.entries(phrases.load("de")) if entry.table in ("aim", "notice")]
    monkeypatch.setattr(sheets, "entries", lambda language: some)
    monkeypatch.setattr(sheets, "skill_entries", lambda language: [])
    page = sheets.speak("de", tmp_path / "new").read_text("utf-8")
    sounds = sorted((tmp_path / "new").glob("*.wav"))
    assert [sound.stem for sound in sounds] == sorted(f"aim-{entry.key}" for entry in some if entry.table == "aim")
    assert all(loudness(from_wav(sound.read_bytes())) > 300 for sound in sounds)
    assert page.count("<audio") == len(sounds)
    assert page.count('type="checkbox"') == len(some)


def test_an_unknown_language_is_named(sheets: ModuleType, capsys: pytest.CaptureFixture[str]) -> None:
    assert sheets.main(["--speak", "xx"]) == 2
    assert "no language 'xx'; there are: ar, de" in capsys.readouterr().err
