#!/bin/sh
# Make .venv in the current directory with firewatch and some of its extras, at the versions of constraints.txt.
#   venv.sh plot     all that a demo needs
#   venv.sh dev      the development tools too, and Prometheus for the tests of its rules
# PYTHON=/path/to/python chooses the interpreter; otherwise the first of the names below that is 3.11 or newer.
set -eu

extra=${1:-dev}

say() { printf 'setup: %s\n' "$*"; }
die() { printf 'setup: error: %s\n' "$*" >&2; exit 1; }

recent_enough() { "$1" -c 'import sys; sys.exit(sys.version_info < (3, 11))' >/dev/null 2>&1; }

find_python() {
    for name in ${PYTHON:-python3 python3.14 python3.13 python3.12 python3.11}; do
        if recent_enough "$name"; then
            command -v "$name"
            return
        fi
    done
    return 1
}

apt_install() {
    command -v apt-get >/dev/null || return 1
    as_root=
    if [ "$(id -u)" -ne 0 ]; then
        sudo -n true 2>/dev/null || return 1
        as_root='sudo -n'
    fi
    say "installing Debian packages: $*"
    $as_root apt-get update -qq && DEBIAN_FRONTEND=noninteractive $as_root apt-get install -y -qq "$@" >/dev/null
}

if ! python=$(find_python); then
    [ -z "${PYTHON:-}" ] || die "PYTHON=$PYTHON is not a Python 3.11 or newer"
    apt_install python3 python3-venv || true
    python=$(find_python) ||
        die 'no Python 3.11 or newer found (looked for python3, python3.14, python3.13, python3.12, python3.11).' \
            'Install one, or name it: make setup PYTHON=/path/to/python3.12'
fi

if ! "$python" -c 'import ensurepip, venv' 2>/dev/null; then
    minor=$("$python" -c 'import sys; print("%d.%d" % sys.version_info[:2])')
    apt_install "python$minor-venv" || apt_install python3-venv || true
    "$python" -c 'import ensurepip, venv' 2>/dev/null ||
        die "$python cannot make virtual environments; as root run: apt-get install python$minor-venv"
fi

if ! recent_enough .venv/bin/python; then
    say "making .venv with $python"
    "$python" -m venv --clear .venv
fi

# Say now and then how far pip is: its own output has a line for each package, or with --quiet none in minutes.
report_progress() {
    before=
    while sleep 5 && kill -0 "$1" 2>/dev/null; do
        progress=$(awk '/ Collecting / { found++; installing = 0 }
                        / Installing collected packages/ { installing = 1 }
                        END { if (installing) print "installing " found " packages"
                              else if (found) print found " packages fetched so far" }' "$2")
        [ "$progress" = "$before" ] || say "$progress"
        before=$progress
    done
}

say "installing firewatch[$extra] and its pinned dependencies"
log=$(mktemp)
trap 'rm -f "$log"' EXIT
# The two variables hold the build back end to the same versions: older pips read the first, newer ones the second.
PIP_CONSTRAINT=constraints.txt PIP_BUILD_CONSTRAINT=constraints.txt PIP_DISABLE_PIP_VERSION_CHECK=1 \
    .venv/bin/python -m pip install --quiet --progress-bar off --log "$log" --editable ".[$extra]" &
pip=$!
report_progress "$pip" "$log"
wait "$pip"

# Prometheus and promtool for the tests of the rules and the boards, which are skipped without them. Unpacked rather than
# installed, as the Debian package would start a service.
fetch_prometheus() {
    folder=$(mktemp -d)
    (cd "$folder" && apt-get download -qq prometheus && dpkg-deb --extract prometheus_*.deb .) >/dev/null 2>&1 &&
        cp "$folder/usr/bin/prometheus" "$folder/usr/bin/promtool" .venv/bin/
    status=$?
    rm -rf "$folder"
    return $status
}

if [ "$extra" = dev ] && ! command -v promtool >/dev/null && [ ! -x .venv/bin/promtool ]; then
    fetch_prometheus || say 'no Prometheus here: the tests of its rules and of the boards will be skipped'
fi
say 'done: .venv/bin/firewatch'
