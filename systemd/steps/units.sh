# shellcheck shell=bash
# The units: put in place, enabled, and started where systemd runs (in a chroot it does not).

UNITS=/etc/systemd/system
SERVICES=(emotion-assistant-voice.service emotion-assistant.service)
POWER=emotion-assistant-poweroff.path # switches the device off when its wearer asks for it

runs_systemd() { [ -d /run/systemd/system ]; }

install_units() {
    local unit
    for unit in "$HERE"/*.service "$HERE"/*.path "$HERE"/*.timer "$HERE"/*.socket; do
        [ ! -f "$unit" ] || put "$unit" "$UNITS/${unit##*/}"
    done
    systemctl enable --quiet "${SERVICES[@]}" "$POWER" || fail "the units could not be enabled" "run systemctl enable ${SERVICES[*]} and mend what it says"
    if ! runs_systemd; then
        note "systemd does not run here: they start at the next boot"
        return
    fi
    systemctl daemon-reload
    systemctl start "$POWER" || warn "the wearer cannot switch the device off: see systemctl status $POWER"
    if [ "$CHANGED" = yes ]; then
        systemctl restart "${SERVICES[@]}" || unit_failed
    else
        systemctl start "${SERVICES[@]}" || unit_failed
    fi
    note "running: $(systemctl is-active "${SERVICES[@]}" | tr '\n' ' ')"
}

unit_failed() {
    fail "the assistant did not start" "run journalctl -u emotion-assistant -u emotion-assistant-voice -n 30"
}

remove_units() {
    local unit
    if runs_systemd; then systemctl stop 'emotion-assistant*' || true; fi
    for unit in "$UNITS"/emotion-assistant*; do
        [ -e "$unit" ] || continue
        unit=${unit##*/}
        systemctl --quiet disable "$unit" 2>/dev/null || true # systemctl fails for a template and for a unit that is never enabled
        rm -rf "${UNITS:?}/$unit"
    done
    if runs_systemd; then
        systemctl daemon-reload
        systemctl reset-failed 'emotion-assistant*' 2>/dev/null || true
    fi
}
