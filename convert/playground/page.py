"""The page of the playground: its parts, and which answer goes where. The one module that is made of Gradio."""

from collections.abc import Callable, Iterator
from html import escape
from pathlib import Path
from typing import Any

import gradio
import numpy as np
from numpy.typing import NDArray

from assistant import __version__
from assistant.errors import AssistantError
from convert.playground import choices, markup, offline
from convert.playground.choices import Choice
from convert.playground.live import LiveSession
from convert.playground.offer import Offer
from convert.playground.responses import DEMO, PHOTOGRAPH, PHOTOGRAPHS, Responses, status

MAX_UPLOAD = "2gb"
"""Larger files are refused by the server: a clip of an hour has less."""
STREAM_EVERY_S = 0.15
"""Seconds between two pictures of the camera: the assistant needs four readings in a second to be sure."""
KEPT_S, SWEEP_S = 3600, 600
"""Uploads older than an hour are deleted every ten minutes while the page is served."""
PICTURES = [".jpg", ".jpeg", ".png", ".bmp", ".webp", ".pgm", ".ppm", ".tif", ".tiff"]
CLIPS = [".mp4", ".mkv", ".avi", ".mov", ".webm", ".gif", ".mpg", ".m4v"]
INTRODUCTION = (
    "<h1>Playground of emotion-assistant</h1>"
    "<p>What the assistant makes of a picture, the camera or a clip: the same models, sentences and voice as in the "
    "box. What a face looks like is not what somebody feels.</p>"
    '<p class="note">Nothing leaves this computer and nothing is stored: what you give lies in a private folder, which '
    "is deleted when the program ends.</p>"
)
SCRIPT = """() => {
  document.documentElement.lang = "en";
  for (const id of ["picture-status", "clip-status", "camera-status"])
    document.getElementById(id)?.setAttribute("aria-live", "polite");
}"""
"""Run when the page is loaded: a screen reader is to say what changes in the short lines about the results."""


def theme() -> Any:
    """Gradio's plain theme with the system's own fonts."""
    return gradio.themes.Default(primary_hue="blue", font=list(offline.FONTS), font_mono=["ui-monospace", "monospace"])


def css() -> str:
    """The style of our own parts."""
    return Path(__file__).with_name("style.css").read_text("utf-8")


def build(offer: Offer, responses: Responses) -> Any:
    """The page as Gradio's Blocks."""
    with gradio.Blocks(
        title="Playground of emotion-assistant", analytics_enabled=False, delete_cache=(SWEEP_S, KEPT_S)
    ) as blocks:
        gradio.HTML(INTRODUCTION, elem_id="top")
        chosen = _choices(offer, responses)
        with gradio.Tabs():
            with gradio.Tab("Picture", id="picture"):
                _picture(responses, chosen)
            with gradio.Tab("Camera", id="camera"):
                _camera(responses, chosen)
            with gradio.Tab("Clip", id="clip"):
                stop = _clip(offer, responses, chosen)
        gradio.HTML(f'<p class="note">emotion-assistant {escape(__version__)}</p>')
        blocks.unload(stop)  # the page was closed
    blocks.queue(default_concurrency_limit=4)
    return blocks


class _Chosen:
    """The parts by which model, detector and language are chosen."""

    def __init__(self, model: Any, second: Any, detector: Any, language: Any) -> None:
        self.model, self.second, self.detector, self.language = model, second, detector, language

    @property
    def parts(self) -> list[Any]:
        """In the order of the fields of Choice."""
        return [self.model, self.detector, self.language]


def _choices(offer: Offer, responses: Responses) -> _Chosen:
    names = list(choices.model_names(offer.models).items())
    with gradio.Row():
        model = gradio.Radio(names, value=names[0][1], label="Model", elem_id="model", scale=3)
        second = gradio.Radio(
            [("none", ""), *names], value="", label="A second model beside it", elem_id="second", scale=3
        )
    with gradio.Row():
        detectors = list(choices.detector_names(has_yunet=offer.yunet is not None).items())
        detector = gradio.Radio(detectors, value=Choice.detector, label="Detector", elem_id="detector", scale=1)
        language = gradio.Radio(
            list(choices.language_names().items()), value="en", label="Language", elem_id="language", scale=2
        )
    with gradio.Accordion("Use a model of your own", open=False):
        files = gradio.File(
            label="Its .tflite file together with its card, the .json file",
            file_count="multiple", file_types=[".tflite", ".json"], elem_id="own-model", height=150,
        )  # fmt: skip
        told = gradio.HTML(elem_id="own-model-told")
    own = gradio.State(list(offer.models))

    def adopt(paths: list[str] | None, known: list[str]) -> tuple[Any, Any, list[str], str, None]:
        try:
            found = responses.adopt_models(paths or [])
        except AssistantError as err:
            return gradio.skip(), gradio.skip(), known, markup.problem(str(err)), None
        known = [*found, *(each for each in known if each not in found)]
        named = list(choices.model_names(known).items())
        return (
            gradio.update(choices=named, value=found[0]),
            gradio.update(choices=[("none", ""), *named]),
            known,
            markup.note(f"{Path(found[0]).name} is chosen."),
            None,  # so that others can be given
        )

    files.upload(adopt, [files, own], [model, second, own, told, files], show_progress="hidden")
    return _Chosen(model, second, detector, language)


