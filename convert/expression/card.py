"""The model card of an expression model: description, provenance, measured figures, intended use and limits.

All figures, here and in `models/README.md`, are measured by the program.
"""

import hashlib
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from assistant.errors import ModelError
from convert.data.fer2013 import Faces
from convert.expression import recipe as recipes
from convert.expression.evaluation.evaluate import evaluate, fit_calibration
from convert.expression.verify import has_kept_macro_f1, verify
from convert.tflite import card_file, graph
from convert.training.run_folder import Run

TERMS = (
    "FER-2013: ICML 2013 challenge (Goodfellow et al.), pictures from a web search, for research; FER+ votes: Barsoum "
    "et al. 2016, MIT. The pictures are not part of this project."
)
INTENDED_USE = (
    "To name, for a blind or visually impaired wearer, the expression that a face in front shows at the moment, as one "
    "hedged spoken hint among others."
)
LIMITS = (
    "Trained on posed and unposed pictures from the web, labelled by few people: the labels are noisy, and ages, skin "
    "tones, cultures and disabilities are unevenly represented. The test pictures are grey and name none of these: "
    "metrics.slices holds what could be measured, with glasses and beards drawn on the test faces, light as of other "
    "exposures, and skin tone by colour frames without labels of expressions; age, culture and disability were not. "
    "Fear, disgust and sadness are often confused. Side-on, dark, blurred or covered faces are outside of what it was "
    "made for. An expression is not "
    "a feeling: what a face looks like does not tell what somebody feels, means or will do."
)
ETHICS = (
    "Not for judging people: not for hiring, teaching, policing, health, advertising or lie detection. It runs on the "
    "wearer's own device, keeps no picture and knows nobody's identity."
)
FIGURES = ("<!-- figures -->", "<!-- /figures -->")
"""Comments in `models/README.md` that enclose the table of figures."""
MODEL_INDEX = ("# <!-- model-index -->", "# <!-- /model-index -->")
"""Comments in its YAML header that enclose the figures in the form of Hugging Face."""


def fer2013_head_of(model: Path) -> Path:
    """Path of the fer2013 head that belongs to the ferplus head in the file `model`."""
    return model.parent / "challenge" / model.name


def both_heads(model: Path) -> dict[str, Path]:
    """The files of both heads of an expression model by name of the head. model: the file of the ferplus head.

    Raises ModelError where these are not the two heads of one run.
    """
    files = {"ferplus": model, "fer2013": fer2013_head_of(model)}
    for head, file in files.items():
        if not file.is_file() or card_file.load(file).get("head") != head:
            raise ModelError(f"{file}: holds no {head} head; make it with `emotion-convert quantize --head {head}`")
    ferplus, original = map(card_file.load, files.values())
    if any(ferplus.get(key) != original.get(key) for key in ("recipe", "training")):
        raise ModelError(
            f"{files['fer2013']}: is of another run than {model}; quantize both heads of one run (--head fer2013)"
        )
    return files


def describe(
    name: str,
    content: bytes,
    run: Run,
    *,
    head: str,
    labels: Sequence[str],
    data_sha256: str,
    calibration: dict[str, Any],
) -> dict[str, Any]:
    """The card of a newly converted model, without measured figures. content: the bytes of its .tflite file."""
    made = graph.parse(name, content)
    recipe, best = recipes.of_run(run), run.best()
    taken = recipe.input_format
    crop = f"One {'grey' if taken.is_grey else 'colour'} {taken.side}x{taken.side} crop"
    return {
        "name": name,
        **card_file.measured_from(name, content),
        "head": head,
        "labels": list(labels),
        "input": {"shape": taken.shape, "dtype": made.input_type.lower(), **taken.as_card()},
        "output": {"dtype": made.output_type.lower(), "meaning": "softmax probabilities in the order of the labels"},
        "recipe": {
            "name": recipe.name,
            "sha256": hashlib.sha256(run.recipe_file.read_bytes()).hexdigest(),
            "network": recipe.network["kind"],
            "seed": recipe.seed,
            "epochs": run.environment().get("epochs", recipe.schedule.epochs),
            "best_epoch": int(best["epoch"]),
        },
        "training": run.environment(),
        "data": {"name": "FER-2013 with FER+ votes", "sha256": data_sha256, "terms": TERMS},
        "calibration": calibration,
        "intended_use": f"{INTENDED_USE} {crop} of one face in, a probability for each label out.",
        "limits": LIMITS,
        "ethics": ETHICS,
        "made": card_file.made_now(),
    }


