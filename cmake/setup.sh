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
log=$(mktemp)
trap 'rm -f "$log"' EXIT
{
  $sudo apt-get update -qq &&
    $sudo env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "${missing[@]}"
} >"$log" 2>&1 </dev/null || {
  tail -20 "$log"
  exit 1
}
