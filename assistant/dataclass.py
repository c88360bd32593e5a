"""Dataclasses that are cheap to define: a process that starts defines some sixty and makes objects of half of them.

`dataclasses.dataclass` compiles six methods of each class while its module is imported: half a millisecond a class on a
server, which was half of the time that our own modules took to import (`emotion-convert benchmark start`). Here all
classes share their methods, but for `__init__`, which `dataclasses` compiles for the first object: from then on making
one costs the same.
"""

import dataclasses
from collections.abc import Callable
from reprlib import recursive_repr
from typing import TYPE_CHECKING, Any, NoReturn

__all__ = ["dataclass"]

if TYPE_CHECKING:
    from dataclasses import dataclass
else:

    def dataclass(cls: type | None = None, *, frozen: bool = False) -> Any:
        """Like `dataclasses.dataclass`, with those of its arguments that are used here."""
        return _defined(cls, frozen=False) if cls is not None else lambda given: _defined(given, frozen=frozen)


def _defined(cls: type, *, frozen: bool) -> type:
    dataclasses.dataclass(init=False, repr=False, eq=False)(cls)

    def first_init(self: Any, /, *args: Any, **kwargs: Any) -> None:
        made = _compiled_init(cls, frozen=frozen)
        _replace(cls, "__init__", made)
        made(self, *args, **kwargs)

    for name, method in (METHODS | (FROZEN_METHODS if frozen else {"__hash__": None})).items():
        if cls.__dict__.get(name) is None:  # a class with its own __eq__ has the hash None
            _replace(cls, name, method)
    _replace(cls, "__init__", first_init)
    return cls


def _replace(cls: type, name: str, method: Callable[..., Any] | None) -> None:
    type.__setattr__(cls, name, method)


def _compiled_init(cls: Any, *, frozen: bool) -> Callable[..., None]:
    """The `__init__` that `dataclasses` makes for the fields of this class, those of its bases included."""
    fields = cls.__dataclass_fields__
    body = {"__doc__": cls.__doc__, "__module__": cls.__module__, **fields}
    body["__annotations__"] = {name: field.type for name, field in fields.items()}
    if hasattr(cls, "__post_init__"):
        body["__post_init__"] = cls.__post_init__
    twin: Any = type(cls.__name__, (), body)
    dataclasses.dataclass(frozen=frozen, repr=False, eq=False, match_args=False)(twin)
    made: Callable[..., None] = twin.__init__
    made.__qualname__ = f"{cls.__qualname__}.__init__"
    return made


def _compared(item: Any) -> tuple[Any, ...]:
    return tuple(getattr(item, field.name) for field in dataclasses.fields(item) if field.compare)


def _equals(self: Any, other: object) -> bool:
    return _compared(self) == _compared(other) if other.__class__ is self.__class__ else NotImplemented


def _hash(self: Any) -> int:
    return hash(_compared(self))


@recursive_repr()
def _repr(self: Any) -> str:
    shown = [f"{field.name}={getattr(self, field.name)!r}" for field in dataclasses.fields(self) if field.repr]
    return f"{self.__class__.__qualname__}({', '.join(shown)})"


def _refuse_setting(_: Any, name: str, *_value: object) -> NoReturn:
    raise dataclasses.FrozenInstanceError(f"cannot assign to field {name!r}")


def _refuse_deleting(_: Any, name: str) -> NoReturn:
    raise dataclasses.FrozenInstanceError(f"cannot delete field {name!r}")


METHODS: dict[str, Any] = {"__eq__": _equals, "__repr__": _repr}
FROZEN_METHODS: dict[str, Any] = {"__hash__": _hash, "__setattr__": _refuse_setting, "__delattr__": _refuse_deleting}
