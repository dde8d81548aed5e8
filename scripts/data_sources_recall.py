#!/usr/bin/env python3
"""Which of the fields that a data source lists does splq find in its example event?

usage: data_sources_recall.py [--bin PATH] [--app DIR]... [--missing] [--extra] [--min PERCENT] [--only WORD] FOLDER

FOLDER holds data source files (YAML) as a detection repository keeps them in `data_sources/`: each names a `source`, a `sourcetype`,
the `fields` that Splunk with the source's add-on finds, and one event, `example_log`. The event is written to a file, loaded with that
source and sourcetype, and the fields of `splq query '*'` are compared with the list by name (a field counts when the event has a value
for it). A line per data source, then the totals.

Left out of the lists, because they say nothing about the event:
  _time and other names with an underscore in front   internal to Splunk
  date_*, timestartpos, timeendpos                     where and how Splunk's indexer found the time in the text
  punct, linecount, splunk_server, splunk_server_group the indexer's bookkeeping
  null, unix_category, unix_group                      column heads of the export that the lists were made from; names of hosts' groups
`index`, `host`, `source`, `sourcetype`, `eventtype`, `tag` and `tag::eventtype` count like any other field.

An example is `cut` when nothing is left of it but a first line (a date, the head of a PowerShell object ...): no program can find
fields there. Its line is printed, and the totals are given without and with the cut ones. An XML example that ends in the middle is
not cut: it must yield what is there, although fields behind the break count as missing.
"""
import argparse
import json
import os
import pathlib
import re
import subprocess
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor

import yaml

LEFT_OUT = re.compile(r"^(_.*|date_.*|timestartpos|timeendpos|punct|linecount|splunk_server|splunk_server_group|null|unix_category|unix_group)$")
# The first line of a longer event: a date, or a head with a single pair.
CUT = re.compile(r"^\s*(\d{1,2}/\d{1,2}/\d{4} \d{1,2}:\d\d:\d\d [AP]M)?\s*$")


def arguments():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=pathlib.Path)
    parser.add_argument("--bin", default=os.environ.get("SPLQ", "target/release/splq"), help="the splq to run")
    parser.add_argument("--app", action="append", default=[], help="app folder to load as well")
    parser.add_argument("--only", default="", help="only files whose name contains this")
    parser.add_argument("--missing", action="store_true", help="name the fields that are missing")
    parser.add_argument("--extra", action="store_true", help="name the fields that are found but not listed")
    parser.add_argument("--min", type=float, default=90, help="exit code 1 when recall is below this many per cent")
    return parser.parse_args()


def measure(path, options):
    described = yaml.safe_load(path.read_text(encoding="utf-8"))
    listed = {str(field) for field in described.get("fields") or []}
    listed = {field for field in listed if not LEFT_OUT.match(field)}
    log = described.get("example_log")
    if not log or not listed:
        return path.stem, "no example" if not log else "no fields", listed, set(), ""
    kind = "cut" if CUT.match(log) else "used"
    with tempfile.TemporaryDirectory() as folder:
        event = pathlib.Path(folder) / "example.log"
        event.write_text(log if log.endswith("\n") else log + "\n", encoding="utf-8")
        command = [options.bin, "query", "--quiet", "--format", "ndjson", "--data", str(event)]
        command += ["--sourcetype", str(described.get("sourcetype")), "--source", str(described.get("source"))]
        for app in options.app:
            command += ["--app", app]
        # Event types and tags are worked out where a search names them.
        run = subprocess.run([*command, "* | fields *, eventtype, tag, tag::*"], capture_output=True, text=True, check=False)
    found = set()
    for line in run.stdout.splitlines():
        found.update(json.loads(line))
    return path.stem, kind, listed, found, run.stderr.strip()


def main():
    options = arguments()
    paths = sorted(path for path in options.folder.glob("*.yml") if options.only in path.name)
    if not paths:
        sys.exit(f"no data source files in {options.folder}")
    with ThreadPoolExecutor(2) as pool:
        results = list(pool.map(lambda path: measure(path, options), paths))
    totals = {"used": [0, 0, 0], "cut": [0, 0, 0]}
    for name, kind, listed, found, problem in results:
        hits = listed & found
        if kind in totals:
            total = totals[kind]
            total[0] += 1
            total[1] += len(hits)
            total[2] += len(listed)
            share = f"{100 * len(hits) / len(listed):6.1f} %  {len(hits):3} of {len(listed):3}"
        else:
            share = f"       -  {len(hits):3} of {len(listed):3}"
        print(f"{share}  {name}{'' if kind == 'used' else f'  ({kind})'}")
        if problem:
            print(f"          {problem.splitlines()[0]}")
        if options.missing and kind in totals and listed - found:
            print("          missing: " + " ".join(sorted(listed - found)))
        if options.extra and kind in totals and found - listed:
            print("          extra: " + " ".join(sorted(name for name in found - listed if not name.startswith("_"))))
    files, hits, fields = totals["used"]
    recall = 100 * hits / max(fields, 1)
    print(f"\nrecall {recall:.2f} %: {hits} of {fields} fields in {files} examples")
    cut = totals["cut"]
    if cut[0]:
        print(f"with the {cut[0]} cut examples {100 * (hits + cut[1]) / (fields + cut[2]):.2f} %: {hits + cut[1]} of {fields + cut[2]}")
    without = sum(1 for result in results if result[1] not in totals)
    if without:
        print(f"{without} data sources without an example or without a list of fields")
    sys.exit(0 if recall >= options.min else 1)


if __name__ == "__main__":
    main()
