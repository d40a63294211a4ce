#!/bin/sh
# build.sh FOLDER [FAMILY...]: makes FOLDER/libcuda.so.1, a driver that runs the kernels of kernels/cuda on the host: the same
# sources, compiled by g++. Java takes it for the driver with -Dreverie.cuda.library=FOLDER/libcuda.so.1. Needs g++ and cuda.h
# (CUDA_HOME, by default /usr/local/cuda). Without families it has all. What has not changed is not compiled again.
set -eu
here=$(cd "$(dirname "$0")" && pwd -P)
kernels=$(cd "$here/../../../../kernels/cuda" && pwd -P)
flags="-std=c++17 -O1 -fPIC -mfma -ffp-contract=off -fno-strict-aliasing -fvisibility=hidden -U_FORTIFY_SOURCE
    -Wall -Wno-unused -Wno-unknown-pragmas -Wno-psabi -Wno-parentheses -I$here -I$here/include"

# Whether NAME.o is there and nothing that went into it has changed since.
is_new() {
    [ -e "$folder/$name.o" ] && [ -e "$folder/$name.d" ] || return 1
    # shellcheck disable=SC2046
    changed=$(find "$here/build.sh" $(sed 's/^[^:]*://; s/\\$//' "$folder/$name.d") -newer "$folder/$name.o") && [ -z "$changed" ]
}

# NAME.o and the list of what goes into it, of the text on standard input.
compile() {
    # shellcheck disable=SC2086
    g++ $flags "$@" -MMD -MF "$work/$name.d" -x c++ -c -o "$work/$name.o" -
    mv "$work/$name.d" "$work/$name.o" "$folder"
}

# Every kernel of a family is entered in a list by its name; those of a cluster of two have `pair` in it.
family() {
    source="#include \"device.h\"
#include \"$kernels/$name.cu\""
    # shellcheck disable=SC2086
    names=$(echo "$source" | g++ $flags -x c++ -E -P - | tr '\n' ' ' |
        grep -o 'extern "C" *void *[A-Za-z0-9_]*(' | sed 's/.* \([A-Za-z0-9_]*\)($/\1/' | sort -u)
    {
        echo "$source"
        for kernel in $names; do
            case $kernel in *_pair_*) blocks=2 ;; *) blocks=1 ;; esac
            entry="Entry<$kernel>"
            echo "static Kernel listed_$kernel(\"$kernel\", $blocks, $entry::run, $entry::sizes, $entry::count);"
        done
    } | compile
}

if [ "$1" = --one ]; then
    folder=$2
    work=$3
    name=$4
    if ! is_new; then
        case $name in
        threads | driver) compile -fvisibility=default "-I${CUDA_HOME:-/usr/local/cuda}/include" <"$here/$name.cpp" ;;
        *) family ;;
        esac
    fi
    exit
fi
mkdir -p "$1"
folder=$(cd "$1" && pwd -P)
work=$(mktemp -d "$folder/XXXXXX")
trap 'rm -rf "$work"' EXIT
shift
if [ $# = 0 ]; then
    # shellcheck disable=SC2046
    set -- $(cd "$kernels" && for f in *.cu; do echo "${f%.cu}"; done)
fi
printf '%s\n' "$@" threads driver | xargs -P "$(nproc)" -n 1 "$here/build.sh" --one "$folder" "$work"
objects=
for name in "$@" threads driver; do
    objects="$objects $folder/$name.o"
done
# shellcheck disable=SC2086
g++ -shared -o "$work/libcuda.so.1" $objects
mv "$work/libcuda.so.1" "$folder/libcuda.so.1"
echo "$folder/libcuda.so.1"
