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

# Of the targets that read files: the data of the repository, small files only.
for target in regex times conf json csv xml evtx; do mkdir -p "fuzz/corpus/$target"; done
seed() { # target, files: the first 16 KiB of each
    target=$1
    shift
    for file in "$@"; do head -c 16384 "$file" >"fuzz/corpus/$target/$(printf '%s' "$file" | cksum | cut -d' ' -f1)"; done
}
files() { find datasets tests crates -type f -name "$1" -not -path '*/target/*' | head -200; }
seed json $(files '*.ndjson') $(files '*.json')
seed csv $(files '*.csv') $(files '*.tsv')
seed xml $(files '*.xml')
seed evtx $(files '*.evtx')
seed conf $(files '*.conf')
number=0
grep -hoE '(rex|regex|match|replace)[^|]*"[^"]{3,}"' tests/conformance/*.yml | sed 's/^[^"]*"//; s/"$//' | sort -u | while IFS= read -r pattern; do
    number=$((number + 1))
    printf '%s\nuser=alice src=10.0.0.1 a,b C:\\x.exe\n' "$pattern" >"fuzz/corpus/regex/$number"
done
grep -hoE '"[^"]*%[A-Za-z][^"]*"' tests/conformance/*.yml | tr -d '"' | sort -u | while IFS= read -r format; do
    number=$((number + 1))
    printf '%s\n2023-11-14 22:13:20\n-1d@d+3h\n' "$format" >"fuzz/corpus/times/$number"
done
