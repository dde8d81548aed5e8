#!/usr/bin/env python3
"""Times commands over loaded process events: one search for each command, the events of wide_events.py.

    benches/commands.py [--events N] [--threads N] [--runs N] [--only NAME] [--bin target/release/splq] [--before OTHER]

It writes N events (1,000,000 unless given), loads them once per run, and gives for each search the best of the runs, in
milliseconds, with the rows of the answer. `--before` times another binary in turns with the first, and prints the ratio.
A search that takes more than a second per million events is marked. `--growth 1000000,4000000` times all searches over
several numbers of events, with the seconds of loading and the peak memory of each.
"""
import argparse
import json
import os
import pathlib
import subprocess
import tempfile
import time

import wide_events

ROOT = pathlib.Path(__file__).resolve().parent.parent
WORK = ROOT / "target" / "bench"

# name of the command, the search
SEARCHES = [
    ("search", 'process="*urlcache*split*http*" | stats count'),
    ("where", "index=main | where like(process, \"%-nop -w hidden%\") AND bytes>500000 | stats count"),
    ("where_in", "index=main | where process_id IN (" + ",".join(str(n) for n in range(4, 1204, 12)) + ") | stats count"),
    ("regex", 'index=main | regex process="(?i)-nop\\s+-w\\s+hidden.*-enc" | stats count'),
    ("rex", 'index=main | rex field=process "--id (?<id>\\d+)" | stats count by id'),
    ("eval", "index=main | eval size=round(bytes/1024, 1), kind=if(size>500, \"large\", \"small\") | stats count avg(size) by kind"),
    ("stats", "index=main | stats count dc(dest) values(process_integrity_level) by process_name"),
    ("stats_wide", "index=main | stats count min(_time) max(_time) by dest user process_name"),
    ("tstats", "| tstats count dc(Processes.user) from datamodel=Endpoint.Processes by Processes.process_name"),
    ("eventstats", "index=main | eventstats count by process_name | where count>5000 | stats count"),
    ("eventstats_values", "index=main | eventstats values(user) as users by process_name | eval n=mvcount(users) | stats max(n)"),
    ("streamstats", "index=main | streamstats count by dest | stats max(count)"),
    ("streamstats_values", "index=main | streamstats values(process_integrity_level) as seen by dest | eval n=mvcount(seen) | stats max(n)"),
    ("top", "index=main | top 20 process_name by process_integrity_level"),
    ("rare", "index=main | rare 20 process_name"),
    ("chart", "index=main | chart count over process_integrity_level by parent_process_name"),
    ("timechart", "index=main | timechart span=1h count by process_integrity_level"),
    ("bin", "index=main | bin _time span=5m | bin bytes span=100000 | stats count by _time bytes"),
    ("dedup", "index=main | dedup dest process_name | stats count"),
    ("uniq", "index=main | table process_integrity_level | uniq | stats count"),
    ("sort", "index=main | sort 0 -bytes process_name | head 10 | table bytes process_name"),
    ("head", "index=main | sort 100 -bytes | table bytes process"),
    ("transaction", "index=main | transaction dest maxspan=10m | stats count avg(duration)"),
    ("lookup", "index=main | lookup bench_names process_name OUTPUT team | stats count by team"),
    ("spath", "index=main | spath path=process_guid output=guid | stats dc(guid)"),
    ("fillnull", "index=main | fillnull value=none original_file_name | stats dc(original_file_name)"),
    ("mvexpand", "index=main | mvexpand tag | stats count by tag"),
    ("makemv", "index=main | makemv delim=\"\\\\\" process_path | stats max(eval(mvcount(process_path)))"),
    ("replace", "index=main | replace \"NT AUTHORITY*\" with system in user | stats dc(user)"),
    ("join", "index=main | stats count by process_name | join process_name [search index=main | stats dc(dest) as hosts by process_name] | stats sum(hosts)"),
    ("append", "index=main | stats count by process_name | append [search index=main | stats count by user] | stats count"),
    ("subsearch", "index=main [search index=main | rare 5 process_name | fields process_name] | stats count"),
    ("accum", "index=main | accum bytes as total | stats max(total)"),
    ("cluster", "index=main | head 20000 | cluster field=process showcount=true | stats count"),
]


