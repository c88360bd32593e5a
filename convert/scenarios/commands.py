"""`emotion-convert scenarios`: the event benchmark, its plots, its scenes as files, and the tuning of decisions."""

import argparse
import dataclasses
import json
import sys
from pathlib import Path
from typing import Any

from assistant.config.settings import Settings, setting_choices
from assistant.config.settings_file import load_settings
from assistant.system.progress import Progress
from convert.cli_arguments import command, data, make_folder, processes, seed
from convert.data.fer2013_labels import DatasetError
from convert.scenarios.script import ground_truth
from convert.scenarios.script.generate import KINDS
from convert.tflite import card_file

README_MARKERS = ("<!-- scenarios -->", "<!-- /scenarios -->")
DEFAULT_SEED = 1
TRUTH_FORM = (ground_truth.__doc__ or "").partition("\n\n")[2]


def add(commands: Any) -> None:
    """Add the command `scenarios` to the command line."""
    made = command(
        commands,
        "scenarios",
        _scenarios,
        "measure in scripted scenes what the whole assistant announces, and when",
    )
    made.formatter_class = argparse.RawDescriptionHelpFormatter
    made.epilog = (
        "Scenes are rendered from muxspace, FER-2013 with its FER+ votes, and rooms of the detector's pictures.\n"
        "Nothing may be tuned on the report half.\n\n"
        "A folder of scenes has a subfolder for each, with a clip (mp4, mkv, avi,\n"
        f"mov, webm) and a truth.json:\n\n{TRUTH_FORM}"
    )
    which = made.add_mutually_exclusive_group()
    which.add_argument(
        "--report",
        action="store_true",
        help="use the report half of the pictures, for published figures; default: the tuning half",
    )
    which.add_argument("--scenes", type=Path, metavar="DIR", help="read the scenes from a folder")
    made.add_argument(
        "--only",
        type=_kinds,
        default=(),
        metavar="KIND",
        help=f"kinds of scene, separated by commas: {', '.join(KINDS)}; with --scenes: kinds in that folder",
    )
    made.add_argument(
        "--seed", type=seed, default=DEFAULT_SEED, metavar="N", help="random seed of the scenes; default: %(default)s"
    )
    made.add_argument(
        "--workers",
        type=processes,
        default=2,
        metavar="N",
        help="scenes that are processed in parallel; default: %(default)s",
    )
    made.add_argument(
        "--config", type=Path, metavar="FILE", help="settings file of the assistant; default: its default settings"
    )
    made.add_argument(
        "--model", metavar="NAME", help="another expression model: the name of a shipped one, or a .tflite file"
    )
    made.add_argument("--detector", metavar="NAME", help="tflite, haar, or the .tflite file of a detector trained here")
    made.add_argument(
        "--plots", type=Path, metavar="DIR", help="draw a timeline of ground truth and announcements for each scene"
    )
    made.add_argument("--write", type=Path, metavar="DIR", help="only write the scenes as clips with their truth.json")
    made.add_argument("--tune", action="store_true", help="search for better [decisions] settings on the tuning half")
    made.add_argument(
        "--measure-motion",
        type=Path,
        metavar="DIR",
        help="only measure the motion of heads and mouths in the clips of a folder, and print it as motion.json",
    )
    made.add_argument("--missing", action="store_true", help="only list missing pictures, by SHA-256")
    made.add_argument(
        "--readme", type=Path, metavar="FILE", help="with --report: write the table into this file (tests/README.md)"
    )
    made.add_argument("--json", action="store_true", help="print JSON alone")


def _scenarios(options: argparse.Namespace) -> int:
    _check(options)
    for folder in filter(None, (options.plots, options.write)):
        make_folder(folder)
    if options.missing:
        return _missing(options)
    if options.measure_motion:
        from convert.scenarios.render import motion_tracks

        print(motion_tracks.measure(options.measure_motion), end="")
        return 0
    if options.write:
        return _write(options)
    from convert.scenarios import answer_delay, rerun, run
    from convert.scenarios.score import report

    settings = _settings(options)
    # first, since this may fail and the scenes take long
    answer_delays = answer_delay.measure(settings) if options.report else ()
    outcomes = run.run(_tasks(options, settings), options.workers)
    if options.tune:
        from convert.scenarios import tune

        best = tune.search(outcomes, settings)
        print(json.dumps(best, indent=1) if options.json else tune.as_text(best))
        return 0
    scenes = rerun.transcripts(outcomes, settings)
    if options.plots:
        from convert.scenarios.score import plot

        for each in scenes:
            plot.draw(each, options.plots)
    made = report.build_report(scenes, sum(outcome.frames for outcome in outcomes), settings, answer_delays)
    if options.readme:
        stamp = card_file.made_now()
        table = report.as_markdown(made, stamp["date"], stamp["revision"])
        card_file.replace_between(options.readme, README_MARKERS, table)
    print(json.dumps(made, indent=1) if options.json else report.as_text(made))
    return 0


