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
