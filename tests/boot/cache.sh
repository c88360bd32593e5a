#!/usr/bin/env bash
# What the boot test starts from, made once with the network: a bare root of Debian, and the packages that the installer
# asks for. Mirrors and proxies are this machine's own, read from its apt configuration.
#   tests/boot/cache.sh FOLDER SUITE      FOLDER/SUITE/root.tar, FOLDER/SUITE/debs/*.deb
set -euo pipefail
cd "$(dirname "$0")/../.."

cache=$1 suite=$2
place="$cache/$suite"
[ -e "$place/ready" ] && exit 0
mkdir -p "$place"
work=$(mktemp -d "$cache/.$suite.XXXXXX")
trap 'rm -rf "$work"' EXIT

# The first source of this machine that has Debian's own packages.
mirror=$(apt-get indextargets --format '$(SITE) $(COMPONENT) $(ORIGIN) $(LABEL)' 'Created-By: Packages' | awk '$2 == "main" && $3 == "Debian" && $4 == "Debian" { print $1; exit }')
[ -n "$mirror" ] || { echo "cache: this machine's apt has no source of Debian's packages (run apt-get update)" >&2; exit 1; }
apt-config dump Acquire::Check-Valid-Until Acquire::Check-Date Acquire::http Acquire::https >"$work/apt.conf"

echo "cache: a bare root of $suite"
mmdebstrap --quiet --variant=apt --components=main --include=systemd,systemd-sysv,dbus,udev,python3,passwd,ca-certificates \
    --aptopt="$work/apt.conf" --aptopt='Acquire::Languages "none"' \
    --dpkgopt='path-exclude=/usr/share/man/*' --dpkgopt='path-exclude=/usr/share/locale/*' --dpkgopt='path-exclude=/usr/share/doc/*' \
    "$suite" "$work/root" "deb $mirror $suite main"

echo "cache: the packages that the installer asks for"
cp -a "$work/root" "$work/fetch"
chroot "$work/fetch" apt-get update -qq
packages=$(bash -c '. systemd/steps/packages.sh && echo "${REQUIRED[@]}"')
wanted=()
for package in $packages; do wanted+=("$package"); done
chroot "$work/fetch" apt-get install -y -qq --no-install-recommends --download-only "${wanted[@]}" >/dev/null
mkdir -p "$work/debs"
find "$work/fetch/var/cache/apt/archives" -maxdepth 1 -name '*.deb' -exec mv {} "$work/debs" \;

tar -C "$work/root" --numeric-owner --one-file-system -cf "$work/root.tar" .
rm -rf "$place/debs"
mv "$work/debs" "$work/root.tar" "$place"
date -u +%F >"$place/ready"
