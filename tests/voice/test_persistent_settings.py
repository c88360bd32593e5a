"""Rate and volume that the wearer has set outlast a restart; a file of them that was cut off counts as none."""

from pathlib import Path

from assistant.voice.persistent_settings import PersistentSettings


def test_a_file_cut_at_any_byte_leaves_what_is_configured(tmp_path: Path) -> None:
    file = tmp_path / "voice.json"
    PersistentSettings(160, 100, file).update(rate_wpm=200, volume=70)
    whole = file.read_bytes()
    for length in range(len(whole)):
        file.write_bytes(whole[:length])
        held = PersistentSettings(160, 100, file)
        assert (held.rate_wpm, held.volume) == (160, 100), length
    for content in (b"null", b"[]", b"5", b"[" * 2000, b"\xff"):
        file.write_bytes(content)
        held = PersistentSettings(160, 100, file)
        assert (held.rate_wpm, held.volume) == (160, 100), content
    file.write_bytes(whole)
    held = PersistentSettings(160, 100, file)
    assert (held.rate_wpm, held.volume) == (200, 70)


def test_what_was_chosen_in_the_guide_outlasts_other_edits_of_the_settings(tmp_path: Path) -> None:
    file = tmp_path / "voice.json"
    PersistentSettings(160, 100, file, verbosity="normal").update(verbosity="smiles", is_guide_known=True, volume=60)
    held = PersistentSettings(180, 100, file, verbosity="normal")
    assert (held.volume, held.verbosity, held.is_guide_known) == (100, "smiles", True)
    held = PersistentSettings(160, 100, file, verbosity="full")
    assert (held.volume, held.verbosity, held.is_guide_known) == (60, "", True), "the settings were edited since"


def test_a_file_of_an_older_version_and_a_foreign_one_choose_nothing(tmp_path: Path) -> None:
    file = tmp_path / "voice.json"
    for more in ("", ', "verbosity": "loud", "verbosity_set": "normal"', ', "verbosity": [], "guide_known": 1'):
        file.write_text(f'{{"rate_wpm": 200, "volume": 70, "set": [160, 100]{more}}}')
        held = PersistentSettings(160, 100, file, verbosity="normal")
        assert (held.rate_wpm, held.volume, held.verbosity, held.is_guide_known) == (200, 70, "", False)
