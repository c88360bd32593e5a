"""Recipes: the shipped ones are valid, and an error names the invalid key."""

from pathlib import Path

import pytest

from assistant.vision.faces.input_format import InputFormat
from convert.expression import recipe as recipes
from convert.expression import soft_labels
from convert.face_detector import recipe as detector_recipe
from convert.training.recipe_file import RecipeError, network_kind
from tests.support import drawn_faces

SHIPPED = sorted((Path(__file__).parents[3] / "models" / "recipes").glob("*.toml"))


@pytest.mark.parametrize("file", SHIPPED, ids=lambda file: file.stem)
def test_a_shipped_recipe_is_valid(file: Path) -> None:
    if network_kind(file) == detector_recipe.KIND:
        detector = detector_recipe.read(file)
        assert detector.name == file.stem
        assert detector.schedule.sizes[-1][1:] in ((320, 240), (192, 144))
        return
    recipe = recipes.read(file)
    assert recipe.name == file.stem
    assert recipe.network["kind"] in recipes.NETWORKS
    assert recipe.schedule.sizes[-1][1] == recipe.input_format.side
    if recipe.teachers.soft_labels:
        assert soft_labels.read(file.parent / recipe.teachers.soft_labels).views >= 10


def test_each_kind_of_network_has_a_recipe() -> None:
    assert {"emotion-cnn", "emotion-mobilenetv2-full", "emotion-small"} <= {file.stem for file in SHIPPED}


