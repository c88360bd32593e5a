"""How near a detector's landmarks come to those that are known, and what that does to tilt and turn."""

from collections.abc import Sequence

import numpy as np

from assistant.vision.detectors import FaceDetector
from assistant.vision.faces.quality import head_pose
from convert.face_detector.pictures import Picture, overlaps

SAME_FACE = 0.5
"""Intersection over union from which a hit is the face whose landmarks are known."""


def error(detector: FaceDetector, pictures: Sequence[Picture]) -> dict[str, float]:
    """Over the found faces whose landmarks are known: how many, the median distance as a share of the face's size
    (root of its area), the median error of the roll in degrees, and the slope of its turn over the known one (1 where
    a turned head is seen as far turned as it is, 0 where it is not noticed)."""
    offs, rolls, turns = [], [], []
    for picture in pictures:
        hits = [face for face in detector.find(picture.grey, picture.grey) if face.landmarks is not None]
        boxes = np.array([face.box for face in hits], np.float32).reshape(-1, 4)
        for box, known in zip(picture.boxes, picture.landmarks, strict=True):
            near = overlaps(box, boxes)
            if not near.size or near.max() < SAME_FACE or not np.isfinite(known).all():
                continue
            found = hits[int(near.argmax())].landmarks or ()
            offs.append(np.hypot(*(np.array(found) - known).T).mean() / np.sqrt(box[2] * box[3]))
            theirs, ours = head_pose([(float(x), float(y)) for x, y in known]), head_pose(found)
            rolls.append(abs(ours.roll_deg - theirs.roll_deg))
            turns.append((theirs.turn, ours.turn))
    if not offs:
        return {"faces": 0}
    known_turn, found_turn = np.array(turns).T
    spread = float(((known_turn - known_turn.mean()) ** 2).sum())
    slope = float(((known_turn - known_turn.mean()) * (found_turn - found_turn.mean())).sum()) / max(spread, 1e-9)
    return {
        "faces": len(offs),
        "distance": float(np.median(offs)),
        "roll_deg": float(np.median(rolls)),
        "turn_slope": slope,
    }
