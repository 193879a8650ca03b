#!/bin/bash
# SPDX-License-Identifier: MIT
# setup.sh PACKAGE...: installs those of the Debian packages that are missing (with sudo where not root). Where the system
# is no Debian it says what is needed and goes on: the build then looks for itself.
set -euo pipefail

if ! command -v dpkg-query >/dev/null; then
  echo "not a Debian system; needed, by Debian's names: $*"
  exit 0
fi
missing=()
for package in "$@"; do
  dpkg-query -W -f='${db:Status-Status}' "$package" 2>/dev/null | grep -qx installed || missing+=("$package")
done
[ ${#missing[@]} = 0 ] && exit 0

echo "installing from Debian: ${missing[*]}"
sudo=
[ "$(id -u)" = 0 ] || sudo=sudo
# Begun again while another apt holds a lock, as the one that updates a system that was just started: for a quarter of an
# hour. (DPkg::Lock::Timeout waits for dpkg's lock alone, not for those of apt's lists and archives.)
apt() {
  local until=$((SECONDS + 900)) said
  until said=$($sudo env LC_ALL=C DEBIAN_FRONTEND=noninteractive apt-get -o DPkg::Lock::Timeout=900 -qq "$@" 2>&1); do
    if ! grep -qiE 'could not get lock|unable to (acquire|lock)' <<<"$said" || [ $SECONDS -ge $until ]; then
      tail -20 <<<"$said"
      return 1
    fi
    sleep 2
  done
}
apt update </dev/null
apt install -y --no-install-recommends "${missing[@]}" </dev/null
