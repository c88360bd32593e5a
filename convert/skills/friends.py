"""How well friends are told from strangers: pairs of LFW, ten friends among strangers, and tracks of strangers.

Thresholds are chosen on the half of the people that `muxspace.half_of` calls "tuning"; the figures are of the other.
"""

import csv
from collections import defaultdict
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from assistant.config.settings import Settings
from assistant.errors import AssistantError
from assistant.skills.friends.evidence import MAX_LOOKS, MIN_AGREEING, Evidence
from assistant.skills.friends.friend import MAX_VIEWS, ConsentWay, Friend
from assistant.skills.friends.gallery import Certainty, Gallery, as_embedding, mean_embedding
from assistant.skills.friends.recognizer import open_recognizer
from assistant.skills.friends.thresholds import NameThresholds
from assistant.skills.friends.weights import recognizer_file
from convert.data import muxspace
from convert.skills.face_embeddings import AS_IT_IS, LOOKS, SMALL, Embeddings, Wanted, embed_pictures
from convert.skills.intervals import upper_bound
from convert.skills.measurement import Measurement, Report
from convert.skills.sources import Sources, needed

FOLDS = 10
FALSE_ACCEPTS = 0.001
"""Share of pairs of strangers that pass, at which the share of other pairs that pass is told."""
FRIENDS, ROUNDS = 10, 40
"""Friends in each round, and rounds, each with ten other friends drawn."""
MIN_PICTURES = MAX_VIEWS + 3
"""Of a person who is drawn as a friend: five are enrolled, the others are looked at."""
MAX_PICTURES = 10
"""Of a person who is drawn as a friend: of some there are hundreds, which would outweigh all the others."""
TRACKS = 2100
"""Strangers, each of another person, who are looked at three times."""
TUNING_TRACKS = 800
"""The same of the half on which thresholds are chosen."""
SMALL_STRANGERS = 800
"""People of each half, one picture each, whose faces are shrunk."""
GRID = np.round(np.arange(0.30, 0.561, 0.02), 2)
"""Cosines from which a look counts for a friend, compared on the tuning half."""
TRACK_GRID = np.round(np.arange(0.44, 0.621, 0.02), 2)
"""The same for the mean of a track's looks, from which on a name is said. It is higher than of one look: in the mean of
three the noise of each is less, also where they are not of the friend."""
SEED = 26

Faces = dict[Wanted, tuple[NDArray[np.float32], bool]]
"""The embedding of each picture and variant that has a face, and whether it would be looked at."""


def measure(sources: Sources) -> Report:
    """Raises AssistantError where pictures or the recognizer are missing."""
    images = needed(sources.data, "EMOTION_DATA") / "muxspace" / "images"
    pairs = read_pairs(needed(sources.things, "EMOTION_THINGS") / "faces" / "pairs.csv")
    file = recognizer_file(Settings())
    recognizer = open_recognizer(file)
    by_person: dict[str, list[str]] = defaultdict(list)
    for each in sorted(images.glob("*.jpg")):
        by_person[muxspace.person_of(each.name)].append(each.name)
    halves = {
        half: {who: names for who, names in by_person.items() if _half(names) == half} for half in muxspace.HALVES
    }
    strangers = {
        half: [names[0] for names in halves[half].values() if len(names) < MIN_PICTURES][:count]
        for half, count in (("report", TRACKS), ("tuning", TUNING_TRACKS))
    }
    wanted = [(name, AS_IT_IS) for names in by_person.values() for name in names]
    wanted += [(name, look) for names in strangers.values() for name in names for look in LOOKS]
    for people in halves.values():
        for names in people.values():
            if len(names) >= MIN_PICTURES:
                wanted += [(name, SMALL) for name in names[:MAX_PICTURES]]
        wanted += [(names[0], SMALL) for names in list(people.values())[:SMALL_STRANGERS]]
    faces = _by_wanted(wanted, embed_pictures(images, file, wanted))
    return {
        "recognizer": {"file": file.name, "sha256": recognizer.sha256},
        "thresholds": {"name": recognizer.thresholds.name, "maybe": recognizer.thresholds.maybe},
        "pairs": pair_accuracy(pairs, faces),
        "tuning": [
            {
                "cosine": float(bar),
                "as_it_is": friends_among_strangers(halves["tuning"], faces, AS_IT_IS, float(bar)),
                "px_30": friends_among_strangers(halves["tuning"], faces, SMALL, float(bar)),
            }
            for bar in GRID
        ],
        "tuning_tracks": [
            {
                "cosine": float(bar),
                **tracks(
                    halves["tuning"],
                    strangers["tuning"],
                    faces,
                    NameThresholds(float(bar), recognizer.thresholds.maybe),
                ),
            }
            for bar in TRACK_GRID
        ],
        "friends": friends_among_strangers(halves["report"], faces, AS_IT_IS, recognizer.thresholds.maybe),
        "friends_30_px": friends_among_strangers(halves["report"], faces, SMALL, recognizer.thresholds.maybe),
        "tracks": tracks(halves["report"], strangers["report"], faces, recognizer.thresholds),
    }


