"""Command line of the desktop half: parses arguments, calls one module per command, prints errors as one line.

TensorFlow is needed by `quantize` and `train-occlusion` alone, Keras by `train`, `soft-labels` and `warm-start` too;
the other commands need no more than the libraries of the assistant and tqdm.
"""

import argparse
import os
import sys
from collections.abc import Sequence
from importlib.util import find_spec
from pathlib import Path

from assistant import __version__
from assistant.errors import AssistantError, ModelError, printable, shown
from assistant.system.argument_parser import ArgumentParser
from assistant.system.standard_streams import ensure_standard_streams
from assistant.vision.detectors.tflite import DEFAULT_MODEL
from assistant.vision.inference.model_file import find_model
from assistant.vision.inference.runtime import quiet_stderr
from convert import training_commands
from convert.benchmark import commands as benchmark_commands
from convert.cli_arguments import (
    BACKENDS,
    command,
    data,
    detection_faces,
    muxspace,
    run_folder,
    show,
    skip_unreadable,
)
from convert.comparison import commands as comparison_commands
from convert.data.fer2013 import Faces
from convert.data_report import commands as data_commands
from convert.expression import commands as expression_commands
from convert.expression.evaluation import commands as evaluation_commands
from convert.face_detector import commands as detection_commands
from convert.foreign import commands as foreign_commands
from convert.playground import commands as playground_commands
from convert.scenarios import commands as scenario_commands
from convert.search import commands as search_commands
from convert.skills import commands as skill_commands
from convert.tflite import card_file
from convert.training.run_folder import Run

EXIT_ERROR, EXIT_INTERRUPTED = 1, 130
OPTIONAL = {
    **dict.fromkeys((*BACKENDS, "keras", "matplotlib", "tqdm"), "convert"),
    **dict.fromkeys(("optuna", "tomlkit"), "search"),
    "ray": "cluster",
    **dict.fromkeys(("gradio", "fastapi", "starlette", "uvicorn"), "playground"),
}
"""Packages that some commands need and a plain installation lacks, and the extra that brings each."""