def calibrate(model: Path, faces: Faces) -> dict[str, Any]:
    """Fit temperature and thresholds on PublicTest and write them into a model's card; returns the card.

    Raises ModelError or DatasetError.
    """
    card = card_file.load(model) | fit_calibration(model, faces)
    card_file.write(model, card)
    return card


def refresh(
    model: Path, faces: Faces, run: Run | None = None, muxspace: Path | None = None, detection: Path | None = None
) -> dict[str, Any]:
    """Measure a model that has a card and write the figures into the card; returns the card.

    run: the run folder with the float model; if given, the entry `verify` (int8 compared with float) is measured anew.
    muxspace: the folder of that name; detection: that of the detector's training pictures, for skin tones. Entries:
    `metrics` is the report of `evaluate` on PrivateTest, with its slices for a model that speaks, `public_test` the
    accuracy on PublicTest, by which models may be chosen. Raises ModelError, also for a model that lost more by
    quantization than `verify` allows; the card is not changed then.
    """
    card = card_file.load(model)
    if run:
        card["verify"] = verify(model, run.float_model(model.stem, card_file.entry(card, model, "head", str)), faces)
        if not has_kept_macro_f1(card["verify"]):
            loss = card["verify"]["macro_f1_loss_points"]
            raise ModelError(f"{model}: macro-F1 falls by {loss} points by quantization")
    public = evaluate(model, faces, "PublicTest", quick=True)
    card["public_test"] = {part: {"accuracy": public[part]["accuracy"]} for part in ("all", "without_twins")}
    by_slice = card.get("head") == "ferplus"
    card["metrics"] = evaluate(
        model, faces, "PrivateTest", muxspace=muxspace, by_slice=by_slice, detection=detection if by_slice else None
    )
    card["measured"] = card_file.made_now()
    card_file.write(model, card)
    return card


def table(cards: list[dict[str, Any]]) -> str:
    """The measured figures of models as a Markdown table. cards: contents of their model cards."""
    heads = (
        *("model", "judged by", "accuracy (95 % interval)", "without twins", "macro-F1", "calibration error"),
        *("balanced", "macro recall", "disturbed", "wild", "parameters", "MMAC", "size", "measured, at commit"),
    )
    rows = (heads, ["---"] * len(heads), *map(_cells, cards))
    return "\n".join(f"| {' | '.join(cells)} |" for cells in rows)


def model_index(cards: list[dict[str, Any]]) -> str:
    """The measured figures of models as the `model-index` of a Hugging Face model card (YAML)."""
    lines = ["model-index:"]
    for card in cards:
        metrics = card["metrics"]
        lines += [
            f"  - name: {card['name']} ({card['head']} head)",
            "    results:",
            "      - task: {type: image-classification, name: Facial expression recognition}",
            f"        dataset: {{type: fer2013, name: FER-2013 PrivateTest, split: test, config: {metrics['truth']}}}",
            "        metrics:",
            f"          - {{type: accuracy, value: {100 * metrics['all']['accuracy']:.2f}, name: accuracy in percent}}",
            f"          - {{type: f1, value: {100 * metrics['all']['macro_f1']:.2f}, name: macro-F1 in percent}}",
        ]
    return "\n".join(lines)


def _cells(card: dict[str, Any]) -> tuple[str, ...]:
    if "metrics" not in card:
        raise ModelError(f"{card['name']}: its card has no figures yet; run `emotion-convert card` on the model")
    metrics = card["metrics"]
    everything = metrics["all"]
    low, high = everything["accuracy_interval_95"]
    return (
        f"`{card['name']}`",
        metrics["truth"],
        f"{everything['accuracy']:.2%} ({low:.1%} to {high:.1%})",
        f"{metrics['without_twins']['accuracy']:.2%}",
        f"{everything['macro_f1']:.2%}",
        f"{metrics['confidence']['ece']:.2%}",
        *(f"{figure:.2%}" if figure else "-" for figure in _further(metrics)),
        f"{card['parameters'] / 1e6:.2f} M",
        f"{card['macs'] / 1e6:.1f}",
        f"{card['bytes'] / 1e6:.2f} MB",
        f"{card['measured']['date']}, {card['measured']['revision']}",
    )


def _further(metrics: dict[str, Any]) -> tuple[float | None, ...]:
    """Accuracy and macro recall of the spoken classes by the balanced posterior, mean accuracy on disturbed pictures
    and mean recall on muxspace, None where not measured."""
    wild, balanced = metrics.get("muxspace"), metrics.get("balanced", {}).get("by_prior", {})
    return (
        balanced.get("accuracy"),
        balanced.get("macro_recall"),
        metrics.get("robustness", {}).get("mean_accuracy"),
        wild["detected"]["mean_recall"] if wild else None,
    )
