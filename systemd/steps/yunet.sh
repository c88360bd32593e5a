# shellcheck shell=bash
# YuNet (Wu et al. 2023, Apache-2.0), another face detector, fetched from its public source and checked by its hash.

YUNET_URL=${EMOTION_ASSISTANT_YUNET_URL:-https://raw.githubusercontent.com/ShiqiYu/libfacedetection.train/02246e79b1e976c83d1e135a85e0628120c93769/onnx/yunet_n_320_320.onnx}
YUNET_SHA256=81dbde155e982455488235acb8ec2dec5d647edf7cf7080d33e4abb69b93a0d2
YUNET="$PREFIX/yunet_n_320_320.onnx"

install_yunet() {
    if ! fetch_weights "${YUNET##*/}" "$YUNET_URL" "$YUNET_SHA256" 1; then
        warn "YuNet could not be had: $(last_line "$WORK/why"). The built-in face detector is used; try again later with --yunet"
        return
    fi
    if ! "$PREFIX/venv/bin/python" -I -B -c 'import sys
from assistant.config.settings import DetectorSettings
from assistant.vision.detectors.yunet import YuNetFaceDetector
YuNetFaceDetector(DetectorSettings(model=sys.argv[1]))' "$YUNET" 2>"$WORK/why"; then
        rm -f "$YUNET"
        warn "YuNet does not work here: $(last_line "$WORK/why"). The built-in face detector is used"
        return
    fi
    set_setting detector driver '"yunet"'
    set_setting detector model "\"$YUNET\""
    note "YuNet looks for faces; detector.driver = \"tflite\" in $SETTINGS chooses the built-in one"
}
