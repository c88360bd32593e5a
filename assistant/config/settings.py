"""Everything that can be set: one frozen dataclass for each section of the settings file.

Each field has its default, what is allowed, and the sentence that `emotion-assistant config` prints beside it.
"""

import dataclasses
from dataclasses import field

from assistant.config.schema import setting
from assistant.dataclass import dataclass
from assistant.records import EXPRESSIONS

OWN_FOLDER = "/usr/local/share/emotion-assistant"
"""The folder for the user's own model files: the service can read it, and cannot read /home."""

GPIO = "gpio"
"""The prefix of a device name that stands for a GPIO pin, e.g. gpio:18."""


@dataclass(frozen=True)
class CameraSettings:
    """Where pictures come from."""

    driver: str = setting("auto", "auto: picamera2 where it is installed, else opencv",
                       choices=("auto", "picamera2", "opencv", "folder", "demo"))  # fmt: skip
    source: str = setting("", "opencv: device number, /dev/video… or a clip; folder: its path; empty: the first camera")
    width: int = setting(640, "asked of the camera, pixels", low=160, high=1920)
    height: int = setting(480, "asked of the camera, pixels", low=120, high=1080)
    fps: float = setting(10.0, "frames a second; more costs power and finds nothing new", low=1, high=30)
    picture_s: float = setting(2.0, "folder: how long each picture is shown, seconds", low=0.03, high=60)
    fov_deg: float = setting(
        62.0, "what the camera sees along a picture's longer side, degrees; 66: Camera Module 3, 102: its wide one",
        low=30, high=150
    )  # fmt: skip
    rotate: int = setting(
        0, "turns the picture if the box is worn on its side, degrees: 0, 90, 180 or 270", low=0, high=270
    )
    led: tuple[int, ...] = setting((), "a light for bystanders, lit while the camera is open: the pin (BCM number) of "
                                "a LED with its resistor to ground", low=0, high=27, most=1)  # fmt: skip


@dataclass(frozen=True)
class DetectorSettings:
    """How faces are found."""

    driver: str = setting("tflite", "tflite: our network; haar: OpenCV's, upright faces; yunet: its file in `model`",
                       choices=("tflite", "haar", "yunet"))  # fmt: skip
    model: str = setting("", "path of the detector's model file; empty: the shipped one (tflite)")
    long_side: int = setting(320, "search at this size, pixels; more sees farther, 160 is fast; yunet: always 320",
                          low=160, high=1280)  # fmt: skip
    min_face_px: int = setting(20, "smallest face, pixels of the shrunk picture", low=16, high=240)
    score_threshold: float = setting(0.0, "smallest score of a face; 0: what suits the detector", low=0.0, high=0.99)
    threads: int = setting(1, "tflite: processor threads of the network", low=1, high=8)
    max_faces: int = setting(4, "that many faces are looked at, the nearest first", low=1, high=16)


@dataclass(frozen=True)
class ModelSettings:
    """What reads a face."""

    file: str = setting(
        "emotion-cnn-int8", "a shipped model's name, or the path of a .tflite file with its card beside it"
    )
    threads: int = setting(1, "processor threads of the model; more than 1 only for large networks", low=1, high=8)


@dataclass(frozen=True)
class DecisionSettings:
    """When a face has changed enough to be worth a word."""

    window_s: float = setting(0.95, "readings of the last so many seconds are averaged", low=0.3, high=5)
    min_readings: int = setting(4, "no verdict from fewer readings", low=2, high=60)
    enter_threshold: float = setting(
        0.45, "mean probability from which a new expression counts; the model's card may ask more", low=0.3, high=0.99
    )
    exit_threshold: float = setting(0.4, "it holds until the mean falls below this", low=0.1, high=0.99)
    dwell_s: float = setting(
        1.5, "`cannot tell` and `nobody` must last so long before they count, seconds", low=0.2, high=30
    )
    max_gap_s: float = setting(
        1.0, "after so long without a reading what was seen before is forgotten", low=0.3, high=30
    )