EXAMPLES = """\
from a recipe to a model with its card, in the run folder:
  emotion-convert train --recipe emotion-small --run runs/mine
  emotion-convert quantize runs/mine runs/mine/emotion-small-int8.tflite
  emotion-convert quantize --head fer2013 runs/mine runs/mine/challenge/emotion-small-int8.tflite
  emotion-convert verify runs/mine/emotion-small-int8.tflite --run runs/mine
  emotion-convert calibrate runs/mine/emotion-small-int8.tflite runs/mine/challenge/emotion-small-int8.tflite
  emotion-convert card runs/mine/emotion-small-int8.tflite --run runs/mine
train a shipped model further:
  emotion-convert warm-start emotion-small-int8 --run runs/small
  emotion-convert recipe emotion-small > mine.toml
  emotion-convert train --recipe mine.toml --from runs/small --run runs/small-2
soft labels from two shipped models, for a recipe that names the file in [teachers]:
  emotion-convert soft-labels soft.npz emotion-cnn-int8 emotion-small-int8
the classifier of occluded faces:
  emotion-convert train-occlusion mine-int8.tflite
measure the shipped models:
  emotion-convert evaluate emotion-cnn-int8
  emotion-convert evaluate-detector
  emotion-convert evaluate-skills friends
  emotion-convert benchmark

Examples of data, compare, search, import, playground and the others: emotion-convert COMMAND --help.

FER-2013, or a folder with one folder of pictures for each class, is read from --data, else from $EMOTION_DATA; commands
that also need video clips read them from $EMOTION_VIDEOS. train, soft-labels, warm-start, quantize and train-occlusion
need pip install 'emotion-assistant[convert]'; train also runs on JAX or Torch, with keras, tqdm and matplotlib
installed. KERAS_BACKEND selects the backend; the default is the first of TensorFlow, JAX and Torch that is installed.
"""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; returns its exit code."""
    ensure_standard_streams()
    options = make_parser().parse_args(arguments)
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    os.environ["KERAS_BACKEND"] = os.environ.get("KERAS_BACKEND") or next(filter(find_spec, BACKENDS), BACKENDS[0])
    try:
        code = int(options.command(options))
        sys.stdout.flush()
        return code
    except KeyboardInterrupt:
        print(f"\nemotion-convert: stopped{options.when_stopped}", file=sys.stderr)
        return EXIT_INTERRUPTED
    except BrokenPipeError:  # the other end of the pipe, such as `head`, was closed
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except Exception as err:
        if options.debug:
            raise
        return _fail(_explained(err))


def _explained(err: Exception) -> str:
    """What the user is told of an exception; one that nothing here expects is a fault of this program."""
    if isinstance(err, AssistantError):
        return str(err)
    if isinstance(err, OSError):
        return f"{shown(err.filename or 'output')}: {err.strerror or err}"
    if isinstance(err, ModuleNotFoundError) and (extra := OPTIONAL.get(str(err.name).partition(".")[0])):
        return f"{err.name} is not installed; pip install 'emotion-assistant[{extra}]', or see --help"
    return f"unexpected {type(err).__name__}: {(str(err).splitlines() or [''])[0]}; --debug shows where"


def _fail(message: str) -> int:
    """Print an error in one line; returns the exit code."""
    print(f"emotion-convert: {printable(' '.join(message.splitlines()))}", file=sys.stderr)
    return EXIT_ERROR


def make_parser() -> argparse.ArgumentParser:
    """The parser of all commands and options."""
    top = ArgumentParser(
        prog="emotion-convert",
        description="Trains, quantizes, verifies, evaluates and benchmarks the models of emotion-assistant.",
        epilog=EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    top.add_argument("--version", action="version", version=f"%(prog)s {__version__}")
    top.add_argument("--debug", action="store_true", help="show a traceback if a command fails")
    commands = top.add_subparsers(title="commands", required=True, metavar="COMMAND")

    data_commands.add(commands)
    training_commands.add(commands)
    search_commands.add(commands)
    expression_commands.add(commands)

    verify = command(
        commands,
        "verify",
        _verify,
        "compare an int8 model with its float model; exits with 1 if it has lost too much accuracy",
    )
    verify.add_argument("model", metavar="MODEL", help="a .tflite file or the name of a shipped model")
    verify.add_argument(
        "--run", type=run_folder, required=True, metavar="DIR", help="run folder that holds the float model"
    )

    foreign_commands.add(commands)
    evaluation_commands.add(commands)
    comparison_commands.add(commands)
    detection_commands.add(commands)
    scenario_commands.add(commands)
    skill_commands.add(commands)
    playground_commands.add(commands)

    text = "train the classifier of occluded faces (models/face-cover-int8.tflite)"
    occlusion = command(commands, "train-occlusion", _train_occlusion, text)
    occlusion.add_argument(
        "model", type=Path, metavar="MODEL", help="the .tflite file to write, with its card beside it"
    )
    occlusion.add_argument("--force", action="store_true", help="replace a shipped model")

    benchmark_commands.add(commands)

    card = command(
        commands, "card", _card, "measure models and write the figures into their model cards and into a README"
    )
    card.add_argument(
        "models", nargs="*", metavar="MODEL", help="models to measure; without any, only the README is written"
    )
    card.add_argument("--run", type=run_folder, metavar="DIR", help="run folder of the one MODEL, to verify it as well")
    card.add_argument(
        "--readme",
        type=Path,
        metavar="FILE",
        help="write the figures of the shipped models into this file (models/README.md)",
    )

    verify.add_argument("--json", action="store_true", help="print JSON alone")
    skip_unreadable(verify, card)
    return top


def _faces(options: argparse.Namespace, model: Path) -> Faces:
    from convert.expression.evaluation.testset import faces_for

    return faces_for(model, data(options), skip_unreadable=options.skip_unreadable)


def _verify(options: argparse.Namespace) -> int:
    from convert.expression import verify

    model = find_model(options.model)
    if "head" not in (held := card_file.load(model)):
        raise ModelError(f"{model}: reads no expressions; `quantize` has compared it with its float model already")
    reference = Run(options.run).float_model(model.stem, card_file.entry(held, model, "head", str))
    report = verify.verify(model, reference, _faces(options, model))
    show(report, verify.as_text, options)
    return 0 if verify.is_sound(report) else EXIT_ERROR


def _train_occlusion(options: argparse.Namespace) -> int:
    if options.model.suffix != ".tflite" or not options.model.parent.is_dir():
        options.usage_error("MODEL must end in .tflite, in a folder that there is")
    card_file.check_overwritten(options.model, force=options.force)
    with quiet_stderr():
        from convert.face_occlusion import train as occlusion

    card = occlusion.train(data(options), options.model)
    for kind, held_out in card["held_out"].items():
        print(f"{kind:8} {held_out['occluded']:6.1%} of {held_out['faces']} faces are called occluded")
    return 0


def _card(options: argparse.Namespace) -> int:
    from convert.expression import card
    from convert.face_detector import card as detector_card

    if not options.models and not options.readme:
        options.usage_error("give a MODEL to measure, or --readme")
    if options.run and len(options.models) != 1:
        options.usage_error("--run goes with one MODEL")
    models = [find_model(name) for name in options.models]
    for model in models:
        card_file.check_writable(model)
    for model in models:
        if card_file.load(model).get("task") == card_file.FACE_DETECTION:
            if options.run:
                options.usage_error("--run goes with a model of expressions")
            detection_commands.measure(options, model)
            continue
        run = Run(options.run) if options.run else None
        made = card.refresh(model, _faces(options, model), run, muxspace(options), detection_faces(options))
        print(f"{card_file.path_of(model)}: accuracy {made['metrics']['all']['accuracy']:.2%} on PrivateTest")
    if options.readme:
        expressions = [card_file.load(model) for model in card_file.shipped("**/emotion-*.tflite")]
        detector = card_file.load(find_model(DEFAULT_MODEL))
        try:
            tables = {
                card.MODEL_INDEX: card.model_index(expressions),
                card.FIGURES: card.table(expressions),
                detector_card.FIGURES: detector_card.table(detector),
            }
        except (KeyError, TypeError, ValueError) as err:
            raise ModelError(f"a shipped model's card lacks a figure: {err}; run `emotion-convert card` on it") from err
        for markers, text in tables.items():
            card_file.replace_between(options.readme, markers, text)
    return 0
