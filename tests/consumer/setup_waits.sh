#!/bin/bash
# SPDX-License-Identifier: MIT
# cmake/setup.sh with an apt-get that finds its locks taken at first: it waits, and gives up at any other error.
#   setup_waits.sh SETUP.SH
set -euo pipefail
setup=$(realpath "$1") work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
printf '#!/bin/bash\nexit 1\n' >dpkg-query  # nothing is installed
printf '#!/bin/bash\nexec "$@"\n' >sudo
cat >apt-get <<'END'
#!/bin/bash
echo "$*" >>calls
calls=$(wc -l <calls)
case $calls in
  1) echo "E: Could not get lock /var/lib/apt/lists/lock. It is held by process 1 (apt-get)" ;;
  3) echo "E: Unable to lock directory /var/cache/apt/archives/" ;;
  5) echo "E: Unable to locate package nothing" ;;
  *) exit 0 ;;
esac
exit 100
END
chmod +x dpkg-query sudo apt-get
export PATH=$work:$PATH
bash "$setup" something >said || { cat said; echo "setup.sh did not wait"; exit 1; }
[ "$(grep -c update calls)$(grep -c 'install.* something' calls)" = 22 ] || { cat calls; exit 1; }
if bash "$setup" nothing >said; then echo "an error passed for success"; exit 1; fi
grep -q "Unable to locate" said
