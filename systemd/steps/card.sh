# shellcheck shell=bash
# Prepares a freshly written SD card for a blind user: put it in, switch on, wait for "Ready.".
# It needs no root, and changes nothing of the system on the card but the kernel command line of its first boot.

FIRST_BOOT=' systemd.run=/boot/firmware/emotion-assistant/first-boot.sh systemd.run_success_action=reboot systemd.unit=kernel-command-line.target'

prepare_card() {
    local card=$1 home="$1/emotion-assistant" part
    [ -f "$card/cmdline.txt" ] ||
        fail "$card is not the boot partition of a Raspberry Pi's card" "write Raspberry Pi OS Lite (64-bit) to it first; name the folder with cmdline.txt in it"
    if [ -n "$WHEELS" ]; then check_files "$WHEELS" whl "see systemd/packaging/wheels.py"; fi
    if [ -n "$DEBS" ]; then
        check_files "$DEBS" deb "put the system's packages there, or give --wheels $WHEELS in place of --offline, so that the device fetches them itself"
    fi
    step "Copying the assistant to the card."
    rm -rf "$home"
    mkdir -p "$home"
    for part in systemd "${PARTS[@]}"; do
        cp -R "$HERE/../$part" "$home" || fail "the card could not be written" "look for space with df -h $card"
    done
    find "$home" -name __pycache__ -prune -exec rm -rf {} +
    cp "$HERE/first-boot.sh" "$home/first-boot.sh"
    if [ -n "$WHEELS" ]; then
        copy_files "$WHEELS" "$home/wheels" whl
        if [ -n "$DEBS" ]; then copy_files "$DEBS" "$home/debs" deb; fi
    else
        note "no --offline folder: the device fetches its packages at the first boot and needs a network"
    fi
    step "Recording what is said while there is no voice yet."
    record_steps "$home/spoken-steps"
    if [ -e "$card/emotion-assistant.toml" ]; then
        note "$card/emotion-assistant.toml is there: it stays as it is"
    else
        cp "$HERE/card-settings.toml" "$card/emotion-assistant.toml"
    fi
    # Added once, however often the card is prepared.
    sed -i -e "s|${FIRST_BOOT//./\\.}||" -e "1s|\$|$FIRST_BOOT|" "$card/cmdline.txt"
    [ -e "$card/userconf.txt" ] || [ -e "$card/user-data" ] || [ -e "$card/firstrun.sh" ] ||
        note "no login was set up on this card (Raspberry Pi Imager does that); the assistant needs none"
    step "The card is ready. Settings can be written in emotion-assistant.toml on it."
}

# check_files FOLDER SUFFIX WHAT-TO-DO
check_files() {
    compgen -G "$1/*.$2" >/dev/null || fail "there is no .$2 file in $1" "$3"
}

# copy_files FROM TO SUFFIX
copy_files() {
    mkdir -p "$2"
    cp "$1"/*."$3" "$2" || fail "the card could not be written" "look for space with df -h $2"
}

# record_steps FOLDER: the sentences of all steps of install.sh, by this machine's espeak-ng, for a device without one.
record_steps() {
    local text
    command -v espeak-ng >/dev/null || {
        warn "espeak-ng is not installed here: the first boot is silent until the device has its own voice (sudo apt install espeak-ng)"
        return
    }
    mkdir -p "$1"
    {
        sed -n 's/^ *step "\([^$"]*\)"$/\1/p' "$HERE/install.sh"
        printf '%s\n' "$FAILED"
    } | while read -r text; do espeak-ng -s 160 -w "$1/$(name_of "$text").wav" -- "$text" || true; done
}
