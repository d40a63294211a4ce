#!/bin/sh
# build.sh FOLDER: makes FOLDER/libcuda.so.1, a driver that runs the kernels of kernels/cuda on the host: the same sources,
# compiled by g++. Java takes it for the driver with -Dreverie.cuda.library=FOLDER/libcuda.so.1. Needs g++ and cuda.h
# (CUDA_HOME, by default /usr/local/cuda). Families whose kernels are made of a GPU's own instructions are left out.
set -eu
here=$(cd "$(dirname "$0")" && pwd -P)
kernels=$here/../../../../kernels/cuda
mkdir -p "$1"
folder=$(cd "$1" && pwd -P)
flags="-std=c++17 -O1 -fPIC -mfma -ffp-contract=off -fvisibility=hidden -U_FORTIFY_SOURCE -Wall -Wno-unused -Wno-unknown-pragmas -I$here/include"
objects=
pending=
for source in "$kernels"/*.cu; do
    if grep -q '^//@device-only' "$source"; then
        continue
    fi
    family=$(basename "$source" .cu)
    object=$folder/$family.o
    objects="$objects $object"
    # shellcheck disable=SC2086
    g++ $flags -x c++ -include "$here/device.h" -E -P "$source" -o "$folder/$family.i"
    {
        echo "#include \"$source\""
        grep -o 'extern "C" __attribute__((visibility("default"))) void *[A-Za-z0-9_]*(' "$folder/$family.i" |
            sed 's/.* \([A-Za-z0-9_]*\)($/ENTER(\1)/' | sort -u
    } >"$folder/$family.cpp"
    # shellcheck disable=SC2086
    g++ $flags -include "$here/device.h" -c "$folder/$family.cpp" -o "$object" &
    pending="$pending $!"
    # shellcheck disable=SC2086
    set -- $pending
    if [ $# -ge 2 ]; then
        wait "$1"
        pending=$2
    fi
done
wait $pending
# shellcheck disable=SC2086
g++ $flags -c "$here/threads.cpp" -o "$folder/threads.o"
# shellcheck disable=SC2086
g++ $flags -fvisibility=default -I"${CUDA_HOME:-/usr/local/cuda}/include" -c "$here/driver.cpp" -o "$folder/driver.o"
# shellcheck disable=SC2086
g++ -shared -o "$folder/libcuda.so.1" $objects "$folder/threads.o" "$folder/driver.o"
echo "$folder/libcuda.so.1"