def _check(options: argparse.Namespace) -> None:
    """Exit with a usage error where options exclude each other."""
    if options.readme and not options.report:
        options.usage_error("--readme is for the report")
    if options.readme and any(
        (options.only, options.seed != DEFAULT_SEED, options.config, options.model, options.detector)
    ):
        options.usage_error("the README's table is of all scenes and of what is shipped: leave out the other options")
    if options.readme and not options.readme.is_file():
        options.usage_error(f"{options.readme}: no such file")
    if options.tune and (options.report or options.scenes):
        options.usage_error("--tune is for the tuning half")
    if options.tune and options.plots:
        options.usage_error("--plots draws what was announced; --tune announces nothing")
    if options.write and options.scenes:
        options.usage_error("--write is for the scripted scenes")
    for kind in () if options.scenes else options.only:
        if kind not in KINDS:
            options.usage_error(f"--only: {kind!r}; allowed: {', '.join(KINDS)}")


def _tasks(options: argparse.Namespace, settings: Settings) -> list[Any]:
    from convert.scenarios.run import Task
    from convert.scenarios.script import folder

    if options.scenes:
        clips = [clip for clip in folder.read(options.scenes) if _is_chosen(options, clip.truth.kind)]
        return _not_empty([Task(clip, settings) for clip in clips], options)
    source, half = data(options), _half(options)
    return [Task(scene, settings, source, half) for scene in _generated_scenes(options)]


def _generated_scenes(options: argparse.Namespace) -> list[Any]:
    from convert.scenarios import known_friends
    from convert.scenarios.render import assets
    from convert.scenarios.script import generate

    scenes = generate.generate(assets.load(data(options), _half(options)).index(), options.seed)
    chosen = [scene for scene in scenes if _is_chosen(options, scene.kind)]
    if options.write:  # a folder of scenes holds nobody's pictures from which they could be learned
        chosen = [scene for scene in chosen if not scene.friends]
    elif any(scene.friends for scene in chosen) and not known_friends.is_available(_settings(options)):
        print("no face recognizer, so no scenes with friends; $EMOTION_SFACE may name its file", file=sys.stderr)
        chosen = [scene for scene in chosen if not scene.friends]
    return _not_empty(chosen, options)


def _not_empty(scenes: list[Any], options: argparse.Namespace) -> list[Any]:
    if not scenes:
        raise DatasetError(f"there is no scene of the kind {', '.join(options.only)}")
    return scenes


def _is_chosen(options: argparse.Namespace, kind: str) -> bool:
    return not options.only or kind in options.only


def _kinds(text: str) -> tuple[str, ...]:
    """The kinds of scene that an argument names, separated by commas."""
    return tuple(each.strip() for each in text.split(",") if each.strip())


def _half(options: argparse.Namespace) -> str:
    return "report" if options.report else "tuning"


def _settings(options: argparse.Namespace) -> Settings:
    settings = load_settings(options.config) if options.config else Settings()
    if options.model:
        settings = dataclasses.replace(settings, model=dataclasses.replace(settings.model, file=options.model))
    if options.detector in setting_choices("detector", "driver"):
        detector = dataclasses.replace(settings.detector, driver=options.detector)
        settings = dataclasses.replace(settings, detector=detector)
    elif options.detector:
        detector = dataclasses.replace(settings.detector, driver="tflite", model=options.detector)
        settings = dataclasses.replace(settings, detector=detector)
    return settings


def _missing(options: argparse.Namespace) -> int:
    from convert.scenarios.render import assets

    for name in assets.missing(data(options)):
        print(name)
    return 0


def _write(options: argparse.Namespace) -> int:
    from convert.scenarios.render import assets
    from convert.scenarios.render.camera import SceneCamera
    from convert.scenarios.script import folder

    scenes, loaded = _generated_scenes(options), assets.load(data(options), _half(options))
    with Progress("scenes", sum(scene.frames for scene in scenes), "frames") as progress:
        for scene in scenes:
            folder.write(scene, SceneCamera(scene, loaded), options.write, progress.update)
    print(f"{options.write}: {len(scenes)} scenes; next: emotion-convert scenarios --scenes {options.write}")
    return 0
