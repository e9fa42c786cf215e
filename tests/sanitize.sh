#!/usr/bin/env bash
# Runs the tests that reach the C core against a build with AddressSanitizer and UndefinedBehaviorSanitizer.
set -euo pipefail
cd "$(dirname "$0")/.."
build=$PWD/build/sanitize
[ -f "$build/build.ninja" ] || meson setup "$build" -Dtests=true -Db_sanitize=address,undefined -Db_lundef=false -Db_lto=false \
    -Dmimalloc=disabled -Dbuildtype=debugoptimized >/dev/null
ninja -C "$build" >/dev/null
meson install -C "$build" --no-rebuild --destdir "$build/root" >/dev/null
site=$(dirname "$(find "$build/root" -type d -name bot3 -path '*-packages/*' | head -n 1)")
# The interpreter is not instrumented, so the runtime comes first by preload; what Python itself never frees is not ours to report.
preload="$(gcc -print-file-name=libasan.so):$(gcc -print-file-name=libubsan.so)"
LD_PRELOAD=$preload ASAN_OPTIONS=detect_leaks=0:handle_segv=0 UBSAN_OPTIONS=halt_on_error=1:print_stacktrace=1 \
    B3_INTERNALS=$build/tests/native PYTHONPATH=$site \
    pytest -q -n auto --dist loadfile -p no:cacheprovider tests/unit tests/oracle tests/e2e "$@"
