"""Stands in for a vision-language model: reads a request, looks at the picture, and says how light it is."""

import base64
import json
import os
import sys
import time

import cv2
import numpy as np


def main() -> None:
    mode = sys.argv[1]
    request = json.loads(sys.stdin.readline())
    if mode == "hang":
        with open(sys.argv[2], "w", encoding="ascii") as target:
            target.write(str(os.getpid()))
        time.sleep(60)
    while mode == "flood":
        sys.stdout.write("words " * 10000)
    if mode == "fail":
        sys.exit("no model\nno weights")
    if mode == "rubbish":
        print("A cup.")
        return
    png = np.frombuffer(base64.b64decode(request["picture"]), np.uint8)
    picture = cv2.imdecode(png, cv2.IMREAD_UNCHANGED)
    size = f"{picture.shape[1]}x{picture.shape[0]}"
    print(json.dumps({"text": f"{request['locale']} {size} of {request['width']}, grey {picture.mean():.0f}"}))


main()
