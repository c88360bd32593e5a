"""Settings: every mistake at once, hostile files refused, and printed settings read back as they were."""

import dataclasses
import os
import re
import time
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from assistant.config import settings_file
from assistant.config.settings import ControlSettings, Settings, VoiceSettings, setting_choices
from assistant.config.settings_file import load_settings, override_settings, parse_settings, to_toml
from assistant.errors import ConfigError
from assistant.phrases import known_locales
from assistant.records import EXPRESSIONS


def mistakes(text: str) -> list[str]:
    """The mistakes in a text, without the numbers of the lines."""
    with pytest.raises(ConfigError) as caught:
        parse_settings(text, "my.toml")
    lines = str(caught.value).splitlines()
    assert all(line.startswith("my.toml: ") for line in lines)
    return [re.sub(r"^line \d+: ", "", line.removeprefix("my.toml: ")) for line in lines]


def test_nothing_set_is_the_defaults() -> None:
    assert parse_settings("") == Settings() == load_settings()


def test_all_mistakes_are_reported_at_once_each_with_the_allowed_values() -> None:
    text = """
    [camera]
    fpss = 10
    fps = 99
    width = 640.5
    rotate = 45
    [announcements]
    expressions = ["happy", "furious"]
    verbosity = "loud"
    [vioce]
    [voice]
    device = 3
    volume = true
    [decisions]
    exit_threshold = 0.9
    """
    assert sorted(mistakes(text)) == sorted(
        [
            "unknown setting camera.fpss; did you mean camera.fps?",
            "camera.fps is 99; allowed: a number from 1 to 30",
            "camera.width is 640.5; allowed: a whole number from 160 to 1920",
            f"announcements.expressions is ['happy', 'furious']; allowed: a list of {', '.join(EXPRESSIONS[:7])}",
            "announcements.verbosity is 'loud'; allowed: quiet, smiles, brief, normal, full",
            "unknown setting vioce; did you mean voice?",
            "voice.device is 3; allowed: a text in quotes",
            "voice.volume is True; allowed: a whole number from 10 to 100",
            "decisions.exit_threshold is 0.9; it must not exceed decisions.enter_threshold",
            "camera.rotate is 45; allowed: 0, 90, 180, 270",
        ]
    )


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("camera = 3", "camera is 3; it must be a table"),
        ("[camera]\nfps = nan", "allowed: a number"),
        ("[camera]\nfps = inf", "allowed: a number"),
        ('[camera]\nsource = "a\\u0007"', "allowed: a text"),
        ("[camera", "not valid TOML"),
        ("x = " + "[" * 5000, "not valid TOML"),
        ("x = " + "9" * 5000, "not valid TOML"),
        (
            "[controls]\nbuttons = 17",
            "buttons is 17; allowed: a list of at most 4 different whole numbers from 0 to 27",
        ),
        ("[controls]\nbuttons = [28]", "buttons is [28]; allowed: a list of at most 4"),
        ("[controls]\nbuttons = [-1]", "buttons is [-1]; allowed"),
        ("[controls]\nbuttons = [17, 17]", "buttons is [17, 17]; allowed"),
        ("[controls]\nbuttons = [1, 2, 3, 4, 5]", "allowed: a list of at most 4"),
        ('[things]\nfavourites = ["cup", "cup"]', "allowed: a list of at most 8 different names"),
        ('[things]\nfavourites = ["cup", " "]', "allowed: a list of at most 8 different names"),
        ("[controls]\nbuttons = [true]", "buttons is [True]; allowed"),
        ("[controls]\nbuttons = [17.0]", "buttons is [17.0]; allowed"),
        ("[controls]\nbuttons = [[1]]", "buttons is [[1]]; allowed"),
        ('[controls]\nbuttons = ["17"]', "allowed: a list of at most 4"),
        ("[controls]\nkeys = true", "controls.keys is True; allowed: a text in quotes"),
        ("[controls]\nbutton = [17]", "did you mean controls.buttons?"),
        (
            "quite_unlike_anything = 1",
            "known: camera, detector, model, decisions, announcements, voice, haptics, controls",
        ),
    ],
)
def test_malformed_settings_are_one_line(text: str, expected: str) -> None:
    (line,) = mistakes(text)
    assert expected in line


