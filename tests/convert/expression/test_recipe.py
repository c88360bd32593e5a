"""Recipes: the shipped ones are valid, and an error names the invalid key."""

from pathlib import Path

import pytest

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