def _half(names: list[str]) -> str:
    return muxspace.half_of(names[0])


def _by_wanted(wanted: list[Wanted], embedded: Embeddings) -> Faces:
    return {
        each: (vector, bool(good))
        for each, vector, good, found in zip(wanted, embedded.vectors, embedded.good, embedded.found, strict=True)
        if found
    }


def read_pairs(file: Path) -> list[tuple[str, str, bool, int]]:
    """First and second picture, whether they show the same person, and the fold. Raises AssistantError."""
    try:
        with open(file, newline="", encoding="utf-8") as table:
            return [
                (row["first"], row["second"], row["same"] == "1", int(row["fold"])) for row in csv.DictReader(table)
            ]
    except (OSError, KeyError, ValueError) as err:
        raise AssistantError(f"{file}: not the pairs of faces: {err}") from err


def pair_accuracy(pairs: list[tuple[str, str, bool, int]], faces: Faces) -> Report:
    """Accuracy with the threshold of the nine other folds, and the share of true pairs accepted where FALSE_ACCEPTS of
    the others are."""
    known = [each for each in pairs if (each[0], AS_IT_IS) in faces and (each[1], AS_IT_IS) in faces]
    cosines = np.array([faces[a, AS_IT_IS][0] @ faces[b, AS_IT_IS][0] for a, b, _, _ in known])
    same, folds = np.array([each[2] for each in known]), np.array([each[3] for each in known])
    accuracies = []
    for fold in range(FOLDS):
        rest = folds != fold
        candidates = np.unique(cosines[rest])
        right = [np.mean((cosines[rest] >= bar) == same[rest]) for bar in candidates[:: max(1, len(candidates) // 400)]]
        bar = candidates[:: max(1, len(candidates) // 400)][int(np.argmax(right))]
        accuracies.append(float(np.mean((cosines[~rest] >= bar) == same[~rest])))
    bar = float(np.sort(cosines[~same])[::-1][int(FALSE_ACCEPTS * np.sum(~same))])
    return {
        "pairs": len(known),
        "accuracy": float(np.mean(accuracies)),
        "std": float(np.std(accuracies)),
        "true_accepts": float(np.mean(cosines[same] > bar)),
        "false_accepts": FALSE_ACCEPTS,
        "at_cosine": bar,
    }


def enrolled(who: str, names: list[str], faces: Faces) -> Friend:
    """A friend with those pictures."""
    vectors = [faces[name, AS_IT_IS][0] for name in names]
    return Friend(
        who,
        who,
        as_embedding(mean_embedding(vectors)),
        tuple(map(as_embedding, vectors)),
        "",
        ConsentWay.SAID_BY_USER,
        "",
    )


def _draw(random: np.random.Generator, people: dict[str, list[str]], faces: Faces) -> tuple[list[Friend], list[Wanted]]:
    """Ten friends, and their names with the pictures that are left."""
    can_be = [who for who, names in people.items() if _good(names[:MAX_PICTURES], faces) >= MIN_PICTURES]
    friends, left = [], []
    for who in random.choice(sorted(can_be), FRIENDS, replace=False):
        names = [name for name in people[who][:MAX_PICTURES] if faces.get((name, AS_IT_IS), (None, False))[1]]
        order = [names[index] for index in random.permutation(len(names))]
        friends.append(enrolled(str(who), order[:MAX_VIEWS], faces))
        left += [(str(who), name) for name in order[MAX_VIEWS:]]
    return friends, left


def _good(names: list[str], faces: Faces) -> int:
    return sum(faces.get((name, AS_IT_IS), (None, False))[1] for name in names)


def friends_among_strangers(people: dict[str, list[str]], faces: Faces, variant: str, bar: float) -> Report:
    """ROUNDS times ten friends of five pictures each: the share of single looks at them that count for the right one,
    and for a wrong one, and that of looks at all other people which count for a friend. bar: cosine from which a look
    counts."""
    random = np.random.default_rng(SEED)
    looks = right = wrong = others = named = 0
    for _ in range(ROUNDS):
        friends, left = _draw(random, people, faces)
        means = np.array([friend.mean for friend in friends], np.float32)
        ids = [friend.friend_id for friend in friends]
        for who, name in left:
            if faces.get((name, variant), (None, False))[1]:
                cosines = means @ faces[name, variant][0]
                looks += 1
                if cosines.max() >= bar:
                    right += ids[int(cosines.argmax())] == who
                    wrong += ids[int(cosines.argmax())] != who
        strangers = [
            faces[name, variant][0]
            for who, names in people.items()
            if who not in ids
            for name in names
            if faces.get((name, variant), (None, False))[1]
        ]
        best = (np.stack(strangers) @ means.T).max(axis=1)
        others, named = others + len(best), named + int(np.sum(best >= bar))
    return {
        "friends": FRIENDS, "rounds": ROUNDS, "looks": looks, "right": right / looks, "wrong": wrong / looks,
        "looks_at_strangers": others, "strangers": named / others,
    }  # fmt: skip


def tracks(people: dict[str, list[str]], strangers: list[str], faces: Faces, thresholds: NameThresholds) -> Report:
    """Tracks, decided as the assistant decides: three looks at each stranger, with other friends for every FRIENDS of
    them; and three pictures of each of those friends, as they are and small."""
    random = np.random.default_rng(SEED)
    counts: dict[str, dict[str, int]] = {kind: defaultdict(int) for kind in ("strangers", "friends", "friends_30_px")}
    looked_at = []
    for name in strangers:
        looks = [faces[name, look] for look in (AS_IT_IS, *LOOKS) if (name, look) in faces]
        if views := [vector for vector, is_good in looks if is_good]:
            looked_at.append(views)
    for start in range(0, len(looked_at), FRIENDS):
        friends, left = _draw(random, people, faces)
        gallery = Gallery(friends, "", thresholds)
        for views in looked_at[start : start + FRIENDS]:
            _count(counts["strangers"], gallery, views, "")
        for kind, variant in (("friends", AS_IT_IS), ("friends_30_px", SMALL)):
            by_friend: dict[str, list[NDArray[np.float32]]] = defaultdict(list)
            for who, name in left:
                if faces.get((name, variant), (None, False))[1]:
                    by_friend[who].append(faces[name, variant][0])
            for who, views in by_friend.items():
                if len(views) >= MIN_AGREEING:
                    _count(counts[kind], gallery, views[:MAX_LOOKS], who)
    errors, total = counts["strangers"]["named"], counts["strangers"]["tracks"]
    return {
        **{kind: dict(count) for kind, count in counts.items()},
        "strangers_named_at_most": upper_bound(errors, total),
    }


def _count(counts: dict[str, int], gallery: Gallery, views: list[NDArray[np.float32]], who: str) -> None:
    certainty, name = _decided(gallery, views)
    counts["tracks"] += 1
    if certainty is not Certainty.SOMEONE_ELSE:
        counts[certainty.value] += 1
        counts["named wrong"] += bool(who) and certainty is Certainty.NAMED and name != who


def _decided(gallery: Gallery, views: list[NDArray[np.float32]]) -> tuple[Certainty, str]:
    evidence = Evidence(gallery)
    for view in views:
        evidence.add(1, view, 1.0)
    match = evidence.verdict(1)
    if match is None:  # too few good views
        return Certainty.SOMEONE_ELSE, ""
    return match.certainty, match.friend.friend_id if match.friend is not None else ""


def as_text(report: Report) -> str:
    """The figures, a line each."""
    pairs, of_tracks = report["pairs"], report["tracks"]

    def share(value: Any) -> str:
        return f"{100 * value:.2f} %"

    def looks(figures: Report) -> str:
        return (
            f"{share(figures['right'])} of {figures['looks']} looks right, {share(figures['wrong'])} wrong; strangers "
            f"{share(figures['strangers'])} of {figures['looks_at_strangers']}"
        )

    lines = [
        f"friends, recognizer {report['recognizer']['file']}, thresholds {report['thresholds']}",
        f"  pairs: {share(pairs['accuracy'])} of {pairs['pairs']} right, ± {share(pairs['std'])}",
        f"  true pairs accepted where {share(pairs['false_accepts'])} of others are: {share(pairs['true_accepts'])}",
        f"  a look among ten friends: {looks(report['friends'])}",
        f"  the same, faces of 30 pixels: {looks(report['friends_30_px'])}",
        *(f"  tracks of {kind}: {of_tracks[kind]}" for kind in ("strangers", "friends", "friends_30_px")),
        f"  strangers named: at most {share(of_tracks['strangers_named_at_most'])} of tracks (95 %)",
    ]
    rows = (
        f"  tuning, {row['cosine']:.2f}: {looks(row['as_it_is'])}; 30 px: {looks(row['px_30'])}"
        for row in report["tuning"]
    )
    track_rows = (
        f"  tuning, tracks, {row['cosine']:.2f}: strangers {row['strangers']}; friends {row['friends']}; "
        f"30 px {row['friends_30_px']}"
        for row in report["tuning_tracks"]
    )
    return "\n".join([*lines, *rows, *track_rows])


MEASUREMENT = Measurement(measure, as_text)
