#!/usr/bin/env bash
# Checks a change of a repository of detections, and writes what a comment on it says to FOLDER/comment.md. docs/ci.md explains it.
# Usage: check.sh FOLDER GIT_REF [FILE_OF_RECORDED_EVENTS...]
set -euo pipefail
folder=$1 ref=$2
shift 2
mkdir -p "$folder"
# A file of an earlier run would look like a result of this one.
rm -f "$folder"/{routes,replay,comment}.md

# The Signalbox that the lock file of the repository names.
signalbox() { npx --no-install signalbox "$@"; }

status=0
failed=()
# Runs a step, and goes on after a failure, so that one run shows everything.
step() {
  local name=$1
  shift
  echo "== $name" >&2
  if ! "$@"; then
    failed+=("$name")
    status=1
  fi
}

reporters=(--reporter "${SIGNALBOX_REPORTER:-pretty}")
[ -z "${SIGNALBOX_JUNIT:-}" ] || reporters+=(--reporter "junit=$SIGNALBOX_JUNIT")
diff_routes() { signalbox routes diff "$ref" >"$folder/routes.md"; }
replay() { signalbox replay "$@" --against "$ref" --reporter "markdown=$folder/replay.md" >&2; }

step validate signalbox validate --fail-on-warnings
step test signalbox test --fail-on-warnings "${reporters[@]}"
step 'routes diff' diff_routes
[ $# = 0 ] || step replay replay "$@"

{
  if [ $status = 0 ]; then
    echo 'Signalbox: all checks passed.'
  else
    printf 'Signalbox: %s failed. The log of the job has the details.\n' "$(IFS=,; echo "${failed[*]}" | sed 's/,/, /g')"
  fi
  for part in routes replay; do
    if [ -s "$folder/$part.md" ]; then
      echo
      cat "$folder/$part.md"
    fi
  done
} >"$folder/comment.md"
exit $status
