#!/bin/sh
# Checks and measures Reverie on a machine with an NVIDIA GPU, which needs a driver and neither Java nor a network.
#   bench/gpu.sh --bundle                where nvcc and Maven are: makes target/gpu-bundle.tar.gz
#   OUT=folder bench/gpu.sh [BUNDLE]     where the GPU is: all steps; JSON and logs into $OUT
# STEPS="suite fast fingerprints memcheck racecheck speeds rivals" chooses the steps, OPS=prefix the ops of the first and of the
# sanitizer's. Rivals need a Python with PyTorch. With CUDA_LIBRARY=FILE that library takes the driver's place
# (src/test/native/hostcuda), so that the script itself can be tried without a GPU; QUICK=1 then keeps the speeds small.
# The exit status is 0 if everything passed, 1 if something failed ($OUT/summary.json says what), 2 if there is no bundle,
# 3 if there is no device or the bundle has no kernels for it.
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
    tar -cf - --exclude=test-classes/org/reverie/bench --exclude=__pycache__ -C target reverie test-classes \
        -C build-tools gpu-lib gpu-commit.txt -C ../../bench rivals | gzip -9 >target/gpu-bundle.tar.gz || exit 2
    echo "target/gpu-bundle.tar.gz: $(($(wc -c <target/gpu-bundle.tar.gz) / 1048576 + 1)) MiB"
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
trap 'exit 130' INT TERM
tar -xzf "$archive" -C "$work" || exit 2
logs=$work/logs
mkdir "$logs" "$work/results"
reverie=$work/reverie/bin/reverie
java=$work/reverie/runtime/bin/java
classes="$work/test-classes:$work/reverie/lib/*:$work/gpu-lib/*"
flags="--add-modules=jdk.incubator.vector --enable-native-access=ALL-UNNAMED"
if [ -n "${CUDA_LIBRARY-}" ]; then
    flags="$flags -Dreverie.cuda.library=$CUDA_LIBRARY"
    export REVERIE_OPTS="${REVERIE_OPTS-} -Dreverie.cuda.library=$CUDA_LIBRARY"
fi

"$reverie" devices >"$logs/devices.txt" 2>&1
if ! grep -q '^cuda:0 ' "$logs/devices.txt" || grep '^cuda:0 ' "$logs/devices.txt" | grep -q 'no CUDA kernels'; then
    echo "gpu.sh: nothing to run on: $(grep '^cuda' "$logs/devices.txt" || tail -n 1 "$logs/devices.txt")" >&2
    exit 3
fi

fast_tests="org.reverie.device.cuda.FastProductsTest org.reverie.device.cuda.FastImagesTest
    org.reverie.device.cuda.FastRowsTest org.reverie.device.cuda.FastAttentionTest"

# shellcheck disable=SC2086
suite() {
    "$java" $flags -Dreverie.device=cuda -Dreverie.op="${OPS-}" -cp "$classes" \
        org.reverie.gpu.SuiteRun "$out/suite.json" org.reverie.autograd.OpSuiteTest
}
# shellcheck disable=SC2086
fast() {
    "$java" $flags -Dreverie.fast=gpu -cp "$classes" org.reverie.gpu.SuiteRun "$out/fast.json" $fast_tests
}
fingerprints() {
    "$reverie" fingerprint --device cuda:0 >"$logs/fingerprint-cuda.txt" || return 1
    "$reverie" fingerprint --device cpu >"$logs/fingerprint-cpu.txt" || return 1
    [ "$(tail -n 1 "$logs/fingerprint-cuda.txt")" = "$(tail -n 1 "$logs/fingerprint-cpu.txt")" ] || return 1
    tail -n 1 "$logs/fingerprint-cuda.txt"
}
# shellcheck disable=SC2086
sanitizer() {
    "$checker" --tool "$1" --error-exitcode 99 --target-processes all "$java" $flags -Dreverie.device=cuda \
        -Dreverie.op="${OPS-}" -Dreverie.fast=gpu -cp "$classes" org.reverie.gpu.SuiteRun "$work/results/$1.json" \
        org.reverie.autograd.OpSuiteTest $fast_tests
}
# shellcheck disable=SC2086
speeds() {
    "$java" $flags -cp "$classes" org.reverie.gpu.Speeds cuda:0 "$out/speeds.json" "$work/rivals/shapes.json" ${QUICK:+quick}
}
rivals() {
    failures=0
    for script in gemm conv attention memory launch efficientnet dlsr; do
        echo "== $script"
        (cd "$work/rivals" && PYTHONDONTWRITEBYTECODE=1 python3 "$script.py" "$work/results/rival-$script.json") ||
            failures=$((failures + 1))
    done
    python3 - "$out/rivals.json" "$work"/results/rival-*.json <<'END'
import json, pathlib, sys
files = [pathlib.Path(f) for f in sys.argv[2:]]
json.dump({f.stem.removeprefix("rival-"): json.loads(f.read_text()) for f in files if f.exists()},
          open(sys.argv[1], "w"), indent=1)
END
    echo "$failures of the rivals' scripts failed"
    [ $failures = 0 ]
}

statuses=
failed=0
step() {
    case " ${STEPS-suite fast fingerprints memcheck racecheck speeds rivals} " in
    *" $1 "*) ;;
    *) return ;;
    esac
    name=$1
    shift
    begin=$(date +%s)
    "$@" >"$logs/$name.txt" 2>&1
    status=$?
    [ $status = 0 ] || failed=1
    echo "$name: status $status, $(($(date +%s) - begin)) s; $(tail -n 1 "$logs/$name.txt")"
    statuses="$statuses${statuses:+, }\"$name\": $status"
}
missing() {
    echo "$1: not run, $2"
    statuses="$statuses${statuses:+, }\"$1\": \"not run: $2\""
}

step suite suite
step fast fast
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
if python3 -c 'import torch' 2>/dev/null; then
    step rivals rivals
else
    missing rivals "no Python with PyTorch on this machine"
fi

card=$(nvidia-smi --query-gpu=name,driver_version --format=csv,noheader 2>/dev/null | head -n 1)
printf '{"date": "%s", "commit": "%s", "card": "%s", "device": "%s", "ops": "%s", "steps": {%s}}\n' \
    "$(date -u +%F)" "$(cat "$work/gpu-commit.txt")" "$card" \
    "$(grep '^cuda:0 ' "$logs/devices.txt")" "${OPS-}" "$statuses" >"$out/summary.json"
tar -czf "$out/logs.tar.gz" -C "$work" logs results
echo "$out/summary.json"
exit $failed
