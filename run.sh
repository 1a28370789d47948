#!/usr/bin/env bash
# The one way in: makes sure of uv, syncs the locked environment, runs the verb.
set -euo pipefail

script=${BASH_SOURCE[0]}
while [ -L "$script" ]; do # a link in a folder of the PATH, say
  link=$(readlink "$script")
  case $link in /*) script=$link ;; *) script=$(dirname -- "$script")/$link ;; esac
done
root=$(CDPATH="" cd -- "$(dirname -- "$script")" && pwd -P)
export CUTDOWN_HOME=${CUTDOWN_HOME:-$root/.cutdown}

die() {
  printf 'run.sh: %s\n' "$1" >&2
  exit 2
}

find_uv() {
  if command -v uv >/dev/null 2>&1; then
    uv=uv
    return
  fi
  uv=$CUTDOWN_HOME/uv/bin/uv
  [ -x "$uv" ] && return
  local python
  python=$(command -v python3.11 || command -v python3 || command -v python) ||
    die "needs Python 3.11 or 3.12, and none was found; install one from your system's packages"
  printf 'Setting up (once): uv ...\n' >&2
  "$python" -m venv "$CUTDOWN_HOME/uv" && "$CUTDOWN_HOME/uv/bin/python" -m pip install --quiet --disable-pip-version-check uv==0.13.9 ||
    die "could not install uv with $python; install it yourself (pip install uv) and start again"
}

# Syncing takes a moment even when nothing changed: ask only when the lock or the extras are new.
sync() {
  local stamp=$root/.venv/.synced want
  want="$(cksum <"$root/uv.lock") $(cksum <"$root/pyproject.toml") $root ${CUTDOWN_EXTRAS:-}"
  if [ -x "$root/.venv/bin/python" ] && [ "$(cat "$stamp" 2>/dev/null || true)" = "$want" ]; then
    return
  fi
  find_uv
  local extras=() extra
  for extra in ${CUTDOWN_EXTRAS:-}; do extras+=(--extra "$extra"); done
  [ -d "$root/.venv" ] || printf 'Setting up (once): about 2 GB of packages, speech models and ffmpeg ...\n' >&2
  # Behind a company's proxy only the system knows the certificate: the second try asks it.
  (cd "$root" && "$uv" sync --locked --quiet ${extras[@]+"${extras[@]}"}) 2>/dev/null ||
    (cd "$root" && "$uv" sync --locked --quiet --system-certs ${extras[@]+"${extras[@]}"}) ||
    die "the environment could not be installed from uv.lock; the lines above say why"
  printf '%s' "$want" >"$stamp"
}

# Some tests drive a browser and a PostgreSQL server. Where they can be had they are; elsewhere those tests are skipped.
tools_for_tests() {
  local package
  for package in chromium postgresql-15; do
    if [ "$package" = chromium ]; then
      command -v chromium >/dev/null 2>&1 && continue
    else
      [ -x /usr/lib/postgresql/15/bin/initdb ] && continue
    fi
    if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null 2>&1; then
      printf 'Setting up for the tests (once): %s ...\n' "$package" >&2
      # RUNLEVEL: nothing that is installed is started.
      DEBIAN_FRONTEND=noninteractive RUNLEVEL=1 timeout 300 sh -c \
        "apt-get update -qq && apt-get install -y -qq --no-install-recommends $package" >/dev/null 2>&1 </dev/null && continue
    fi
    printf 'run.sh: %s is not there and could not be installed; its tests are skipped\n' "$package" >&2
  done
}

# A module of this checkout. Python finds it beside this script, not in the caller's folder, which may have a flows/ of its
# own and stays the working folder.
run_module() {
  PYTHONSAFEPATH=1 PYTHONPATH=$root${PYTHONPATH:+:$PYTHONPATH} exec "$root/.venv/bin/python" -m "$@"
}

usage() {
  cat <<'TEXT'
Usage: ./run.sh VERB [OPTIONS]

  demo                make a small narrated screencast and cut it down: no key, no file needed
  optimize VIDEO      make a short, polished, narrated video of a recording
  estimate VIDEO      tell what a run will cost and take, before it
  batch SOURCE DEST   make every new recording of a folder or bucket short, each once
  report SOURCE       tell what many videos took, from their metrics: time, money, machine
  janitor [PLACE]     remove rests of broken transfers, and what the store has not used for long

  server              start Prefect's server and UI on this machine
  deploy              put into force what is declared: pools, deployments, limits, automations
  worker              start a worker that runs what is deployed
  announce FILE DEST  tell Prefect that a recording has arrived

  benchmark           measure the speed of this checkout on this machine, into a baseline file
  regression OLD NEW  tell whether one baseline is slower than another, and in which phase
  evaluate WHAT DIR   measure what is decided and made: meetings, screencasts, disfluency, fit, cuts
  test                run all tests

./run.sh VERB --help tells the options of a verb.
TEXT
}

verb=${1:-help}
[ $# -gt 0 ] && shift
case $verb in
  help | -h | --help) usage ;;
  demo | optimize | estimate | batch | report | regression | janitor)
    sync
    run_module flows "$verb" "$@"
    ;;
  benchmark | evaluate)
    sync
    run_module "benchmarks.$verb" "$@"
    ;;
  test)
    case ${1:-} in
      "") ;;
      -h | --help)
        printf 'Usage: ./run.sh test\n\nRun all that CI runs: style, types, layers, all tests. Some of the tests: .venv/bin/just test PATH\n'
        exit
        ;;
      *) die "'test' runs all tests and takes no options; for some of them use .venv/bin/just test $1" ;;
    esac
    sync
    tools_for_tests
    cd "$root" && exec "$root/.venv/bin/just" check
    ;;
  server | deploy | worker | announce)
    sync
    run_module deployments "$verb" "$@"
    ;;
  *)
    usage >&2
    die "there is no verb '$verb'"
    ;;
esac