def test_the_controls() -> None:
    made = parse_settings('[controls]\nbuttons = [17, 27, 22]\nkeys = "OpenRun Pro"\nshutdown_command = ""')
    assert made.controls == ControlSettings((17, 27, 22), "OpenRun Pro", "")
    assert parse_settings("[controls]\nbuttons = []").controls.buttons == ()
    assert "buttons = [17, 27, 22]" in to_toml(made)


DOTS = "a" + ".a" * 19000


@pytest.mark.parametrize(
    "text",
    [
        f"{DOTS} = 1",
        f'"=".{DOTS} = 1',
        f'"#".{DOTS} = 1',
        f"'\"'.{DOTS} = '1'",
        f"x = {{{DOTS} = 1}}",
        f'x = {{"\u2028".{DOTS} = "1"}}',
        f'x = """\n"""\n[y]\n"""  ",{DOTS} = "1"',
        '"' + '\\"' * 30000,
        "[camera]\n" + "".join(f"k{number} = 1\n" for number in range(8000)),
        "".join(f"[k{number}]\n" for number in range(8000)),
        "[camera]\n" + "f" * 60000 + " = 1",
        "[camera]\nfps = [" + "1," * 30000 + "]",
    ],
    ids=range(12),
)
def test_a_hostile_file_takes_little_time_and_few_lines_of_mistakes(text: str) -> None:
    began = time.process_time()
    lines = mistakes(text)
    assert time.process_time() - began < 1
    assert len(lines) <= settings_file.MAX_MISTAKES + 1
    assert max(map(len, lines)) < 600


def test_beyond_twenty_mistakes_they_are_counted() -> None:
    text = "[camera]\n" + "".join(f"k{number} = 1\n" for number in range(25))
    lines = mistakes(text)
    assert lines[19].startswith("unknown setting camera.k19; ")
    assert lines[20:] == ["and 5 more mistakes"]
    assert len(mistakes("[camera]\n" + "".join(f"k{number} = 1\n" for number in range(20)))) == 20


def test_dots_in_texts_and_comments_are_allowed() -> None:
    made = parse_settings(
        '# 1. 2. 3. 4. 5. 6. 7. 8. 9. 10.\n[camera]\nsource = "http://a.b.c.d.e.f.g.h.i.j/k.l" # ......... "'
    )
    assert made.camera.source == "http://a.b.c.d.e.f.g.h.i.j/k.l"
    assert parse_settings('[voice]\nname = \'it is """ a.b.c.d.e.f.g.h.i.j\'').voice.name.startswith("it is")


def test_a_number_too_long_to_print_is_a_mistake_like_others() -> None:
    (line,) = mistakes("[camera]\nwidth = 0x" + "f" * 5000)
    assert line.startswith("camera.width is a huge int; allowed: a whole number")


def test_files_that_are_no_settings_are_refused(tmp_path: Path) -> None:
    big, latin, fifo = tmp_path / "big.toml", tmp_path / "latin.toml", tmp_path / "fifo.toml"
    big.write_text("#" * (settings_file.MAX_BYTES + 1))
    latin.write_bytes(b"# caf\xe9")
    os.mkfifo(fifo)
    for path, expected in (
        (big, "larger than 64 KiB"),
        (latin, "line 1: a byte that is not UTF-8"),
        (fifo, "not a regular file"),
        (tmp_path / "none.toml", "No such file"),
        (tmp_path, "Is a directory|not a regular file"),
    ):
        with pytest.raises(ConfigError, match=expected) as caught:
            load_settings(path)
        assert str(path) in str(caught.value)


def test_a_mistake_in_a_file_names_the_file_and_the_largest_file_is_read(tmp_path: Path) -> None:
    path = tmp_path / "my.toml"
    path.write_text("[camera]\nfps = 99\n")
    with pytest.raises(ConfigError) as caught:
        load_settings(path)
    assert str(caught.value) == f"{path}: line 2: camera.fps is 99; allowed: a number from 1 to 30"
    path.write_text("[camera]\nfps = 9\n".ljust(settings_file.MAX_BYTES))
    assert load_settings(path).camera.fps == 9


def test_a_name_that_is_far_off_is_still_understood() -> None:
    assert mistakes("[vc]") == ["unknown setting vc; did you mean voice?"]