@dataclass(frozen=True)
class AnnouncementSettings:
    """What is said."""

    locale: str = setting("en", "language of the sentences by its code, e.g. en or de: a file of assistant/locales")
    wording: str = setting("emotion", "emotion: \"looks happy\"; movement: \"smiling\", what a face does and no more",
                        choices=("emotion", "movement"))  # fmt: skip
    verbosity: str = setting("normal", "quiet: only answers and faults; smiles: when a smile begins and ends; brief: "
                          "expressions and their ends; normal: also who comes and goes; full: also where and why not",
                          choices=("quiet", "smiles", "brief", "normal", "full"))  # fmt: skip
    expressions: tuple[str, ...] = setting(("happy", "surprise", "neutral", "angry", "sad"),
                                        "expressions that are said unasked; fear is too rare to be measured, and of "
                                        "disgust no shipped model is ever sure enough",
                                        choices=EXPRESSIONS[:7])  # fmt: skip
    busy_sounds: bool = setting(True, "where a minute's four sentences do not suffice: a short sound for the end of "
                            "an expression, a person who comes, and a smile; `repeat` says it in words")  # fmt: skip
    attention: str = setting("off", "when somebody near turns to you or away: off; sound: a sound for each; word: "
                          "\"Facing you.\" and \"Turned away.\"", choices=("off", "sound", "word"))  # fmt: skip
    still_here: bool = setting(True, "a soft sound after ten minutes of silence: silence means nothing to say")


@dataclass(frozen=True)
class VoiceSettings:
    """How it is said."""

    engine: str = setting("auto", "auto: espeak on Linux, pyttsx3 on macOS and Windows; piper: a voice in `model`; "
                       "speechd: the desktop's speech-dispatcher; printed: words on the terminal",
                       choices=("auto", "espeak", "pyttsx3", "piper", "speechd", "printed"))  # fmt: skip
    model: str = setting("", "piper: path of the voice's .onnx file, with its .onnx.json beside it")
    device: str = setting(
        "auto",
        "sound card by name (see `aplay -l`), not by number, which changes; auto: a Bluetooth or USB headset or a HAT "
        "if there is one, else the system's default; empty: the system's default",
    )
    rate_wpm: int = setting(175, "words a minute", low=80, high=450)
    volume: int = setting(100, "percent; ten percent are 3 dB", low=10, high=100)
    name: str = setting("", "espeak-ng voice, e.g. en-gb; empty: that of the language")
    lead_in_ms: int = setting(0, "silence before the first word, for headsets that swallow it", low=0, high=1000)
    channels: str = setting("auto", "mono: a headset with one channel, on which `aim` says the side in words; auto: as "
                         "the sound card is",
                         choices=("auto", "mono", "stereo"))  # fmt: skip
    changes: str = setting("words", "how a change of expression is told; `emotion-assistant sounds` explains them",
                        choices=("words", "sounds", "both"))  # fmt: skip


@dataclass(frozen=True)
class HapticsSettings:
    """Vibrations beside the words; `emotion-assistant sounds` explains them."""

    device: str = setting("", "the device that vibrates: gpio:18, a motor with its driver at that pin (BCM number); or "
                       "a second sound card by name, with bone conduction pads or a shaker; empty: none")  # fmt: skip
    events: tuple[str, ...] = setting(("smile", "attention", "fault"), "which events are felt as a vibration",
                                   choices=("smile", "attention", "fault"))  # fmt: skip

    @property
    def pin(self) -> int | None:
        """The pin of the motor; None where `device` names none."""
        kind, _, number = self.device.partition(":")
        return int(number) if kind == GPIO and number.isascii() and number.isdecimal() and len(number) < 4 else None


@dataclass(frozen=True)
class ControlSettings:
    """What the wearer presses; `emotion-assistant ask`, `mute` and so on always work."""

    buttons: tuple[int, ...] = setting((), "push buttons to ground: their pins by BCM number, the first one first",
                                    low=0, high=27, most=4)  # fmt: skip
    keys: str = setting("auto", "media keys; auto: of every headset and keyboard; off; or a device's name: of it "
                     "alone, and nobody else hears them")  # fmt: skip
    shutdown_command: str = setting(
        "auto",
        "run when the wearer shuts the box down; auto: as it is installed, else systemctl poweroff; empty: never",
    )


