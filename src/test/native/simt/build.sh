#!/bin/sh
# build.sh FOLDER: makes FOLDER/libcuda.so, the driver of ../libcuda.c with the fast kernels of kernels/cuda, compiled by g++, in
# place of a GPU. Needs gcc, g++ and cuda.h (CUDA_HOME, by default /usr/local/cuda).
set -eu
here=$(cd "$(dirname "$0")" && pwd -P)
kernels=$here/../../../../kernels/cuda
mkdir -p "$1"
folder=$(cd "$1" && pwd -P)
flags="-std=c++17 -O1 -fPIC -mfma -ffp-contract=off -fno-strict-aliasing -U_FORTIFY_SOURCE -w -Wno-psabi -I$here"
gcc -c -O1 -fPIC -Wall -Werror -I"${CUDA_HOME:-/usr/local/cuda}/include" -I"$here/.." -o "$folder/libcuda.o" "$here/../libcuda.c"
# shellcheck disable=SC2086
g++ $flags -c -o "$folder/simt.o" "$here/simt.cpp"
for source in "$kernels"/fast_*.cu; do
    family=$(basename "$source" .cu)
    # Every kernel is entered in a list by its name; those of a cluster of two have `pair` in it.
    # shellcheck disable=SC2086
    g++ $flags -x c++ -include simt.h -E -P "$source" | tr '\n' ' ' |
        grep -o 'extern "C" *void *[A-Za-z0-9_]*(' | sed 's/.* \([A-Za-z0-9_]*\)($/\1/' |
        {
            echo "#include \"$source\""
            while read -r kernel; do
                case $kernel in *_pair_*) blocks=2 ;; *) blocks=1 ;; esac
                echo "static simt::Listed listed_$kernel(\"$kernel\", $blocks, simt::Call<$kernel>::run);"
            done
        } >"$folder/$family.cpp"
    # shellcheck disable=SC2086
    g++ $flags -include simt.h -c -o "$folder/$family.o" "$folder/$family.cpp"
done
g++ -shared -o "$folder/libcuda.so" "$folder"/*.o
