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
$sudo apt-get update -qq
DEBIAN_FRONTEND=noninteractive $sudo ${sudo:+-E} apt-get install -y -qq --no-install-recommends "${missing[@]}" >/dev/null
