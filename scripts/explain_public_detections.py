#!/usr/bin/env python3
"""Says of each detection of a repository whether given logs can test it, and why not: one CSV row each, and the counts.

    python3 scripts/explain_public_detections.py --bin target/release/splq --content security_content --logs FOLDER [--logs FOLDER] -o verdicts.csv

`splq run` tells which find rows in the logs, `splq coverage` which have events and fields there at all, `splq explain --why-empty` which
condition removes the last of them. The reason of each is shortened to one of a few, which the last lines count; they are the table in
docs/testing.md.
"""

import argparse
import collections
import concurrent.futures
import csv
import json
import pathlib
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent
LIST = ROOT / "tests/content/public_detections.csv"


EMPTY = "its events are there, its attack is not"


# Characters of a condition.
LONGEST = 80


def rows(command):
    done = subprocess.run(command, capture_output=True, text=True)
    if done.returncode not in (0, 1):
        sys.exit(done.stderr[-2000:])
    return [json.loads(line) for line in done.stdout.splitlines()]


def removed(arguments, data, file):
    """The condition that removes the last rows; none when it is not found."""
    explain = [arguments.bin, "explain", *data, "--content", str(arguments.content), "-f", str(file), "--why-empty", "-q", "--no-config"]
    printed = subprocess.run(explain, capture_output=True, text=True).stdout.splitlines()
    steps = [line.split(None, 1) for line in printed if line.lstrip()[:1].isdigit()]
    before = None
    for count, condition in (step for step in steps if len(step) == 2):
        if count == "0":
            condition = condition.strip()
            condition = condition if len(condition) <= LONGEST else condition[:LONGEST] + "…"
            return f"`{condition}` removes the {before} rows that were left" if before else f"`{condition}` finds none"
        before = count
    return None


def verdict(name, ran, covered, listed):
    """What is to be said of a detection, in few words and in all."""
    if name in listed:
        return "rows found, counted by hand", f"{listed[name]} rows"
    if ran and (ran.get("rows") or 0) > 0:
        return "rows found", f"{ran['rows']} rows"
    runs = covered.get("runs") if covered else None
    if not covered:
        return "deprecated", "its status is `deprecated`"
    reason = covered.get("reason") or ""
    if runs in ("yes", "partly"):
        return EMPTY, reason or "all conditions together hold for no event"
    if runs == "no":
        return ("a field that it needs is in no event" if " fills " in reason else "no event of its source"), reason
    if ran and ran.get("error"):
        return "the search can't be run", ran["error"]
    return "the search can't be run", reason


def main():
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--bin", default="target/release/splq")
    arguments.add_argument("--content", required=True, type=pathlib.Path)
    arguments.add_argument("--logs", required=True, action="append")
    arguments.add_argument("--jobs", type=int, default=1)
    arguments.add_argument("-o", dest="output", type=pathlib.Path)
    arguments = arguments.parse_args()
    data = [option for logs in arguments.logs for option in ("--data", logs)]
    detections = arguments.content / "detections"
    common = [str(detections), *data, "--format", "ndjson", "-q", "--no-config"]
    ran = {row["query"]: row for row in rows([arguments.bin, "run", *common, "--no-baselines"])}
    covered = {row["detection"]: row for row in rows([arguments.bin, "coverage", *common, "--no-tests"])}
    with LIST.open() as file:
        listed = {row["detection"]: row["rows"] for row in csv.DictReader(file)}
    table, reasons, empty = [], collections.Counter(), {}
    for file in sorted(detections.rglob("*.yml")):
        name = next(line for line in file.read_text().splitlines() if line.startswith("name:"))[5:].strip().strip("'\"")
        of_run = ran.get(file.stem) or ran.get(str(file.relative_to(detections).with_suffix("")))
        short, whole = verdict(file.stem, of_run, covered.get(name), listed)
        reasons[short] += 1
        if short == EMPTY:
            empty[file.stem] = file
        table.append((file.stem, short, whole))
    with concurrent.futures.ThreadPoolExecutor(arguments.jobs) as pool:
        found = dict(zip(empty, pool.map(lambda file: removed(arguments, data, file), empty.values())))
    table = [(name, short, found.get(name) or whole) for name, short, whole in table]
    if arguments.output:
        with arguments.output.open("w", newline="") as file:
            writer = csv.writer(file, lineterminator="\n")
            writer.writerow(("detection", "verdict", "reason"))
            writer.writerows(table)
    for reason, count in reasons.most_common():
        print(f"| {reason} | {count} |")


if __name__ == "__main__":
    main()