@dataclass(frozen=True)
class PowerSettings:
    """How much work the box does."""

    profile: str = setting("pi4", "chooses camera.fps, model.file and model.threads for a board, where they are not "
                        "set here; `emotion-assistant doctor` proposes one",
                        choices=("zero2w", "pi3", "pi4", "pi5", "desktop"))  # fmt: skip
    cpu_share: float = setting(0.0, "CPU time of vision, as a share of one core: beyond it fewer frames are processed, "
                            "but never fewer than five a second while something changes; 0: no limit",
                            low=0, high=4)  # fmt: skip


@dataclass(frozen=True)
class ListenSettings:
    """Whether unasked words wait for a gap in talk."""

    enabled: bool = setting(False, "what nobody asked for waits for a gap in talk, two seconds at most; needs a "
                            "microphone, of which nothing is kept, and `install.sh --listen`")  # fmt: skip
    device: str = setting(
        "auto",
        "microphone by its card's name (see `arecord -l`); auto: that of a USB headset or a HAT if there is one, else "
        "the system's default; empty: the system's default",
    )


@dataclass(frozen=True)
class FriendsSettings:
    """People whom the wearer has taught, with their consent, are named."""

    enabled: bool = setting(False, "names friends who agreed to it; everybody else stays \"one person\"; needs "
                            "`install.sh --friends`")  # fmt: skip
    model: str = setting("", "path of the face recognizer's .onnx file; empty: the one that install.sh has fetched")


@dataclass(frozen=True)
class ThingsSettings:
    """What is in front, and where a thing is, when the wearer asks."""

    enabled: bool = setting(False, "answers `what` and `find`; needs `install.sh --things`")
    model: str = setting("", "path of the object detector's file; empty: the one that install.sh has fetched")
    favourites: tuple[str, ...] = setting(("cup", "chair", "cell phone", "bottle"),
                                          "at most eight things to find, which the keys step through: their names in "
                                          "your language or in English", texts=8)  # fmt: skip


@dataclass(frozen=True)
class DescribeSettings:
    """People, things and light in two sentences, when the wearer asks."""

    enabled: bool = setting(False, "answers `describe`; it tells of things where they are switched on")
    command: str = setting("", "a program of yours that describes a picture, with its arguments: JSON in and out, see "
                           "docs/change-it.md; what it says is announced as a guess; empty: none")  # fmt: skip
    command_s: float = setting(30.0, "that program is ended after so many seconds", low=1, high=50)


@dataclass(frozen=True)
class ReadSettings:
    """Text before the camera, read aloud when the wearer asks."""

    enabled: bool = setting(False, "answers `read`; needs `install.sh --read`")
    engine: str = setting("auto", "auto: rapidocr where it is installed, knows the language and has 2 GB of memory, "
                       "else tesseract",
                       choices=("auto", "tesseract", "rapidocr"))  # fmt: skip
    languages: tuple[str, ...] = setting((), "languages of the text beside the sentences' own, e.g. [\"en\"]; each "
                                      "takes time",
                                      choices=("ar", "de", "en", "es", "fr", "hi", "it", "pt"))  # fmt: skip


@dataclass(frozen=True)
class Settings:
    """All settings; one TOML table for each field."""

    camera: CameraSettings = field(default_factory=CameraSettings)
    detector: DetectorSettings = field(default_factory=DetectorSettings)
    model: ModelSettings = field(default_factory=ModelSettings)
    decisions: DecisionSettings = field(default_factory=DecisionSettings)
    announcements: AnnouncementSettings = field(default_factory=AnnouncementSettings)
    voice: VoiceSettings = field(default_factory=VoiceSettings)
    haptics: HapticsSettings = field(default_factory=HapticsSettings)
    controls: ControlSettings = field(default_factory=ControlSettings)
    listen: ListenSettings = field(default_factory=ListenSettings)
    friends: FriendsSettings = field(default_factory=FriendsSettings)
    things: ThingsSettings = field(default_factory=ThingsSettings)
    describe: DescribeSettings = field(default_factory=DescribeSettings)
    read: ReadSettings = field(default_factory=ReadSettings)
    power: PowerSettings = field(default_factory=PowerSettings)


def setting_choices(section: str, key: str) -> tuple[str, ...]:
    """What a setting may be, e.g. setting_choices("camera", "driver")."""
    (item,) = (item for item in dataclasses.fields(getattr(Settings(), section)) if item.name == key)
    return tuple(item.metadata["choices"])
