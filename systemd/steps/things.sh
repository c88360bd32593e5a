# shellcheck shell=bash
# What `what` and `find` need: YOLOX-nano (Ge et al. 2021, Megvii, Apache-2.0). Its own home offers a release file, which
# could not be compared; this is the copy that was measured, in a repository that states no licence of its own.

YOLOX=yolox_nano.onnx
YOLOX_URL=${EMOTION_ASSISTANT_YOLOX_URL:-https://raw.githubusercontent.com/Bigisland1729/object-detection-models/7f3f2fa34b351e3d2af150893458106ad3f3a84f/$YOLOX}
YOLOX_SHA256=e8af074932d4ed7e232278e3055cefcdea3edf178874a3694ae292649fb464dd

install_things() {
    if ! fetch_weights "$YOLOX" "$YOLOX_URL" "$YOLOX_SHA256" 8; then
        warn "the detector of things could not be had: $(last_line "$WORK/why"). Nothing is looked for; try again later with --things"
        return
    fi
    if ! "$PREFIX/venv/bin/python" -I -B -c 'import sys
from assistant.config.settings import Settings, ThingsSettings
from assistant.skills.things.engine import open_engine
open_engine(Settings(things=ThingsSettings(model=sys.argv[1])))' "$PREFIX/$YOLOX" 2>"$WORK/why"; then
        rm -f "$PREFIX/$YOLOX"
        warn "the detector of things does not work here: $(last_line "$WORK/why"). Nothing is looked for"
        return
    fi
    set_setting things enabled true
    note "asked for, things are told: emotion-assistant what, emotion-assistant find cup; things.enabled = false in $SETTINGS ends it"
}
