# shellcheck shell=bash
# The units: put in place, enabled, and started where systemd runs (in a chroot it does not).

UNITS=/etc/systemd/system
SERVICES=(emotion-assistant-voice.service emotion-assistant.service)
ENGINES=(friends things describe read) # the skills with an engine in a unit of its own
POWER=emotion-assistant-poweroff.path # switches the device off when its wearer asks for it

runs_systemd() { [ -d /run/systemd/system ]; }

install_units() {
    local unit
    for unit in "$HERE"/*.service "$HERE"/*.path "$HERE"/*.timer "$HERE"/*.socket "$HERE"/*.d/*.conf; do
        [ ! -f "$unit" ] || put "$unit" "$UNITS/${unit#"$HERE/"}"
    done
    systemctl enable --quiet "${SERVICES[@]}" "$POWER" || fail "the units could not be enabled" "run systemctl enable ${SERVICES[*]} and mend what it says"
    choose_skills
    if ! runs_systemd; then
        note "systemd does not run here: they start at the next boot"
        return
    fi
    systemctl daemon-reload
    systemctl start "$POWER" || warn "the wearer cannot switch the device off: see systemctl status $POWER"
    if [ "${#SKILLS[@]}" -gt 0 ]; then
        systemctl start "${SKILLS[@]}" || warn "a skill cannot be asked: see systemctl status ${SKILLS[*]}"
    fi
    if [ "$CHANGED" = yes ]; then
        systemctl stop 'emotion-assistant-skill@*.service' || true # the next request starts the new one
        systemctl restart "${SERVICES[@]}" || unit_failed
    else
        systemctl start "${SERVICES[@]}" || unit_failed
    fi
    note "running: $(systemctl is-active "${SERVICES[@]}" | tr '\n' ' ')"
}

# Enables the sockets of the skills that are on, and no others. SKILLS: these sockets.
choose_skills() {
    local engine is_on=' '
    SKILLS=()
    is_on+=$("$PREFIX/venv/bin/python" -I -B -c 'import sys
from pathlib import Path
from assistant.config.settings_file import load_settings
from assistant.skills.registry import ENGINES, is_enabled
settings = load_settings(Path(sys.argv[1]))
print(*(engine for engine in ENGINES if is_enabled(settings, engine)), "")' "$SETTINGS" 2>"$WORK/why") ||
        warn "the settings do not say which skills are on: $(last_line "$WORK/why")"
    for engine in "${ENGINES[@]}"; do
        if [[ $is_on == *" $engine "* ]]; then
            SKILLS+=("emotion-assistant-skill@$engine.socket")
        else
            systemctl disable --quiet "emotion-assistant-skill@$engine.socket" 2>/dev/null || true
            if runs_systemd; then systemctl stop "emotion-assistant-skill@$engine.socket" 2>/dev/null || true; fi
        fi
    done
    [ "${#SKILLS[@]}" = 0 ] || systemctl enable --quiet "${SKILLS[@]}" || warn "a skill cannot be asked: run systemctl enable ${SKILLS[*]} and mend what it says"
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
