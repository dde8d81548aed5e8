#!/usr/bin/env python3
"""What apps cost: one event, with many extractions of one field, and with many large add-ons at once.

usage: apps.py [--bin PATH] [--runs N] [--transforms N] [--addons N] [--keep FOLDER]

Apps of the sizes that published add-ons have are written to a folder (sourcetypes, extractions, aliases, calculated fields, lookups
with their tables, event types, tags), and a search over one event is run with them. A line per measure: wall time, processor time and
the most memory of the best run. The limits that splq keeps stand behind it.
"""
import argparse
import os
import pathlib
import resource
import subprocess
import sys
import tempfile
import time


def arguments():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--bin", default="target/release/splq")
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--transforms", type=int, default=100, help="transforms for one field")
    parser.add_argument("--addons", type=int, default=20)
    parser.add_argument("--keep", help="write the apps here and leave them")
    return parser.parse_args()


def write(folder, name, text):
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)


def one_field(folder, transforms):
    """An app with many transforms that can give one field."""
    names = [f"form_{number}" for number in range(transforms)]
    write(folder, "default/props.conf", "[st]\nKV_MODE = none\nREPORT-user = " + ", ".join(names) + "\n")
    stanzas = [f"[{name}]\nREGEX = form{number}\\s+user=(\\w+)\nFORMAT = user::$1 form::{number}\n" for number, name in enumerate(names)]
    write(folder, "default/transforms.conf", "\n".join(stanzas))


def addon(folder, number, sourcetypes=12, extractions=14, calculated=12, lookups=8, rows=1000, event_types=30):
    """An add-on as large as the official ones; the first sourcetype of the first one is that of the event."""
    props, transforms, types, tags = [], [], [], []
    for kind in range(sourcetypes):
        name = "st" if (number, kind) == (0, 0) else f"vendor{number}:kind{kind}"
        props.append(f"[{name}]")
        for place in range(extractions):
            transform = f"t_{number}_{kind}_{place}"
            transforms.append(f"[{transform}]\nREGEX = k{place}=(?<field_{place % 9}>[^\\s,]+)\nMV_ADD = {'true' if place % 3 == 0 else 'false'}\n")
            props.append(f"REPORT-{place:02} = {transform}")
            props.append(f"EXTRACT-{place:02} = (?i)kind{kind}\\s+x{place}=\"(?<other_{place}>[^\"]*)\"")
        for place in range(calculated):
            props.append(f"FIELDALIAS-{place:02} = field_{place % 9} ASNEW alias_{place}")
            props.append(f"EVAL-calc_{place} = case(isnotnull(field_{place % 9}), upper(field_{place % 9}), true(), \"unknown\")")
        for place in range(lookups):
            props.append(f"LOOKUP-{place:02} = l_{number}_{place} key AS field_{place % 9} OUTPUTNEW value_{place} AS out_{place}")
    for place in range(lookups):
        transforms.append(f"[l_{number}_{place}]\nfilename = l_{number}_{place}.csv\n")
        write(folder, f"lookups/l_{number}_{place}.csv", f"key,value_{place}\n" + "".join(f"key{row},value {row}\n" for row in range(rows)))
    for place in range(event_types):
        sourcetype = "st" if number == 0 and place == 0 else f"vendor{number}:kind{place % sourcetypes}"
        types.append(f"[type_{number}_{place}]\nsearch = sourcetype={sourcetype} (field_1=a* OR field_2=b) NOT alias_3=\"*none*\"\n")
        tags.append(f"[eventtype=type_{number}_{place}]\nnetwork = enabled\ncommunicate = enabled\n")
    write(folder, "default/props.conf", "\n".join(props) + "\n")
    write(folder, "default/transforms.conf", "\n".join(transforms))
    write(folder, "default/eventtypes.conf", "\n".join(types))
    write(folder, "default/tags.conf", "\n".join(tags))


def measure(options, what, limit, command):
    best = None
    for _ in range(options.runs):
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        started = time.perf_counter()
        process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        output, said = process.communicate()
        wall = time.perf_counter() - started
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        if process.returncode:
            sys.exit(f"{what}: {said}")
        found = (wall, after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime, after.ru_maxrss / 1024)
        best = min(best or found, found)
    wall, processor, memory = best
    print(f"{what:<44} {wall:6.3f} s  {processor:6.3f} s of processors  {memory:6.0f} MB   {limit}   {output.strip()[:60]}")


def main():
    options = arguments()
    with tempfile.TemporaryDirectory() as temporary:
        root = pathlib.Path(options.keep or temporary)
        one_field(root / "one_field", options.transforms)
        for number in range(options.addons):
            addon(root / "addons" / f"addon_{number:02}", number)
        event = root / "event.log"
        event.write_text("2024-05-01T10:00:00Z form7 user=bob k0=key1 k1=abc k2=b k3=key3\n")
        query = [os.path.abspath(options.bin), "query", "--data", str(event), "--sourcetype", "st", "--format", "ndjson", "--quiet"]
        measure(options, "no app", "", [*query, "* | table _raw"])
        with_field = [*query, "--app", str(root / "one_field")]
        measure(options, f"{options.transforms} transforms for one field", "0.3 s, 200 MB", [*with_field, "* | table user"])
        with_addons = [*query, "--app", str(root / "addons")]
        measure(options, f"{options.addons} add-ons, one field", "1 s", [*with_addons, "* | table calc_1"])
        measure(options, f"{options.addons} add-ons, tags", "1 s", [*with_addons, "tag=network | table out_0 calc_1 tag"])
        measure(options, f"{options.addons} add-ons, every field", "1 s", [*with_addons, "* | table *"])


main()