def test_options_replace_settings_and_may_not_be_wrong_either() -> None:
    before = parse_settings("[camera]\nfps = 5\n[voice]\nvolume = 50\n")
    after = override_settings(before, {"camera": {"width": 320, "driver": "folder"}, "voice": {"rate_wpm": 200}})
    assert (after.camera.width, after.camera.driver, after.camera.fps) == (320, "folder", 5)
    assert (after.voice.rate_wpm, after.voice.volume) == (200, 50)
    assert override_settings(before, {}) == before
    with pytest.raises(ConfigError) as caught:
        override_settings(before, {"camera": {"fps": 99, "width": 320}, "voice": {"volume": 5}})
    assert str(caught.value).splitlines() == [
        "camera.fps is 99; allowed: a number from 1 to 30",
        "voice.volume is 5; allowed: a whole number from 10 to 100",
    ]


def test_the_choices_of_a_setting_are_those_that_it_takes() -> None:
    assert setting_choices("announcements", "verbosity") == ("quiet", "smiles", "brief", "normal", "full")
    for driver in setting_choices("camera", "driver"):
        assert parse_settings(f'[camera]\ndriver = "{driver}"').camera.driver == driver


def test_the_system_file_is_read_where_it_is_there(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(settings_file, "SYSTEM_FILE", tmp_path / "config.toml")
    (tmp_path / "config.toml").write_text("[voice]\nrate_wpm = 300\n")
    assert load_settings().voice.rate_wpm == 300


def test_what_the_boot_file_sets_comes_first_and_the_rest_stays(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    system, boot = tmp_path / "config.toml", tmp_path / "boot.toml"
    monkeypatch.setattr(settings_file, "SYSTEM_FILE", system)
    monkeypatch.setattr(settings_file, "BOOT_FILE", boot)
    boot.write_bytes(b"\xef\xbb\xbf[voice]\r\nvolume = 40\r\n")  # as an editor on Windows writes it
    assert load_settings().voice == VoiceSettings(volume=40)
    system.write_text('[voice]\nvolume = 70\nrate_wpm = 300\n[announcements]\nlocale = "de"\n')
    made = load_settings()
    assert (made.voice.volume, made.voice.rate_wpm, made.announcements.locale) == (40, 300, "de")
    boot.write_text("\n[voice]\nvolume = 40\nrate_wpm = 9000\n")
    with pytest.raises(ConfigError, match=r"boot\.toml: line 4: voice\.rate_wpm is 9000") as caught:
        load_settings()
    assert caught.value.lines == (4,)


@pytest.mark.parametrize(
    ("text", "lines"),
    [
        ("[voice]\nvolume = 5000\n\n[camera]\nfpss = 3\nrotate = 45\n", (2, 5, 6)),
        ("[voice]\nvolume = \n", (2,)),
        ("# one\n[voice\n", (2,)),
        ('[announcements]\nlocale = "en', (2,)),
        ("[voice]\n[vioce]\n", (2,)),
        ("camera = 3\n", (1,)),
        ("voice.volume = 5000\n", (1,)),
        ("a.b.c.d.e.f.g.h.i.j = 1", (1,)),
        ("[voice]\nvolume = 50\nvolume = 60\n", (3,)),
    ],
)
def test_a_mistake_is_reported_with_its_line(text: str, lines: tuple[int, ...]) -> None:
    with pytest.raises(ConfigError) as caught:
        parse_settings(text)
    assert caught.value.lines == lines
    assert all(re.search(r"line \d", line) for line in str(caught.value).splitlines())


def _values(item: dataclasses.Field) -> st.SearchStrategy:
    low, high, choices = item.metadata["low"], item.metadata["high"], item.metadata["choices"]
    if item.metadata["most"]:
        return st.lists(st.integers(low, high), unique=True, max_size=item.metadata["most"]).map(tuple)
    if item.metadata["texts"]:
        name = st.text(st.characters(exclude_categories=["C", "Z"]), min_size=1, max_size=40)
        return st.lists(name, unique=True, max_size=item.metadata["texts"]).map(tuple)
    if isinstance(item.default, tuple):
        return st.lists(st.sampled_from(choices), unique=True).map(tuple)
    if choices:
        return st.sampled_from(choices)
    if isinstance(item.default, bool):
        return st.booleans()
    if item.name == "locale":
        return st.sampled_from(known_locales())
    if isinstance(item.default, str):
        return st.text(st.characters(exclude_categories=["C", "Z"], exclude_characters="\ufffd"), max_size=20)
    return st.integers(low, high) if isinstance(item.default, int) else st.floats(low, high)


@settings(max_examples=60, deadline=None)
@given(st.data())
def test_what_is_printed_reads_back_the_same(data: st.DataObject) -> None:
    sections = {}
    for section in dataclasses.fields(Settings):
        form = section.default_factory
        sections[section.name] = form(**{item.name: data.draw(_values(item)) for item in dataclasses.fields(form)})
    made = Settings(**sections)
    led = tuple(pin for pin in made.camera.led if pin not in made.controls.buttons)
    turned = dataclasses.replace(made.camera, rotate=made.camera.rotate // 90 * 90, led=led)
    max_gap_s = max(made.decisions.max_gap_s, 2.1 / made.camera.fps)
    calm = dataclasses.replace(
        made.decisions,
        exit_threshold=min(made.decisions.exit_threshold, made.decisions.enter_threshold),
        max_gap_s=max_gap_s,
    )
    made = dataclasses.replace(made, camera=turned, decisions=calm)
    assert parse_settings(to_toml(made)) == made


@settings(max_examples=200, deadline=None)
@given(st.text(max_size=200))
def test_any_text_gives_settings_or_a_config_error(text: str) -> None:
    try:
        made = parse_settings(text)
    except ConfigError:
        return
    assert parse_settings(to_toml(made)) == made


def test_every_setting_has_a_sentence_and_its_limits() -> None:
    printed = to_toml(Settings())
    for section in dataclasses.fields(Settings):
        for item in dataclasses.fields(section.default_factory):
            assert item.metadata["doc"] in printed
    assert "(1 to 30)" in printed
    assert "brief | normal | full" in printed


@pytest.mark.parametrize(("text", "line", "told"), [
    ('[announcements]\nlocale = "DE"\nverbosity = "brief"\n', 2, "did you mean de?"),
    ('[camera]\nfps = 99\n[announcements]\nverbosity = "brief"\n', 2, "camera.fps is 99"),
    ('# caf\ufffd\n[announcements]\nverbosity = "brief"\n', 1, "a byte that is not UTF-8"),
    ("[decisions]\nexit_threshold = 0.9\n[announcements]\nverbosity = 'brief'\n", 2, "must not exceed"),
    ("[camera]\nrotate = 45\n[announcements]\nverbosity = 'brief'\n", 2, "allowed: 0, 90, 180, 270"),
])  # fmt: skip
def test_a_wrong_value_alone_is_replaced_and_told_with_its_line(text: str, line: int, told: str) -> None:
    with pytest.raises(ConfigError, match=re.escape(told)) as caught:
        parse_settings(text)
    assert caught.value.lines == (line,)
    usable = caught.value.usable
    assert isinstance(usable, Settings)
    assert usable.announcements.verbosity == "brief"
    assert (
        dataclasses.replace(usable, announcements=dataclasses.replace(usable.announcements, verbosity="normal"))
        == Settings()
    )
    assert parse_settings(to_toml(usable)) == usable


def test_a_file_that_is_not_utf8_is_used_but_for_its_wrong_bytes(tmp_path: Path) -> None:
    file = tmp_path / "latin.toml"
    file.write_bytes(b'# caf\xe9\n[announcements]\nlocale = "de"\n')
    with pytest.raises(ConfigError) as caught:
        load_settings(file)
    assert caught.value.lines == (1,)
    assert isinstance(caught.value.usable, Settings)
    assert caught.value.usable.announcements.locale == "de"


@pytest.mark.parametrize("fps", [1.27, 3.3, 6, 1.0000000001])
def test_the_gap_that_the_message_asks_for_is_allowed(fps: float) -> None:
    with pytest.raises(ConfigError) as caught:
        parse_settings(f"[camera]\nfps = {fps}\n[decisions]\nmax_gap_s = 0.3\n")
    asked = str(caught.value).rpartition(" ")[2]
    assert parse_settings(f"[camera]\nfps = {fps}\n[decisions]\nmax_gap_s = {asked}\n").decisions.max_gap_s >= 0.3
    assert isinstance(caught.value.usable, Settings)
    assert parse_settings(to_toml(caught.value.usable)) == caught.value.usable


WRONG_VALUES = st.one_of(
    st.integers(-10, 4000).map(str),
    st.floats(0, 40).map(repr),
    st.sampled_from(
        ["nan", "inf", "true", "45", "'caf\ufffd'", "['caf\ufffd']", "'xx'", "'DE'", "[]", "[17]", "[17, 17]", "{}"]
    ),
)
PAIRS = [(section.name, item.name) for section in dataclasses.fields(Settings)
         for item in dataclasses.fields(getattr(Settings(), section.name))]  # fmt: skip


@settings(max_examples=300, deadline=None)
@given(
    st.dictionaries(st.sampled_from(PAIRS), WRONG_VALUES, max_size=8),
    st.fixed_dictionaries({}, optional={
        ("camera", "fps"): st.floats(1, 30).map(repr),
        ("camera", "rotate"): st.sampled_from(["45", "90"]),
        ("camera", "led"): st.sampled_from(["[17]", "[27]"]),
        ("controls", "buttons"): st.sampled_from(["[17]", "[27, 17]"]),
        ("decisions", "enter_threshold"): st.floats(0.3, 0.99).map(repr),
        ("decisions", "exit_threshold"): st.floats(0.1, 0.99).map(repr),
        ("decisions", "max_gap_s"): st.floats(0.3, 3).map(repr),
    }),
)  # fmt: skip
def test_what_is_left_of_wrong_settings_can_be_printed_and_read_back(
    wrong: dict[tuple[str, str], str], conflicting: dict[tuple[str, str], str]
) -> None:
    values = wrong | conflicting
    text = "".join(
        f"[{section}]\n" + "".join(f"{key} = {value}\n" for (part, key), value in values.items() if part == section)
        for section in sorted({section for section, _ in values})
    )
    left: object
    try:
        left = parse_settings(text)
    except ConfigError as err:
        left = err.usable
    assert isinstance(left, Settings)
    assert parse_settings(to_toml(left)) == left


LOCALES = ", ".join(known_locales())
INCONSISTENT = [
    (
        "[decisions]\nenter_threshold = 0.5\nexit_threshold = 0.9\n",
        "line 3: decisions.exit_threshold is 0.9; it must not exceed decisions.enter_threshold",
        {"decisions": {"enter_threshold": 0.6, "exit_threshold": 0.3}},
    ),
    (
        "[camera]\nfps = 1.0\n[decisions]\nmax_gap_s = 0.5\n",
        "line 4: decisions.max_gap_s is 0.5; at camera.fps 1 at least 2",
        {"camera": {"fps": 1.0}, "decisions": {"max_gap_s": 2.0}},
    ),
    (
        "[camera]\nrotate = 45\n",
        "line 2: camera.rotate is 45; allowed: 0, 90, 180, 270",
        {"camera": {"rotate": 180}},
    ),
    (
        "[camera]\nled = [17]\n[controls]\nbuttons = [17]\n",
        "line 2: camera.led is 17; that is the pin of a button (controls.buttons)",
        {"camera": {"led": ()}, "controls": {"buttons": (17,)}},
    ),
    (
        '[announcements]\nlocale = "DE"\n',
        f"line 2: announcements.locale is 'DE'; allowed: {LOCALES}; did you mean de?",
        {"announcements": {"locale": "fr"}},
    ),
    (
        '[announcements]\nlocale = "xyz"\n',
        f"line 2: announcements.locale is 'xyz'; allowed: {LOCALES}",
        {"announcements": {"locale": "fr"}},
    ),
]
"""Texts whose values do not go together, what is told of them, and the values that are used with BASE."""
BASE = override_settings(Settings(), {
    "decisions": {"enter_threshold": 0.6, "exit_threshold": 0.3},
    "camera": {"rotate": 180},
    "announcements": {"locale": "fr"},
})  # fmt: skip


@pytest.mark.parametrize(("text", "told", "used"), INCONSISTENT)
def test_values_that_do_not_go_together_are_those_of_the_base(
    text: str, told: str, used: dict[str, dict[str, object]]
) -> None:
    with pytest.raises(ConfigError) as caught:
        parse_settings(text, "my.toml", BASE)
    assert str(caught.value) == f"my.toml: {told}"
    assert caught.value.usable == override_settings(BASE, used)


@pytest.mark.parametrize("text", [
    "[decisions]\nenter_threshold = 0.5\nexit_threshold = 0.5\n",
    "[camera]\nfps = 2.0\n[decisions]\nmax_gap_s = 1.0\n",
    "[camera]\nrotate = 270\nled = [4]\n[controls]\nbuttons = [17]\n",
])  # fmt: skip
def test_values_at_their_limits_go_together(text: str) -> None:
    assert parse_settings(text) != Settings()
