"""A stand-in for the package piper-tts (1.8) without a voice file: the names, arguments and fields that the assistant
uses, with tones instead of speech. It tests how piper is called, not how it sounds; with
EMOTION_PIPER_VOICE=/path/of/a/voice.onnx the contract test of all voices uses the real package instead."""

import array
import json
import math
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path


@dataclass
class SynthesisConfig:
    speaker_id: int | None = None
    length_scale: float | None = None
    noise_scale: float | None = None
    noise_w_scale: float | None = None
    normalize_audio: bool = True
    volume: float = 1.0


@dataclass
class PiperConfig:
    sample_rate: int
    length_scale: float


@dataclass
class AudioChunk:
    sample_rate: int
    sample_width: int
    sample_channels: int
    audio_int16_bytes: bytes


@dataclass
class PiperVoice:
    config: PiperConfig

    @staticmethod
    def load(model_path: str | Path, config_path: str | Path | None = None, use_cuda: bool = False) -> "PiperVoice":
        if Path(model_path).read_bytes() != b"voice":
            raise RuntimeError("the model cannot be read")
        content = json.loads(Path(config_path or f"{model_path}.json").read_text("utf-8"))
        return PiperVoice(PiperConfig(content["audio"]["sample_rate"], content["inference"]["length_scale"]))

    def synthesize(self, text: str, syn_config: SynthesisConfig | None = None) -> Iterable[AudioChunk]:
        print("chatter of a library on standard output")
        scale = (syn_config and syn_config.length_scale) or self.config.length_scale
        for sentence in filter(str.strip, text.split(".")):
            seconds = len(sentence.split()) * 60 / 175 * (0.24 + 0.76 * scale)
            pitch = 200 + sum(sentence.encode()) % 200
            samples = (
                round(6000 * math.sin(2 * math.pi * pitch * n / self.config.sample_rate))
                for n in range(round(seconds * self.config.sample_rate))
            )
            yield AudioChunk(self.config.sample_rate, 2, 1, array.array("h", samples).tobytes())
