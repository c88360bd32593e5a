# shellcheck shell=bash
# What naming friends needs: the face recognizer SFace (Zhong et al. 2021, Apache-2.0), from the OpenCV model zoo.

SFACE=face_recognition_sface_2021dec_int8bq.onnx
SFACE_URL=${EMOTION_ASSISTANT_SFACE_URL:-https://media.githubusercontent.com/media/opencv/opencv_zoo/25f423d0e04c31a17254620e58febd7386da523b/models/face_recognition_sface/$SFACE}
SFACE_SHA256=fb143eea07838aa532d1c95df5f69899974ea0140e1fba05e94204be13ed74ee

install_friends() {
    if ! fetch_weights "$SFACE" "$SFACE_URL" "$SFACE_SHA256" 16; then
        warn "the face recognizer could not be had: $(last_line "$WORK/why"). Nobody is named; try again later with --friends"
        return
    fi
    if ! "$PREFIX/venv/bin/python" -I -B -c 'import sys
from pathlib import Path
from assistant.skills.friends.recognizer import open_recognizer
open_recognizer(Path(sys.argv[1]))' "$PREFIX/$SFACE" 2>"$WORK/why"; then
        rm -f "$PREFIX/$SFACE"
        warn "the face recognizer does not work here: $(last_line "$WORK/why"). Nobody is named"
        return
    fi
    set_setting friends enabled true
    note "friends who agreed are named once they are taught: sudo emotion-assistant friends add NAME"
    note "tell the people nearby: emotion-assistant notice; friends.enabled = false in $SETTINGS ends it"
    if [ "$APT" = yes ] && [ -z "$DEBS" ] && ! has_package python3-cryptography; then
        apt_install python3-cryptography || note "without python3-cryptography friends cannot be moved to another box"
    fi
}