def _picture(responses: Responses, chosen: _Chosen) -> None:
    source = gradio.State("")
    with gradio.Row():
        file = gradio.File(label="A picture", file_types=PICTURES, elem_id="picture-file", height=150, scale=2)
        with gradio.Column(scale=1, min_width=220):
            gradio.HTML('<p class="note">Or one of the demo:</p>')
            buttons = {key: gradio.Button(name, size="md") for key, name in PHOTOGRAPHS.items()}
    said = gradio.HTML(elem_id="picture-status", elem_classes="visually-hidden")
    result = gradio.HTML(elem_id="picture-result")

    def show(place: str | None, *chosen_now: str) -> tuple[str, str, str]:
        html = responses.picture(place or "", Choice(*chosen_now[:3]), chosen_now[3])
        return place or "", html, status(html)

    parts = [*chosen.parts, chosen.second]
    outputs = [source, result, said]
    file.upload(show, [file, *parts], outputs, show_progress="minimal")
    file.clear(lambda: ("", "", ""), None, outputs)
    for key, button in buttons.items():
        button.click(lambda *now, key=key: show(PHOTOGRAPH + key, *now), parts, outputs, show_progress="minimal")
    gradio.on([each.change for each in parts], show, [source, *parts], outputs, show_progress="minimal")


def _camera(responses: Responses, chosen: _Chosen) -> None:
    session = gradio.State(None)
    gradio.HTML('<p class="note">The pictures of your camera go to this computer only, and none is kept.</p>')
    with gradio.Row():
        camera = gradio.Image(
            sources=["webcam"], streaming=True, type="numpy", label="Camera", elem_id="camera", height=320, scale=1,
            min_width=300,
            webcam_options=gradio.WebcamOptions(mirror=False), buttons=[],
        )  # fmt: skip
        with gradio.Column(scale=1, min_width=300):
            said = gradio.HTML(elem_id="camera-status")
            result = gradio.HTML(elem_id="camera-result")

    def step(image: NDArray[np.uint8] | None, before: LiveSession | None, *chosen_now: str) -> tuple[Any, str, Any]:
        shown = None if image is None else np.ascontiguousarray(image[..., ::-1])
        after, html, spoken = responses.camera(shown, before, Choice(*chosen_now))
        return after, html, gradio.skip() if spoken is None else spoken

    camera.stream(
        step, [camera, session, *chosen.parts], [session, result, said],
        stream_every=STREAM_EVERY_S, concurrency_limit=4, show_progress="hidden", time_limit=3600,
    )  # fmt: skip


def _clip(offer: Offer, responses: Responses, chosen: _Chosen) -> Callable[[gradio.Request], None]:
    """Returns what stops a visitor's work."""
    with gradio.Row():
        file = gradio.File(label="A clip", file_types=CLIPS, elem_id="clip-file", height=150, scale=2)
        truth = gradio.File(label="truth.json, if there is one", file_types=[".json"], elem_id="truth-file", height=150)
    scenes = [(name, path) for name, path in offer.scene_clips().items()]
    known = gradio.Radio(
        [("the file above", ""), ("the demo's photographs, 22 s", DEMO), *scenes],
        value="", label="Which clip", elem_id="which-clip",
    )  # fmt: skip
    with gradio.Row():
        begin = gradio.Button("Watch the clip", variant="primary", elem_id="clip-begin")
        stop = gradio.Button("Stop", elem_id="clip-stop")
    said = gradio.HTML(elem_id="clip-status", elem_classes="visually-hidden")
    result = gradio.HTML(elem_id="clip-result")

    def watch(
        request: gradio.Request, path: str | None, truth_path: str | None, which: str, *chosen_now: str
    ) -> Iterator[tuple[Any, str]]:
        place = which or path or ""
        for html in responses.clip(_visitor(request), place, "" if which else truth_path or "", Choice(*chosen_now)):
            yield (gradio.skip() if "<progress" in html else status(html)), html

    def stop_it(request: gradio.Request) -> None:
        responses.jobs.stop(_visitor(request))

    begin.click(watch, [file, truth, known, *chosen.parts], [said, result], show_progress="hidden")
    stop.click(stop_it, None, None, queue=False, show_progress="hidden")
    file.upload(lambda: "", None, known, queue=False, show_progress="hidden")
    return stop_it


def _visitor(request: gradio.Request) -> str:
    return str(request.session_hash)