def run(binary, data, folder, threads, content):
    """Milliseconds and rows per search, seconds of loading, peak memory in MiB."""
    command = [str(binary), "run", str(folder), "--data", str(data), "--threads", str(threads), "--jobs", "1", "--fail-on", "none", "--app", str(content)]
    started = time.perf_counter()
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
    output = process.stdout.read()
    _, _, used = os.wait4(process.pid, 0)
    process.returncode = 0
    elapsed = time.perf_counter() - started
    found = {}
    for line in output.splitlines():
        if line.startswith("{"):
            row = json.loads(line)
            found[row["query"]] = (row["elapsed_ms"], row.get("rows", 0), row["status"])
    searching = sum(row[0] for row in found.values()) / 1000
    return found, elapsed - searching, used.ru_maxrss / 1024, used.ru_utime + used.ru_stime


def best(runs):
    names = runs[0].keys()
    return {name: min((run[name] for run in runs), key=lambda row: row[0]) for name in names}


def app(folder):
    """An app with the lookup that the searches name."""
    (folder / "lookups").mkdir(parents=True)
    (folder / "default").mkdir()
    lines = ["process_name,team"] + [f"proc{number}.exe,team{number % 7}" for number in range(1500)]
    (folder / "lookups" / "bench_names.csv").write_text("\n".join(lines) + "\n")
    (folder / "default" / "transforms.conf").write_text("[bench_names]\nfilename = bench_names.csv\n")


def events(number):
    WORK.mkdir(parents=True, exist_ok=True)
    path = WORK / f"wide-events-{number}.ndjson"
    if not path.exists():
        wide_events.generate(path, number)
    return path


def main():
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--events", type=int, default=1_000_000)
    arguments.add_argument("--threads", type=int, default=2)
    arguments.add_argument("--runs", type=int, default=3)
    arguments.add_argument("--only")
    arguments.add_argument("--bin", default=str(ROOT / "target" / "release" / "splq"))
    arguments.add_argument("--before")
    arguments.add_argument("--growth")
    options = arguments.parse_args()
    searches = [search for search in SEARCHES if options.only in (None, search[0])]
    with tempfile.TemporaryDirectory() as folder:
        folder = pathlib.Path(folder)
        app(folder / "bench")
        (folder / "searches").mkdir()
        for name, search in searches:
            (folder / "searches" / f"{name}.spl").write_text(search + "\n")
        ask = lambda binary, data: run(binary, data, folder / "searches", options.threads, folder / "bench")
        if options.growth:
            growth(ask, options, searches)
            return
        data = events(options.events)
        runs, before = [], []
        for _ in range(options.runs):
            runs.append(ask(options.bin, data)[0])
            if options.before:
                before.append(ask(options.before, data)[0])
    found, then = best(runs), best(before) if before else {}
    print("| Search | Rows | ms |" + (" before | ratio |" if then else "") + " |")
    for name, _ in searches:
        elapsed, rows, status = found.get(name, (0, 0, "missing"))
        line = f"| {name} | {rows} | {elapsed:.0f} |"
        if then:
            old, old_rows, old_status = then.get(name, (0, 0, "missing"))
            line += f" {old:.0f} | {elapsed / old if old else 0:.2f} |"
            if (old_rows, old_status) != (rows, status):
                line += f" before: {old_rows} rows, {old_status}"
        if status != "ok":
            line += f" {status}"
        if elapsed > options.events / 1000:
            line += " slow"
        print(line)


def growth(ask, options, searches):
    """All searches over several numbers of events."""
    print("| Events | Loading, s | All searches, s | Computing, s | Peak memory, MiB |\n|---:|---:|---:|---:|---:|")
    for number in (int(text) for text in options.growth.split(",")):
        runs = [ask(options.bin, events(number)) for _ in range(options.runs)]
        total = min(sum(row[0] for row in found.values()) for found, *_ in runs) / 1000
        loading = min(loading for _, loading, *_ in runs)
        print(f"| {number:,} | {loading:.2f} | {total:.2f} | {min(run[3] for run in runs):.1f} | {min(run[2] for run in runs):.0f} |")


if __name__ == "__main__":
    main()
