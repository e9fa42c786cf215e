#!/bin/sh
# Fuzzes the Binance parser: run.sh SECONDS. First the corpus is replayed under gcc's sanitizers (with 0 seconds: nothing else), then
# libFuzzer runs, where clang has it.
# New inputs go to $FUZZ_OUT (default: a new folder in /tmp); a crash is written there too and ends the run with its status.
set -eu
seconds=${1:?usage: run.sh SECONDS}
here=$(cd "$(dirname "$0")" && pwd)
root=$(cd "$here/../.." && pwd)
out=${FUZZ_OUT:-$(mktemp -d /tmp/bot3-fuzz.XXXXXX)}
mkdir -p "$out/new"

avx2='-mavx2 -mfma -mbmi -mbmi2 -mlzcnt -mpopcnt'
avx512="$avx2 -mavx512f -mavx512bw -mavx512dq -mavx512vl -mavx512vbmi"
common="-std=gnu11 -g -O1 -D_GNU_SOURCE -DB3_VERSION=0 -fno-omit-frame-pointer -fno-sanitize-recover=all -I$root/csrc"
portable="feed/binance_json feed/json_digits feed/json_general feed/json_layout feed/json_scan feed/json_symbols base/cpu base/status"

# build COMPILER FLAGS PROGRAM
build() {
    objects=
    for name in $portable feed/json_speculate_avx2 feed/json_speculate_avx512; do
        case $name in *avx512) isa=$avx512 ;; *avx2) isa=$avx2 ;; *) isa= ;; esac
        object="$out/$(basename "$name").$(basename "$3").o"
        # shellcheck disable=SC2086
        "$1" $common $2 $isa -c "$root/csrc/$name.c" -o "$object"
        objects="$objects $object"
    done
    # shellcheck disable=SC2086
    "$1" $common $2 $4 "$here/fuzz_binance_json.c" $objects -o "$3"
}

build gcc '-fsanitize=address,undefined' "$out/replay" -DB3_FUZZ_REPLAY
"$out/replay" "$here"/corpus_binance_json/*
[ "$seconds" -gt 0 ] || exit 0

clang=$(command -v clang-14 || command -v clang || true)
if [ -z "$clang" ] || ! echo 'int LLVMFuzzerTestOneInput(const char *d, long n) { return d == 0 && n < 0; }' |
    "$clang" -x c -fsanitize=fuzzer,address,undefined - -o "$out/probe" 2>/dev/null; then
    echo "fuzzing skipped: no clang with libFuzzer (apt-get install clang-14 libclang-rt-14-dev)"
    exit 0
fi
build "$clang" '-fsanitize=fuzzer-no-link,address,undefined' "$out/fuzz" -fsanitize=fuzzer
"$out/fuzz" -max_total_time="$seconds" -max_len=2048 -print_final_stats=1 -artifact_prefix="$out/" -dict="$here/binance_json.dict" \
    "$out/new" "$here/corpus_binance_json"
