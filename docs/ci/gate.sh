#!/bin/sh
# Has it got worse? Runs the main job with two builds of smtpmark on this machine, in turn, and
# compares them with each other: never with figures of another machine or another day.
#
#   docs/ci/gate.sh BASE HEAD      each the smtpmark program of a release build
#
# Exit code: 0 no regression, 1 a regression, 2 nobody can tell, 3 there was nothing to compare.
# In the environment:
#   REPEATS=10                     runs a side
#   RUN_OPTIONS="--duration ..."   of `smtpmark run`, for both
#   COMPARE_OPTIONS=""             of `smtpmark compare`, as "--thresholds ci/thresholds.toml"
#   OUT=gate                       new folder for the results, gate.md, gate.xml and report.html
#
# To gate a server of your own instead of smtpmark, `smtpmark ab` does all of this in one call:
#   smtpmark ab --base './base/server' --new './head/server' -- --target 127.0.0.1:2525 --role relay
set -eu
[ $# -eq 2 ] || {
  echo "usage: gate.sh BASE HEAD" >&2
  exit 3
}
repeats=${REPEATS:-10}
run_options=${RUN_OPTIONS:---duration 300ms --warmup 200ms}
out=${OUT:-gate}
for program in "$1" "$2"; do
  [ -x "$program" ] || {
    echo "gate.sh: $program is not a program" >&2
    exit 3
  }
done
[ ! -e "$out" ] || {
  echo "gate.sh: $out is there already: its results would be mixed with these" >&2
  exit 3
}

# once PROGRAM SIDE: a run. One with errors leaves its result, to which `compare` objects.
once() {
  echo "gate: repeat $repeat of $repeats, $2" >&2
  "$1" run --quiet $run_options --results-dir "$out/$2" || [ $? -eq 1 ]
}

# base head head base base head ...: a machine that slows down hits both sides alike.
repeat=1
while [ "$repeat" -le "$repeats" ]; do
  if [ $((repeat % 2)) -eq 1 ]; then
    once "$1" base
    once "$2" head
  else
    once "$2" head
    once "$1" base
  fi
  repeat=$((repeat + 1))
done

first() { set -- "$out/$1"/*/result.json && echo "$1"; }
"$2" report "$(first base)" "$(first head)" -o "$out/report.html"
"$2" compare "$out/base" "$out/head" ${COMPARE_OPTIONS:-} --markdown "$out/gate.md" \
  --junit "$out/gate.xml"
