"""The desktop command line: reads arguments, calls one module for each command, turns errors into one line.

TensorFlow is needed by `quantize` and `cover` alone, Keras by `train`, `teach` and `reopen` too; the other commands
run with the assistant's own libraries and tqdm.
"""

import argparse
import os
import sys
from collections.abc import Sequence
from dataclasses import replace
from importlib.util import find_spec
from pathlib import Path

from assistant import __version__
from assistant.records import AssistantError, ModelError
from assistant.vision.detectors.own import SHIPPED
from assistant.vision.runtime import quiet_stderr
from assistant.vision.tflite import find
from convert import recipes
from convert.arguments import at_least_one, command, data, muxspace, show
from convert.datasets import DatasetError, Faces, load
from convert.detection import commands as detection_commands
from convert.detection.recipe import KIND
from convert.evaluation import commands as evaluation_commands
from convert.runs import Run
from convert.scenarios import commands as scenario_commands
from convert.views import MOST_VIEWS

EXIT_ERROR, EXIT_INTERRUPTED = 1, 130
HEADS = ("crowd", "challenge")
BACKENDS = ("tensorflow", "jax", "torch")
"""What Keras can train with: the first that is installed, if KERAS_BACKEND does not choose."""

EXAMPLES = """\
from a recipe to a shipped model:
  emotion-convert train --recipe models/recipes/emotion-cnn-dense.toml --run runs/emotion-cnn
  emotion-convert quantize runs/emotion-cnn models/emotion-cnn-int8.tflite
  emotion-convert verify models/emotion-cnn-int8.tflite --run runs/emotion-cnn
  emotion-convert settle models/emotion-cnn-int8.tflite
  emotion-convert card models/emotion-cnn-int8.tflite --run runs/emotion-cnn --readme README.md
go on from what is shipped, taught by all of it:
  emotion-convert teach soft.npz models/emotion-cnn-int8.tflite models/emotion-small-int8.tflite
  emotion-convert reopen emotion-small-int8 --run runs/small
  emotion-convert train --from runs/small --recipe YOURS.toml
judge what is shipped:
  emotion-convert evaluate emotion-cnn-int8
  emotion-convert evaluate-detector
  emotion-convert benchmark

FER-2013 is read from --data, else from $EMOTION_DATA; what looks at clips too reads those in $EMOTION_VIDEOS. train,
teach, reopen, quantize and cover need pip install 'emotion-assistant[convert]'; train also runs on JAX or Torch, with
keras, tqdm and matplotlib beside them: KERAS_BACKEND chooses, else the first of TensorFlow, JAX and Torch that is
installed.
"""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; returns its exit code."""
    options = parser().parse_args(arguments)
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    os.environ.setdefault("KERAS_BACKEND", next(filter(find_spec, BACKENDS), BACKENDS[0]))
    try:
        code = int(options.command(options))
        sys.stdout.flush()
        return code
    except AssistantError as err:
        if options.debug:
            raise
        return _fail(str(err))
    except ModuleNotFoundError as err:
        if options.debug or (err.name or "").partition(".")[0] not in (*BACKENDS, "keras", "matplotlib", "tqdm"):
            raise
        return _fail(f"{err.name} is not installed; pip install 'emotion-assistant[convert]', or see --help")
    except KeyboardInterrupt:
        print(f"\nemotion-convert: stopped{options.when_stopped}", file=sys.stderr)
        return EXIT_INTERRUPTED
    except BrokenPipeError:  # the reader of a pipe, such as `head`, has what it wanted
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except Exception as err:
        if options.debug:
            raise
        return _fail(f"unexpected {type(err).__name__}: {(str(err).splitlines() or [''])[0]}; --debug shows where")


def _fail(message: str) -> int:
    print(f"emotion-convert: {message}", file=sys.stderr)
    return EXIT_ERROR


def parser() -> argparse.ArgumentParser:
    """Every command and option."""
    top = argparse.ArgumentParser(
        prog="emotion-convert",
        description="Trains, quantizes, verifies, evaluates and benchmarks the models that emotion-assistant carries.",
        epilog=EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    top.add_argument("--version", action="version", version=f"%(prog)s {__version__}")
    top.add_argument("--debug", action="store_true", help="show a traceback where something fails")
    commands = top.add_subparsers(title="commands", required=True, metavar="COMMAND")

    train = command(commands, "train", _train, "train a network by a recipe, or go on with a run that was stopped")
    train.add_argument("--recipe", type=Path, required=True, metavar="FILE", help="models/recipes/*.toml or your own")
    train.add_argument("--run", type=Path, metavar="DIR", help="the run folder; default: runs/NAME of the recipe")
    train.add_argument("--from", dest="start", type=Path, metavar="DIR", help="begin with the best weights of a run")
    train.add_argument("--epochs", type=at_least_one, metavar="N", help="instead of the recipe's, for a short trial")
    train.add_argument("--seed", type=int, metavar="N", help="instead of the recipe's, to see how far chance goes")
    train.add_argument("--precision", choices=recipes.PRECISIONS, help="instead of the recipe's")
    told = "a run to learn from (distillation.consistent), again for more; a face detector's: YuNet's ONNX file"
    train.add_argument("--teacher", type=Path, action="append", default=[], metavar="RUN", help=told)
    train.set_defaults(when_stopped="; the same command goes on after the last finished epoch")

    teach = command(commands, "teach", _teach, "ask trained networks for soft labels that a recipe can distil from")
    teach.add_argument("file", type=Path, metavar="FILE", help="the .npz to write; recipes name it beside themselves")
    teach.add_argument(
        "teachers", type=Path, nargs="+", metavar="RUN", help="their run folders, or .tflite files of both heads"
    )
    teach.add_argument("--add-to", type=Path, metavar="FILE", help="soft labels whose teachers count as well")
    teach.add_argument("--views", type=at_least_one, default=10, metavar="N", help="of each picture (%(default)s)")

    reopen = command(commands, "reopen", _reopen, "make a run of a shipped model, to go on training from or to teach")
    reopen.add_argument("model", metavar="MODEL", help="a .tflite file or the name of a shipped model")
    reopen.add_argument("--run", type=Path, required=True, metavar="DIR", help="the run folder to write")
    reopen.add_argument("--recipes", type=Path, metavar="DIR", help="where its recipe lies; default: models/recipes")

    quantize = command(commands, "quantize", _quantize, "make the int8 model and its card from a run")
    quantize.add_argument("run", type=Path, nargs="?", metavar="RUN", help="the run folder")
    quantize.add_argument("model", type=Path, nargs="?", metavar="MODEL", help="the .tflite file to write")
    quantize.add_argument("--head", choices=HEADS, default=HEADS[0], help="labels of FER-2013 or of FER+ (%(default)s)")
    quantize.add_argument("--calibration", type=Path, metavar="FILE", help="calibration list; default: the pinned one")
    quantize.add_argument("--make-calibration", type=Path, metavar="FILE", help="only write the calibration list anew")

    verify = command(
        commands, "verify", _verify, "compare an int8 model with its float model; exit 1 where it lost too much"
    )
    verify.add_argument("model", metavar="MODEL", help="a .tflite file or the name of a shipped model")
    verify.add_argument("--run", type=Path, required=True, metavar="DIR", help="the run folder with the float model")

    evaluation_commands.add(commands)
    detection_commands.add(commands)
    scenario_commands.add(commands)

    cover = command(commands, "cover", _cover, "fit the judge of covered faces: models/face-cover-int8.tflite")
    cover.add_argument("model", type=Path, metavar="MODEL", help="the .tflite file to write, with its card")

    benchmark = command(commands, "benchmark", _benchmark, "time models on this machine", data=False)
    benchmark.add_argument("models", nargs="*", metavar="MODEL", help="default: all that are shipped")
    benchmark.add_argument("--threads", type=at_least_one, nargs="+", default=[1, 2], metavar="N", help="default: 1 2")
    benchmark.add_argument("--rounds", type=at_least_one, default=10, metavar="N", help="default: %(default)s")

    card = command(commands, "card", _card, "measure models and write the figures into their cards and the README")
    card.add_argument("models", nargs="*", metavar="MODEL", help="the models to measure; none: only write the README")
    card.add_argument("--run", type=Path, metavar="DIR", help="run folder of the one MODEL, to verify it too")
    card.add_argument("--readme", type=Path, metavar="FILE", help="write the table of shipped models into it")

    for each in (verify, benchmark):
        each.add_argument("--json", action="store_true", help="print JSON alone")
    return top


def _faces(options: argparse.Namespace) -> Faces:
    return load(data(options))


def _train(options: argparse.Namespace) -> int:
    if recipes.kind(options.recipe) == KIND:
        return detection_commands.train(options)
    recipe, source = recipes.read(options.recipe), data(options)
    if options.precision:
        recipe = replace(recipe, schedule=replace(recipe.schedule, precision=options.precision))
        recipes.check_precision(options.recipe, recipe)
    if options.seed is not None:
        recipe = replace(recipe, seed=options.seed)
    recipes.check_teachers(options.recipe, recipe, bool(options.teacher))
    start = Run(options.start) if options.start else None
    with quiet_stderr():
        from convert.train import train
    folder, teachers = options.run or Path("runs") / recipe.name, [Run(each) for each in options.teacher]
    run = train(recipe, options.recipe, source, folder, epochs=options.epochs, start=start, teachers=teachers)
    best = run.best()
    print(
        f"{run.path}: best epoch {best['epoch']:.0f}, PublicTest: challenge {best['challenge']:.2%}, "
        f"crowd {best['crowd']:.2%}\nnext: emotion-convert quantize {run.path} models/{recipe.name}-int8.tflite"
    )
    return 0


def _teach(options: argparse.Namespace) -> int:
    if options.file.suffix != ".npz":
        options.usage_error("FILE must end in .npz")
    if options.views > MOST_VIEWS:
        options.usage_error(f"--views: a picture has {MOST_VIEWS} at the most")
    faces = _faces(options)
    with quiet_stderr():
        from convert import soft
        from convert.teach import teach
    former = soft.read(options.add_to) if options.add_to else None
    labels = teach(options.teachers, faces, options.views, options.file, former)
    print(f"{options.file}: {len(labels.pictures)} pictures, {labels.views} views, {options.file.stat().st_size} bytes")
    return 0


def _reopen(options: argparse.Namespace) -> int:
    model, faces = find(options.model), _faces(options)
    with quiet_stderr():
        from convert.reopen import RECIPES, reopen
    run = reopen(model, faces, options.run, options.recipes or RECIPES)
    best = run.best()
    print(
        f"{run.path}: PublicTest: challenge {best['challenge']:.2%}, crowd {best['crowd']:.2%}\n"
        f"next: emotion-convert train --from {run.path} --recipe …"
    )
    return 0


def _quantize(options: argparse.Namespace) -> int:
    from convert import calibration

    if options.make_calibration:
        calibration.write(calibration.choose(_faces(options)), options.make_calibration)
        return 0
    if options.model is None or options.model.suffix != ".tflite":
        options.usage_error("give RUN and MODEL, a file name that ends in .tflite")
    run = Run(options.run)
    if recipes.kind(run.recipe_file) == KIND:
        if options.calibration or options.head != HEADS[0]:
            options.usage_error("--head and --calibration are for expressions; this run is a face detector's")
        return detection_commands.quantize(options, run)
    faces = _faces(options)
    if options.head == "crowd" and not faces.votes.any():
        raise DatasetError("no FER+ votes lie beside FER-2013, so nothing was learnt from them; give --head challenge")
    run.best()
    with quiet_stderr():
        from convert.quantize import quantize
    quantize(run, faces, options.model, calibration.read(options.calibration or calibration.LIST), options.head)
    float_model = run.float_model(options.model.stem, options.head)
    print(f"{options.model}: {options.model.stat().st_size} bytes, int8; float model: {float_model}")
    return 0


def _verify(options: argparse.Namespace) -> int:
    from convert import card, verify

    model = find(options.model)
    if "head" not in (held := card.load(model)):
        raise ModelError(f"{model}: reads no expressions; `quantize` has compared it with its float model already")
    report = verify.verify(model, Run(options.run).float_model(model.stem, held["head"]), _faces(options))
    show(report, verify.as_text, options)
    return 0 if verify.is_sound(report) else EXIT_ERROR


def _cover(options: argparse.Namespace) -> int:
    if options.model.suffix != ".tflite" or not options.model.parent.is_dir():
        options.usage_error("MODEL must end in .tflite, in a folder that there is")
    with quiet_stderr():
        from convert import cover

    card = cover.fit(data(options), options.model)
    for kind, held_out in card["held_out"].items():
        print(f"{kind:8} {held_out['covered']:6.1%} of {held_out['faces']} faces are called covered")
    return 0


def _benchmark(options: argparse.Namespace) -> int:
    from convert import benchmark, card

    models = [find(name) for name in options.models] or card.shipped()
    show(benchmark.benchmark(models, options.threads, options.rounds), benchmark.as_text, options)
    return 0


def _card(options: argparse.Namespace) -> int:
    from convert import card
    from convert.detection import card as detector_card

    if not options.models and not options.readme:
        options.usage_error("give a MODEL to measure, or --readme")
    if options.run and len(options.models) != 1:
        options.usage_error("--run goes with one MODEL")
    for model in map(find, options.models):
        if card.load(model).get("task") == detector_card.TASK:
            if options.run:
                options.usage_error("--run goes with a model of expressions")
            detection_commands.measure(options, model)
            continue
        made = card.refresh(model, _faces(options), Run(options.run) if options.run else None, muxspace(options))
        print(f"{card.path_of(model)}: accuracy {made['metrics']['all']['accuracy']:.2%} on PrivateTest")
    if options.readme:
        card.update_readme(
            options.readme,
            card.FIGURES,
            card.table([card.load(model) for model in card.shipped("**/emotion-*.tflite")]),
        )
        detector = card.load(find(SHIPPED))
        card.update_readme(options.readme, detector_card.FIGURES, detector_card.table(detector))
    return 0
