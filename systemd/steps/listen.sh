# shellcheck shell=bash
# What words need that wait for a gap in talk: the package that tells talk from other sound, from its lock file.

has_talk_detector() { compgen -G "$PREFIX/venv/lib/python3*/site-packages/webrtcvad.py" >/dev/null; }

# add_talk_detector: also after an update, into the new environment.
add_talk_detector() {
    has_talk_detector || { locked_pip "$PREFIX/venv/bin/python" "$(lock_of listen)" 2>"$WORK/why" && export CHANGED=yes; }
}

install_listening() {
    if ! add_talk_detector; then
        warn "the package for a microphone could not be had: $(last_line "$WORK/why"). Words do not wait for gaps; try again later with --listen"
        return
    fi
    set_setting listen enabled true
    note "words wait for a gap in talk; listen.enabled = false in $SETTINGS ends that, sudo emotion-assistant doctor tests the microphone"
}
