"""The pins of a Raspberry Pi, through gpiozero on lgpio: what buttons and the camera's light share."""

import contextlib
import os
import sys
import tempfile
from collections.abc import Iterator
from typing import Any

from assistant.errors import ControlError


@contextlib.contextmanager
def opening(what: str) -> Iterator[Any]:
    """gpiozero, for opening `what` with it. Raises ControlError where it is not there or its pins cannot be used."""
    try:
        import gpiozero
    except ImportError as err:
        raise ControlError(f"{what}: {err}; install it: sudo apt install python3-gpiozero python3-lgpio") from err
    try:
        yield gpiozero
    except _expected(gpiozero) as err:
        raise ControlError(f"{what}: {err or type(err).__name__}") from err


def _expected(gpiozero: Any) -> tuple[type[Exception], ...]:
    """What pins that cannot be used raise. lgpio has an error of its own, if it was imported at all."""
    lgpio = sys.modules.get("lgpio")
    return (gpiozero.GPIOZeroError, OSError, ImportError, *((lgpio.error,) if lgpio else ()))


def own_factory() -> Any:
    """lgpio's pins, to be closed by who asked for them; None where GPIOZERO_PIN_FACTORY names others.

    No others are tried: gpiozero itself would go on to one that wants a network. To be called within `opening`.
    """
    if "GPIOZERO_PIN_FACTORY" in os.environ:
        return None
    _lgpio()
    from gpiozero.pins.lgpio import LGPIOFactory

    return LGPIOFactory()


def _lgpio() -> Any:
    """lgpio. On import it makes a pipe in the working directory, which a service may not write to, or goes to the
    folder that LG_WD names and stays there; it is given one for that moment, and afterwards we are where we were."""
    here = os.open(".", os.O_RDONLY | os.O_DIRECTORY)
    named = os.environ.get("LG_WD")
    try:
        with tempfile.TemporaryDirectory(prefix="emotion-assistant-lgpio-") as folder:
            os.environ["LG_WD"] = folder
            import lgpio
    finally:
        os.fchdir(here)
        os.close(here)
        if named is None:
            os.environ.pop("LG_WD", None)
        else:
            os.environ["LG_WD"] = named
    return lgpio
