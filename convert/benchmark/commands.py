"""`emotion-convert benchmark`: what models cost on this machine, and what each stage of the assistant costs."""

import argparse
from pathlib import Path
from typing import Any

from assistant.vision.inference.model_file import find_model
from convert.cli_arguments import command, processes, show, whole_number
from convert.tflite import card_file

EXAMPLES = """\
examples:
  emotion-convert benchmark emotion-cnn-int8 --threads 1 2 4
  emotion-convert benchmark face-detector-int8 --operators
  emotion-convert benchmark pipeline clip.mp4
"""


def add(commands: Any) -> None:
    """Add this command to the command line."""
    benchmark = command(
        commands, "benchmark", _benchmark, "measure speed, size and memory of models on this machine", data=False
    )
    benchmark.formatter_class, benchmark.epilog = argparse.RawDescriptionHelpFormatter, EXAMPLES
    benchmark.add_argument(
        "models",
        nargs="*",
        metavar="MODEL",
        help="any .tflite files, or names of shipped models; default: all shipped expression models. The float or int8 "
        "file of the same model beside one is measured with it. Or `pipeline CLIP`: each stage of the assistant",
    )
    benchmark.add_argument(
        "--threads", type=processes, nargs="+", default=[1, 2], metavar="N", help="numbers of threads; default: 1 2"
    )
    benchmark.add_argument(
        "--rounds",
        type=whole_number(1, 10_000),
        default=10,
        metavar="N",
        help="rounds of up to 50 forward passes each; default: %(default)s",
    )
    benchmark.add_argument("--operators", action="store_true", help="also estimate what each operator takes")
    benchmark.add_argument(
        "--instructions", action="store_true", help="pipeline: also count instructions with valgrind (minutes)"
    )
    benchmark.add_argument("--json", action="store_true", help="print JSON alone")


def _benchmark(options: argparse.Namespace) -> int:
    if options.models[:1] == ["pipeline"]:
        return _pipeline(options)
    from convert.benchmark import models as benchmark
    from convert.benchmark import report

    models = benchmark.with_mates([find_model(name) for name in options.models] or card_file.shipped())
    made = benchmark.benchmark(models, options.threads, options.rounds, with_operators=options.operators)
    show(made, report.as_text, options)
    return 0


def _pipeline(options: argparse.Namespace) -> int:
    from convert.pipeline_cost import instructions, stages

    if len(options.models) != 2:
        options.usage_error("give `pipeline` one clip")
    clip = Path(options.models[1])
    report = stages.measure(clip)
    if options.instructions:
        report["instructions"] = instructions.count(clip)
    show(report, stages.as_text, options)
    return 0
