# shellcheck shell=bash
# What words need that wait for a gap in talk: the package that tells talk from other sound, from its lock file.

install_listening() {
    if ! add_extra listen; then
        warn "the package for a microphone could not be had: $(last_line "$WORK/why"). Words do not wait for gaps; try again later with --listen"
        return
    fi
    set_setting listen enabled true
    note "words wait for a gap in talk; listen.enabled = false in $SETTINGS ends that, sudo emotion-assistant doctor tests the microphone"
}
