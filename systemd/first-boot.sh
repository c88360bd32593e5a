#!/bin/bash
# The first boot of a prepared SD card. It only makes a unit, before anything else runs; with that the device boots again,
# with network and sound, and installs. A failure is spoken, and the installation tried again after a minute and each boot.
set -euo pipefail

HOME_ON_BOOT=/boot/firmware/emotion-assistant
UNIT=/etc/systemd/system/emotion-assistant-first-boot.service

if [ "${1:-}" = install ]; then
    options=(--spoken)
    if [ -d "$HOME_ON_BOOT/debs" ]; then
        options+=(--offline "$HOME_ON_BOOT")
    elif [ -d "$HOME_ON_BOOT/wheels" ]; then
        options+=(--wheels "$HOME_ON_BOOT/wheels")
    fi
    bash "$HOME_ON_BOOT/systemd/install.sh" "${options[@]}"
    systemctl --quiet disable "${UNIT##*/}"
    rm -f "$UNIT"
    systemctl daemon-reload
    exit 0
fi

cat >"$UNIT" <<TEXT
[Unit]
Description=emotion-assistant, installation at the first boot
Wants=network-online.target
After=network-online.target sound.target
StartLimitIntervalSec=0

[Service]
Type=oneshot
ExecStart=/bin/bash $HOME_ON_BOOT/first-boot.sh install
TimeoutStartSec=3600
Restart=on-failure
RestartSec=60

[Install]
WantedBy=multi-user.target
TEXT
mkdir -p "${UNIT%/*}/multi-user.target.wants"
ln -sf "$UNIT" "${UNIT%/*}/multi-user.target.wants/${UNIT##*/}"
# This comes last: a power cut before it does no harm.
sed -i 's| systemd\.run=/boot/firmware/emotion-assistant[^ ]* systemd\.run_success_action=reboot systemd\.unit=kernel-command-line\.target||' /boot/firmware/cmdline.txt
sync
