"""The steps of the guide: what each one says, and the press that it practises. Data only; `script` fills it in.

A text is a key of [guide] in the locale files, or one of `script.examples`.
"""

from assistant.dataclass import dataclass
from assistant.ipc.commands import Command

SMILES, USUAL = "smiles", "usual"
"""The steps whose practice chooses how much is said unasked. Only the one that would change the setting is told."""
MORE_KEYS, NO_KEYS = "more_keys", "no_keys"
"""The steps that are told where a key is missing for something, and where there is no key at all."""
SKILLS = "skills"
"""The step about the keys that ask the skills, which is told where one is on."""
SOUNDS, KEYS, OFFER = "sounds", "keys", "offer"
"""The steps with the tour of the earcons, with the explanation of the keys, and the question at the first start."""


@dataclass(frozen=True)
class Topic:
    """A step, before its words are filled in."""

    name: str
    texts: tuple[str, ...]
    """What is said."""
    commands: tuple[Command, ...] = ()
    """What it is about: one of these, whichever a key has. Where none has it, the step is left out; where there are no
    keys at all, the texts are said that name no press."""
    practises: bool = False
    """Whether that key is to be pressed after the texts."""
    done: tuple[str, ...] = ()
    """Said after the right press."""


MUTES = (Command.TOGGLE_MUTE, Command.MUTE)
REPEATS = (Command.REPEAT_INSTEAD, Command.REPEAT)
ADVANCED = (Command.WHY, Command.WRONG, Command.AIM)
"""What a box with one button, and some headsets, have no key for."""

TOPICS = (
    Topic("welcome", ("welcome",)),
    Topic(NO_KEYS, ("no_keys",)),
    Topic("leave", ("leave",), MUTES),
    Topic("skip", ("skip",), (Command.ASK,)),
    Topic("sees", ("sees", "looks", "example_arrived", "nobody_known")),
    Topic("hedged", ("not_feeling", "unsure", "example_maybe", "not_for")),
    Topic("ask", ("ask",), (Command.ASK,), practises=True, done=("example_ask", "more")),
    Topic("ask_more", ("ask_more",), (Command.MORE,), practises=True),
    Topic("repeat", ("repeat",), REPEATS, practises=True),
    Topic("why", ("why",), (Command.WHY,), practises=True, done=("example_why",)),
    Topic("wrong", ("wrong",), (Command.WRONG,), practises=True),
    Topic("aim", ("aim",), (Command.AIM,), practises=True, done=("example_aim",)),
    Topic(MORE_KEYS, ("more_keys",)),
    Topic(
        SKILLS, ("skills",), (Command.SKILLS,), practises=True, done=("skills_step", "skills_choose", "skills_leave")
    ),
    Topic(SMILES, ("seldom", "levels", "smiles_offer")),
    Topic(USUAL, ("usual_offer",)),
    Topic("mute", ("mute",), MUTES, practises=True, done=("mute_again",)),
    Topic("lens", ("lens", "lens_wish")),
    Topic(SOUNDS, ("sounds",)),
    Topic("faults", ("faults", "example_fault", "silence")),
    Topic("shutdown", ("shutdown", "shutdown_later"), (Command.SHUTDOWN,)),
    Topic(KEYS, ("keys", "keys_end")),
)
"""The guide, in the order in which it is told."""
