#!/usr/bin/env bash
# Makes a first corpus for the targets from the searches of tests/conformance.
set -euo pipefail
cd "$(dirname "$0")/.."
mkdir -p fuzz/corpus/parse fuzz/corpus/plan fuzz/corpus/eval
number=0
sed -n "s/^  spl: '\(.*\)'$/\1/p" tests/conformance/*.yml | sed "s/''/'/g" | while IFS= read -r search; do
    number=$((number + 1))
    printf '%s' "$search" >"fuzz/corpus/parse/$number"
    printf '%s' "$search" >"fuzz/corpus/plan/$number"
    printf '%s\n1\n2,3\ntext\n' "$(printf '%s' "$search" | sed -n 's/.*| eval [a-z_]*=\([^|]*\).*/\1/p')" >"fuzz/corpus/eval/$number"
done
