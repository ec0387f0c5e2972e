#!/bin/sh
# Run the unit and doc tests under each Python that is here, each in a virtual environment of its own (.venv-3.12, ...);
# without those that stand in tests/unit/deploy itself, which are of files that no Python runs.
#   interpreters.sh [--newest] [pytest options]
# Looks for the versions below as python3.N on PATH and under pyenv. A version that is missing, or whose dependencies
# can't be installed (say, no wheel yet), is skipped with a message. --newest: only the newest one that can be had.
# Exit code: 0 if all tests that ran passed, 1 if some failed. INTERPRETERS="3.12 3.13" chooses other versions.
set -eu

say() { printf 'interpreters: %s\n' "$*"; }

newest=false
if [ "${1:-}" = --newest ]; then
    newest=true
    shift
fi

is_version() { [ "$("$1" -c 'import sys; print("%d.%d" % sys.version_info[:2])' 2>/dev/null)" = "$2" ]; }

# A shim of pyenv is on PATH whether or not its version is selected, so each candidate is run.
find_python() {
    for candidate in "python$1" "${PYENV_ROOT:-$HOME/.pyenv}/versions/$1".*/bin/python; do
        if is_version "$candidate" "$1"; then
            command -v "$candidate"
            return
        fi
    done
    return 1
}

install() {
    if [ -e "$2/.ready" ] && [ "$2/.ready" -nt pyproject.toml ] && [ "$2/.ready" -nt constraints.txt ]; then
        return
    fi
    "$1" -m venv --clear "$2" &&
        PIP_CONSTRAINT=constraints.txt PIP_BUILD_CONSTRAINT=constraints.txt PIP_DISABLE_PIP_VERSION_CHECK=1 \
            "$2/bin/python" -m pip install --quiet --editable '.[dev]' &&
        touch "$2/.ready"
}

ran= failed=
for version in ${INTERPRETERS:-3.14 3.13 3.12 3.11}; do
    if ! python=$(find_python "$version"); then
        say "Python $version: skipped, there is none here"
        continue
    fi
    venv=.venv-$version
    if ! install "$python" "$venv"; then
        say "Python $version: skipped, firewatch and its dependencies can't be installed (see above)"
        continue
    fi
    say "Python $version: $python"
    ran="$ran $version"
    "$venv/bin/python" -m pytest -o testpaths='streams detectors deploy/grafana docs tests/unit' --ignore-glob='*/tests/unit/deploy/test_*.py' -p no:cacheprovider "$@" ||
        failed="$failed $version"
    if $newest; then break; fi
done

[ -n "$ran" ] || say 'no Python to test with was found'
[ -z "$ran" ] || say "tested under:$ran"
[ -z "$failed" ] || say "failed under:$failed"
[ -z "$failed" ]
