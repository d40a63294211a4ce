#!/bin/sh
# Checks and measures Reverie on a machine with an NVIDIA GPU, which needs a driver and neither Java nor a network.
#   bench/gpu.sh --bundle                where nvcc and Maven are: makes target/gpu-bundle.tar.gz
#   OUT=folder bench/gpu.sh [BUNDLE]     where the GPU is: op suite, fingerprints, compute-sanitizer, speeds; JSON into $OUT
# OPS=prefix restricts the suite to ops of that prefix. The exit status is 0 if everything passed, 1 if something failed
# ($OUT/summary.json says what), 2 if there is no bundle, 3 if there is no device or the bundle has no kernels for it.
set -u
root=$(cd "$(dirname "$0")/.." && pwd -P) || exit 2

bundle() {
    cd "$root" || exit 2
    mvn -q -B -P gpu package -DskipTests || exit 2
    if ! ls target/classes/org/reverie/kernels/cuda/*.fatbin >/dev/null 2>&1; then
        echo "gpu.sh: no nvcc on this machine: the bundle would carry no CUDA kernels" >&2
        exit 2
    fi
    commit=$(git rev-parse --short HEAD 2>/dev/null || echo unknown)
    [ -z "$(git status --porcelain 2>/dev/null)" ] || commit="$commit with changes"
    echo "$commit" >target/build-tools/gpu-commit.txt
    tar -czf target/gpu-bundle.tar.gz --exclude=test-classes/org/reverie/bench \
        -C target reverie test-classes -C build-tools gpu-lib gpu-commit.txt || exit 2
    echo target/gpu-bundle.tar.gz
    exit 0
}

[ "${1-}" != --bundle ] || bundle

archive=${1:-$root/target/gpu-bundle.tar.gz}
if [ ! -f "$archive" ]; then
    echo "gpu.sh: there is no bundle $archive; make one with bench/gpu.sh --bundle" >&2
    exit 2
fi
out=${OUT:-gpu-results}
mkdir -p "$out" && out=$(cd "$out" && pwd -P) || exit 2
work=$(mktemp -d "${TMPDIR:-/tmp}/reverie-gpu.XXXXXX") || exit 2
trap 'rm -rf "$work"' EXIT
tar -xzf "$archive" -C "$work" || exit 2
reverie=$work/reverie/bin/reverie
java=$work/reverie/runtime/bin/java
classes="$work/test-classes:$work/reverie/lib/*:$work/gpu-lib/*"
flags="--add-modules=jdk.incubator.vector --enable-native-access=ALL-UNNAMED"

"$reverie" devices >"$out/devices.txt" 2>&1
if ! grep -q '^cuda:0 ' "$out/devices.txt" || grep '^cuda:0 ' "$out/devices.txt" | grep -q 'no CUDA kernels'; then
    echo "gpu.sh: nothing to run on: $(grep '^cuda' "$out/devices.txt" || tail -n 1 "$out/devices.txt")" >&2
    exit 3
fi

steps=
failed=0
# step NAME COMMAND…: runs it, keeps what it prints in $out/NAME.txt, and notes its status.
step() {
    name=$1
    shift
    begin=$(date +%s)
    "$@" >"$out/$name.txt" 2>&1
    status=$?
    [ $status = 0 ] || failed=1
    echo "$name: status $status, $(($(date +%s) - begin)) s; $(tail -n 1 "$out/$name.txt")"
    steps="$steps${steps:+, }\"$name\": $status"
}
missing() {
    echo "$1: not run, $2"
    steps="$steps${steps:+, }\"$1\": \"not run: $2\""
}
# shellcheck disable=SC2086
suite() {
    "$java" $flags -Dreverie.device=cuda -Dreverie.op="${OPS-}" -cp "$classes" \
        org.reverie.gpu.SuiteRun "$1" org.reverie.autograd.OpSuiteTest
}
# shellcheck disable=SC2086
speeds() {
    "$java" $flags -cp "$classes" org.reverie.gpu.Speeds cuda:0 "$out/speeds.json"
}
fingerprints() {
    "$reverie" fingerprint --device cuda:0 >"$out/fingerprint-cuda.txt" || return 1
    "$reverie" fingerprint --device cpu >"$out/fingerprint-cpu.txt" || return 1
    tail -n 1 "$out/fingerprint-cuda.txt"
    [ "$(cat "$out/fingerprint-cuda.txt")" = "$(cat "$out/fingerprint-cpu.txt")" ]
}
# shellcheck disable=SC2086
sanitizer() {
    "$checker" --tool "$1" --error-exitcode 99 --target-processes all "$java" $flags -Dreverie.device=cuda \
        -Dreverie.op="${OPS-}" -cp "$classes" org.reverie.gpu.SuiteRun "$out/$1.json" org.reverie.autograd.OpSuiteTest
}

step suite suite "$out/suite.json"
step fingerprints fingerprints
checker=$(command -v compute-sanitizer || ls /usr/local/cuda/bin/compute-sanitizer 2>/dev/null)
for tool in memcheck racecheck; do
    if [ -n "$checker" ]; then
        step $tool sanitizer $tool
    else
        missing $tool "no compute-sanitizer on this machine"
    fi
done
step speeds speeds

card=$(nvidia-smi --query-gpu=name,driver_version --format=csv,noheader 2>/dev/null | head -n 1)
printf '{"date": "%s", "commit": "%s", "card": "%s", "device": "%s", "ops": "%s", "steps": {%s}}\n' \
    "$(date -u +%F)" "$(cat "$work/gpu-commit.txt")" "$card" \
    "$(grep '^cuda:0 ' "$out/devices.txt")" "${OPS-}" "$steps" >"$out/summary.json"
echo "$out/summary.json"
exit $failed