def test_missing_keys_have_their_defaults(tmp_path: Path) -> None:
    (tmp_path / "small.toml").write_text(drawn_faces.TINY_RECIPE)
    recipe = recipes.read(tmp_path / "small.toml")
    assert (recipe.name, recipe.seed, recipe.schedule.epochs) == ("small", 3, 2)
    assert recipe.augment.rotation_deg == 5.0
    assert recipe.augment.zoom == recipes.AugmentConfig().zoom
    assert recipe.targets == recipes.Targets()
    assert recipe.schedule.sizes == ((0.0, 32), (0.5, 48))


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("seed = ", "cannot read this recipe"),
        ("seed = 1", r"\[network\] needs a kind, one of cnn, plain, mobilenetv2_48, cnn4"),
        ('[network]\nkind = "vgg"', r"\[network\] needs a kind"),
        ('sed = 1\n[network]\nkind = "cnn"', "unknown key 'sed'; known: name, network, seed"),
        ('seed = "one"\n[network]\nkind = "cnn"', "seed is 'one'; expected a whole number"),
        (
            '[network]\nkind = "cnn"\n[schedule]\nepoch = 3',
            r"\[schedule\]: unknown key 'epoch'; .*mean epochs\?",
        ),
        ('[network]\nkind = "cnn"\n[schedule]\nbatch = 3', r"did you mean batch_size\?"),
        ('[network]\nkind = "cnn"\n[schedule]\nepochs = "3"', "schedule.epochs is '3'; expected a whole number"),
        ('[network]\nkind = "cnn"\n[schedule]\nepochs = 0', r"schedule.epochs is 0; expected 1 or more"),
        (
            '[network]\nkind = "cnn"\n[schedule]\nlearning_rate = -0.1',
            "schedule.learning_rate is -0.1; expected 0 or more",
        ),
        ('[network]\nkind = "cnn"\n[schedule]\nema_decay = 1.0', "must be below 1"),
        ('[network]\nkind = "cnn"\n[schedule]\nsizes = [[0.1, 32]]', "must start at 0 and rise"),
        ('[network]\nkind = "cnn"\n[schedule]\nsizes = [[0, 64]]', "sides must be 16 to 48 pixels"),
        ('[network]\nkind = "cnn"\n[schedule]\nsizes = 48', "expected rows of"),
        ('[network]\nkind = "cnn"\n[schedule]\nprecision = "int4"', "precision is 'int4'; known: float32"),
        (
            '[network]\nkind = "cnn"\n[augment]\nhorizontal_flip = 1',
            "augment.horizontal_flip is 1; expected true or false",
        ),
        ('[network]\nkind = "cnn"\n[augment]\nflip = true', "unknown key 'flip'"),
        (
            '[network]\nkind = "cnn"\n[augment]\nhorizontal_flip = "no"',
            "augment.horizontal_flip is 'no'; expected true or false",
        ),
        ('[network]\nkind = "cnn"\nequivariant = 1', "network.equivariant is 1; expected true or false"),
        ('[network]\nkind = "plain"\nseparable = "no"', "network.separable is 'no'; expected true or false"),
        ('[network]\nkind = "cnn"\n[distillation]\nonline = 1', "distillation.online is 1; expected true or"),
        ('[network]\nkind = "cnn"\n[quantization]\naware = "yes"', "quantization.aware is 'yes'; expected true or"),
        (
            '[network]\nkind = "cnn"\n[targets]\nlabel_smoothing = 1.0',
            "targets.label_smoothing is 1.0; expected less than 1",
        ),
        (
            '[network]\nkind = "cnn"\n[targets]\nferplus_uniform = 5',
            "targets.ferplus_uniform is 5; expected less than 1",
        ),
        ('[network]\nkind = "cnn"\n[augment]\nzoom = 1.0', "augment.zoom is 1.0; expected less than 1"),
        *(
            (f'[network]\nkind = "cnn"\n[augment]\n{key} = {value}', f"augment.{key} is {value}; expected {most} at")
            for key, value, most in (
                ("rotation_deg", 181, 180),
                ("shift", 1.01, 1),
                ("contrast", 40.0, 1),
                ("brightness", 32, 4),
                ("blur_probability", 1.5, 1),
                ("erase_probability", 40, 1),
            )
        ),
        (
            '[network]\nkind = "cnn"\n[schedule]\nlearning_rate = nan',
            "schedule.learning_rate is nan; expected 0 or more",
        ),
        ('[network]\nkind = "cnn"\n[augment]\nbrightness = inf', "augment.brightness is inf; expected 0 or more"),
        ('targets = 3\n[network]\nkind = "cnn"', r"expected a table \[targets\]"),
        ('[network]\nkind = "vgg16"\n[input]\nside = 40', r"\[input\]: a side of 40 pixels; allowed: 48 to 224"),
        ('[network]\nkind = "cnn4"\n[input]\nside = 0', "input.side is 0; expected 1 or more"),
        ('[network]\nkind = "cnn4"\n[input]\nside = 512', r"\[input\]: a side of 512 pixels; allowed: 48 to 224"),
        ('[network]\nkind = "cnn4"\n[input]\nchannels = 2', r"\[input\]: 2 channels; allowed: 1 or 3"),
        (
            '[network]\nkind = "cnn4"\n[input]\ncolour = "cmyk"',
            r"\[input\]: colour 'cmyk' in 1 channels; allowed: grey",
        ),
        ('[network]\nkind = "cnn4"\n[input]\nscaling = "0..2"', r"\[input\]: scaling '0..2'; allowed: "),
        ('[network]\nkind = "resnet50"\n[input]\nchannels = 1', "scaling 'imagenet-bgr' is for three channels"),
        (
            '[network]\nkind = "mobilenetv2"\nweights = "imagenet"\n[input]\nchannels = 1',
            "imagenet. needs input.channels 3",
        ),
        (
            '[network]\nkind = "mobilenetv2"\nweights = 3',
            "network.weights is 3; expected .none., .imagenet., or a file",
        ),
        ('[network]\nkind = "cnn4"\nweights = "none"', "network: unknown key 'weights'; known: kind, dropout"),
        ('[network]\nkind = "vgg16"\n[schedule]\nsizes = [[0, 40]]', "vgg16 is trained at input.side alone"),
        ('[network]\nkind = "cnn"\n[schedule]\noptimizer = "adam"', "schedule.optimizer is 'adam'; known: sgd, adamw"),
        ('[network]\nkind = "cnn"\n[balance]\nclass_weights = 2', "balance.class_weights is 2; expected 1 at the most"),
        ('[network]\nkind = "cnn"\n[balance]\ncap = 1.5', "balance.cap is 1.5; expected a whole number"),
        ('[network]\nkind = "cnn"\n[data]\nshare = 0', "data.share is 0.0; expected a number above 0"),
        (
            '[network]\nkind = "cnn"\n[fine_tuning]\nheads_share = 0.5',
            "heads_share and fine_tuning.learning_rate go together",
        ),
        (
            '[network]\nkind = "cnn4"\n[distillation]\nonline = true',
            r"distillation and data.aligned are for the default \[input\] alone",
        ),
    ],
)
def test_an_error_names_the_invalid_key(tmp_path: Path, text: str, message: str) -> None:
    (tmp_path / "wrong.toml").write_text(text)
    with pytest.raises(RecipeError, match=message) as caught:
        recipes.read(tmp_path / "wrong.toml")
    assert str(caught.value).startswith(str(tmp_path / "wrong.toml"))
    assert "\n" not in str(caught.value)


