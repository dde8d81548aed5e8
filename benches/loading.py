#!/usr/bin/env python3
"""What loading costs: files of one format each, read by one binary or by several, one after the other.

usage: loading.py [--bin NAME=PATH ...] [--runs N] [--events N] [--evtx PATH ...] [--data PATH ...]

JSON, CSV, syslog and Windows events as XML are written to a folder; Windows event logs and other files are given. Of each search the
seconds of processors of the best run are printed, for each binary, and how many times those of the first one that is.
`count` reads times and origins alone, `all` every field. Sourcetypes with settings for their times stand beside plain ones.
"""
import argparse
import json
import os
import pathlib
import resource
import subprocess
import sys
import tempfile


def arguments():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--bin", action="append", default=[], metavar="NAME=PATH")
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--events", type=int, default=200_000)
    parser.add_argument("--evtx", nargs="*", default=[], help="files or folders of Windows event logs")
    parser.add_argument("--data", nargs="*", default=[], help="other files")
    return parser.parse_args()


def clock(number):
    return f"2024-03-{1 + number // 86_400 % 28:02}T{number // 3600 % 24:02}:{number // 60 % 60:02}:{number % 60:02}"


def record(number):
    return {
        "timestamp": clock(number) + ".250Z",
        "user": f"user{number % 500}",
        "src_ip": f"10.{number % 7}.{number % 251}.{number % 13}",
        "dest_port": number % 1024,
        "action": ("allowed", "blocked", "teardown")[number % 3],
        "bytes": number * 37 % 100_000,
        "detail": {"rule": f"rule {number % 40}", "tags": ["a", "b"], "score": number % 100 / 10},
        "message": f"request {number} took {number % 900} ms in zone {number % 9}",
    }


def xml(number):
    data = "".join(f"<Data Name='{name}'>{value}</Data>" for name, value in (
        ("TargetUserName", f"user{number % 500}"), ("LogonType", number % 11), ("IpAddress", f"10.0.{number % 251}.{number % 13}"),
        ("ProcessName", "C:\\Windows\\System32\\svchost.exe"), ("WorkstationName", f"WS{number % 90}")))
    return (
        "<Event xmlns='http://schemas.microsoft.com/win/2004/08/events/event'><System><Provider Name='Microsoft-Windows-Security-Auditing'/>"
        f"<EventID>4624</EventID><Level>0</Level><Keywords>0x8020000000000000</Keywords><TimeCreated SystemTime='{clock(number)}.2500000Z'/>"
        f"<EventRecordID>{number}</EventRecordID><Channel>Security</Channel><Computer>dc1.corp.example</Computer></System>"
        f"<EventData>{data}</EventData></Event>"
    )


def files(root, events):
    """The files with the options that each is loaded with."""
    def write(name, lines):
        path = root / name
        with open(path, "w") as out:
            out.writelines(line + "\n" for line in lines)
        return path

    numbers = range(events)
    ndjson = write("events.json", (json.dumps(record(number), separators=(",", ":")) for number in numbers))
    alerts = write("alerts.json", (
        json.dumps({"id": f"a{number}", "lastUpdateTime": clock(number) + ".2500000Z", **{
            name: value for name, value in record(number).items() if name != "timestamp"}}, separators=(",", ":")) for number in numbers))
    header = "time,user,src_ip,dest_port,action,bytes,message"
    rows = ([clock(number) + "Z", *(str(value) for name, value in record(number).items() if name not in ("timestamp", "detail"))]
            for number in numbers)
    csv = write("events.csv", [header, *(",".join(row) for row in rows)])
    syslog = write("messages.log", (
        f"<13>{clock(number)}Z host{number % 20} app[{number % 900}]: user=user{number % 500} action=login src=10.0.0.{number % 250} "
        f"took={number % 900}" for number in numbers))
    windows = write("security.xml", (xml(number) for number in range(events // 2)))
    return [
        ("JSON", [ndjson], []),
        ("JSON, a sourcetype without settings", [alerts], ["--sourcetype", "_json"]),
        ("JSON, a sourcetype with TIME_PREFIX", [alerts], ["--sourcetype", "ms:defender:atp:alerts"]),
        ("CSV", [csv], []),
        ("syslog", [syslog], []),
        ("Windows events as XML", [windows], []),
    ]


def seconds(command, runs):
    best = None
    for _ in range(runs):
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        process = subprocess.run(command, capture_output=True, text=True)
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        if process.returncode:
            sys.exit(f"{' '.join(command)}: {process.stderr}")
        found = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
        best = min(best or found, found)
    return best, process.stdout


def main():
    options = arguments()
    binaries = [entry.split("=", 1) if "=" in entry else (pathlib.Path(entry).name, entry) for entry in options.bin]
    binaries = binaries or [("splq", "target/release/splq")]
    with tempfile.TemporaryDirectory() as temporary:
        measured = files(pathlib.Path(temporary), options.events)
        logs = [path for given in options.evtx for path in ([given] if given.endswith(".evtx") else pathlib.Path(given).rglob("*.evtx"))]
        if logs:
            measured.append((f"{len(logs)} Windows event logs", logs, []))
        measured += [(pathlib.Path(path).name, [path], []) for path in options.data]
        print(f"{'':<44}" + "".join(f"{name:>22}" for name, _ in binaries))
        for what, paths, more in measured:
            for search, name in (("* | stats count", "count"), ("* | fields * | stats count dc(*)", "all")):
                data = [argument for path in paths for argument in ("--data", str(path))]
                line, first, rows = f"{what + ', ' + name:<44}", None, set()
                for _, path in binaries:
                    command = [os.path.abspath(path), "query", "--quiet", "--format", "ndjson", *data, *more, search]
                    found, row = seconds(command, options.runs)
                    first = first or found
                    rows.add(row[: row.find(",")] if name == "all" else row)
                    line += f"{found:12.3f} s  {found / first:5.2f}x"
                print(line + ("" if len(rows) == 1 else "   the rows differ"), flush=True)


main()
