#!/usr/bin/env python3
"""Which logs feed which datasets of the data models, with counts of events, as Markdown.

usage: data_models_fed.py [--bin PATH] [--app DIR]... FOLDER [MODEL...]

FOLDER holds packs of logs: `evtx/` (Windows event logs by tactic), `otrf/` and `attack_data/` (archives), `other/`. Every archive and
every folder of `evtx/` is one pack; it is loaded once, and each dataset is counted in it as `tstats count from datamodel=Model.Dataset`
counts. Sourcetypes that a file's content does not tell are given as a collector would have given them; archives with members of several
sourcetypes are unpacked. Datasets that no pack feeds are listed below the tables. MODEL: the models, by default Endpoint,
Network_Traffic, Network_Resolution, Web, Authentication, Change.
"""
import argparse
import json
import os
import pathlib
import subprocess
import sys
import tempfile
import zipfile

MODELS = ["Endpoint", "Network_Traffic", "Network_Resolution", "Web", "Authentication", "Change"]
# Part of a path, and the sourcetype of what is in it.
SOURCETYPES = [("ec2_proxy_s3_exfiltration", "aws:cloudtrail"), ("sh_arp_cache", "linux:audit"), ("IIS.log", "iis")]


def arguments():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=pathlib.Path)
    parser.add_argument("models", nargs="*", default=MODELS)
    parser.add_argument("--bin", default=os.environ.get("SPLQ", "target/release/splq"), help="the splq to run")
    parser.add_argument("--app", action="append", default=[], help="app folder to load as well")
    return parser.parse_args()


def packs(folder, scratch):
    """Name, path and sourcetype (or none) of each thing to load."""
    for tactic in sorted((folder / "evtx").glob("*")):
        yield f"evtx/{tactic.name}", tactic, None
    rest = [path for part in ("otrf", "attack_data", "other") for path in sorted((folder / part).rglob("*")) if path.is_file()]
    for path in rest:
        name = f"{path.relative_to(folder).parts[0]}/{path.name}"
        if "zeek" in name and zipfile.is_zipfile(path):
            with zipfile.ZipFile(path) as archive:
                archive.extractall(scratch / "zeek")
            for member in sorted((scratch / "zeek").rglob("*.log")):
                yield f"{name}: {member.name}", member, f"zeek:{member.stem}:json"
            continue
        yield name, path, next((sourcetype for part, sourcetype in SOURCETYPES if part in name), None)


def datasets(options):
    run = subprocess.run([options.bin, "datamodels", "--format", "ndjson", *app_options(options)], capture_output=True, text=True, check=True)
    rows = [json.loads(line) for line in run.stdout.splitlines()]
    return [(row["model"], row["dataset"]) for row in rows if row["model"] in options.models]


def app_options(options):
    return [text for app in options.app for text in ("--app", app)]


def main():
    options = arguments()
    known = datasets(options)
    if not known:
        sys.exit("no such data models")
    fed = {key: [] for key in known}
    with tempfile.TemporaryDirectory() as folder:
        scratch = pathlib.Path(folder)
        searches = scratch / "searches"
        searches.mkdir()
        for model, dataset in known:
            text = f"| tstats count from datamodel={model}.{dataset}"
            (searches / f"{model}.{dataset}.spl").write_text(text + "\n", encoding="utf-8")
        for number, (name, path, sourcetype) in enumerate(packs(options.folder, scratch)):
            out = scratch / f"out{number}"
            command = [options.bin, "run", "-q", str(searches), "--data", str(path), "--out", str(out), "--format", "ndjson"]
            command += app_options(options) + (["--sourcetype", sourcetype] if sourcetype else [])
            run = subprocess.run(command, capture_output=True, text=True, check=False)
            if run.returncode:
                print(f"{name}: {run.stderr.strip()[:300]}", file=sys.stderr)
            for model, dataset in known:
                result = out / f"{model}.{dataset}.ndjson"
                rows = [json.loads(line) for line in result.read_text(encoding="utf-8").splitlines()] if result.exists() else []
                count = sum(row.get("count", 0) for row in rows)
                if count:
                    fed[model, dataset].append((name, count))
    for model in options.models:
        print(f"\n### {model}\n")
        print("| dataset | events | from |\n| --- | ---: | --- |")
        for (of, dataset), rows in fed.items():
            if of == model and rows:
                rows.sort(key=lambda row: -row[1])
                parts = ", ".join(f"{name} {count:,}" for name, count in rows)
                print(f"| {dataset} | {sum(count for _, count in rows):,} | {parts} |")
        empty = [dataset for (of, dataset), rows in fed.items() if of == model and not rows]
        if empty:
            print(f"\nFed by none of these packs: {', '.join(empty)}.")


if __name__ == "__main__":
    main()