def test_the_largest_allowed_values_are_accepted(tmp_path: Path) -> None:
    (tmp_path / "wild.toml").write_text(
        '[network]\nkind = "plain"\nseparable = true\nequivariant = false\n'
        "[targets]\nlabel_smoothing = 0.99\nferplus_uniform = 0.99\n[augment]\nrotation_deg = 180\nzoom = 0.99\n"
        "shift = 1\ncontrast = 1.0\nbrightness = 4\nblur_probability = 1\nerase_probability = 1.0\n"
    )
    assert recipes.read(tmp_path / "wild.toml").augment == recipes.AugmentConfig(180, 0.99, 1, 1, 4, 1, 1)


def test_a_missing_recipe_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(RecipeError, match="cannot read this recipe"):
        recipes.read(tmp_path / "none.toml")


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ("weight = 1.5", "distillation.weight must be 0 to 1"),
        ("temperature = 0.5", "distillation.temperature is 0.5; expected 1 or more"),
        ("mixup = 0.5", "distillation.mixup must be 0 to 1, and goes with distillation.online"),
        ("online = true\nmixup = 1.5", "distillation.mixup must be 0 to 1"),
        ('online = true\n[teachers]\nsoft_labels = "soft.npz"', "distillation.online asks runs, not a file"),
        ("[teachers]\nsoft_labels = 3", "teachers.soft_labels is 3; expected a text"),
        (
            '[teachers]\nsoft_labels = "soft.npz"\n[data]\naligned = true',
            "teachers were asked about pictures as they are",
        ),
    ],
)
def test_invalid_distillation_settings_are_refused(tmp_path: Path, settings: str, message: str) -> None:
    (tmp_path / "small.toml").write_text(drawn_faces.TINY_RECIPE + f"\n[distillation]\n{settings}\n")
    with pytest.raises(recipes.RecipeError, match=message):
        recipes.read(tmp_path / "small.toml")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ('kind = "cnn"', InputFormat()),
        ('kind = "cnn4"', InputFormat(scaling="0..1")),
        ('kind = "vgg19"', InputFormat(channels=3, scaling="imagenet-bgr")),
        ('kind = "vgg19"\n[input]\nside = 224\ncolour = "rgb"', InputFormat(224, 3, "rgb", "imagenet-bgr")),
        ('kind = "mobilenetv2"\n[input]\nside = 128', InputFormat(128, 3, "grey", "-1..1")),
        ('kind = "efficientnetv2b0"\n[input]\nchannels = 1', InputFormat(48, 1, "grey", "0..255")),
        ('kind = "plain"\n[input]\ncolour = "bgr"', InputFormat(48, 3, "bgr")),
    ],
)
def test_the_input_is_what_the_network_expects_and_the_recipe_says(
    tmp_path: Path, text: str, expected: InputFormat
) -> None:
    (tmp_path / "mine.toml").write_text(f"[network]\n{text}\n")
    recipe = recipes.read(tmp_path / "mine.toml")
    assert recipe.input_format == expected
    own = expected.side == 48 and recipe.kind.is_any_side
    assert recipe.schedule.sizes == (recipes.OWN_SIZES if own else ((0.0, expected.side),))


def test_a_recipe_from_before_keras_networks_means_our_mobilenetv2(tmp_path: Path) -> None:
    (tmp_path / "old.toml").write_text('[network]\nkind = "mobilenetv2"\nstages = [[1, 8, 1, 1]]\ndropout = 0.1\n')
    assert recipes.read(tmp_path / "old.toml").network["kind"] == "mobilenetv2_48"
    (tmp_path / "new.toml").write_text('[network]\nkind = "mobilenetv2"\ndropout = 0.1\n')
    assert recipes.read(tmp_path / "new.toml").network["kind"] == "mobilenetv2"


def test_each_ancestor_names_its_project_and_figure() -> None:
    ancestors = [recipes.read(file) for file in SHIPPED if file.stem.startswith("ancestor-")]
    assert len(ancestors) >= 13
    for recipe in ancestors:
        assert "ancestor: " in recipe.note
        assert "published" in recipe.note or "no figure" in recipe.note
        is_pretrained = recipe.network.get("weights") == "imagenet"
        assert is_pretrained != (recipe.note.startswith("from scratch") or "from scratch" in recipe.note)
