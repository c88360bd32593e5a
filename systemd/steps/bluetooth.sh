# shellcheck shell=bash
# A Bluetooth headset as the sound device. Each step is spoken on the sound device that works already.

BLUETOOTH_PACKAGES=(bluez bluez-alsa-utils libasound2-plugin-bluez)
SEARCH_S=60
LEAD_IN_MS=400 # milliseconds of silence: a headset swallows the first syllable

install_bluetooth() {
    local address name device
    install_named "${BLUETOOTH_PACKAGES[@]}"
    systemctl enable --quiet --now bluetooth.service 2>/dev/null || true
    # Named differently in bookworm and trixie.
    systemctl enable --quiet --now bluealsa.service 2>/dev/null || systemctl enable --quiet --now bluez-alsa.service 2>/dev/null || true
    bluetoothctl power on >/dev/null 2>&1 || fail "Bluetooth cannot be switched on" "check that this device has Bluetooth, and run this again with --bluetooth"
    address=$(paired_headset) || address=$(search_headset) ||
        fail "No headset was found" "switch the headset to pairing mode, hold it close, and run this again with --bluetooth"
    name=$(bluetoothctl info "$address" | sed -n 's/^[[:space:]]*Name: //p')
    announce "Connecting ${name:-the headset}."
    bluetoothctl pair "$address" >/dev/null 2>&1 || true # it fails where the headset is paired already
    bluetoothctl trust "$address" >/dev/null 2>&1 || true
    bluetoothctl connect "$address" >/dev/null 2>&1 ||
        fail "${name:-The headset} does not connect" "switch it off and on, and run this again with --bluetooth"
    device="bluealsa:DEV=$address,PROFILE=a2dp"
    espeak-ng --stdout -s 160 "This is the headset." | timeout 30 aplay -q -D "$device" - 2>"$WORK/why" ||
        fail "${name:-The headset} does not play: $(last_line "$WORK/why")" "switch it off and on, and run this again with --bluetooth"
    set_setting voice device "\"$device\""
    set_setting voice lead_in_ms "$LEAD_IN_MS"
    announce "${name:-The headset} is set up."
}

# announce TEXT: print and speak it, also without --spoken: a blind user sets up the headset by ear.
announce() {
    note "$1"
    speak "$1"
}

# first_headset WORD...: the address of the first headset among `bluetoothctl devices WORD...`.
first_headset() {
    local address about
    for address in $(bluetoothctl devices "$@" 2>/dev/null | awk '$1 == "Device" { print $2 }'); do
        about=$(bluetoothctl info "$address" 2>/dev/null) || continue
        if [[ $about =~ Audio\ Sink|Icon:\ audio-(headset|headphones) ]]; then
            printf '%s\n' "$address"
            return
        fi
    done
    return 1
}

paired_headset() { first_headset Paired; }

search_headset() {
    local ends=$((SECONDS + SEARCH_S))
    announce "Switch the headset to pairing mode now." >&2
    bluetoothctl --timeout "$SEARCH_S" scan on >/dev/null 2>&1 &
    until first_headset; do
        [ "$SECONDS" -lt "$ends" ] || return 1
        sleep 1
    done
}
