#!/usr/bin/env python3
"""Compares what `contentctl validate` of version 4 and `splq check` accept, file by file: a whole repository of layout 4, and the same with
one fault in each of many detections.

    python3 scripts/compare_contentctl_4.py --bin target/debug/splq --contentctl contentctl --content security_content

contentctl 4.4 is on PyPI; with `pydantic==2.9.2` and `tyro==0.8.14` it starts. What the repository lacks is added in a copy: a story for
each name that detections give, files of models, contentctl.yml. One line per file that only one of the two refuses; those that REASONS
explains are marked so. The exit code is 1 when one is not explained.
"""

import argparse
import collections
import json
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile
import uuid

# Why the two differ, by the code of splq or a word of contentctl's message.
REASONS = {
    "plan/refused-command": "contentctl reads no searches: the command belongs to an app that splq does not have",
    "parse/": "contentctl reads no searches: Splunk refuses this one",
    "plan/argument": "contentctl reads no searches: Splunk refuses this one",
    "lookup/unknown": "the lookup belongs to another app (URL Toolbox), which contentctl knows by name; its rows are not there",
    "lookup/unknown-field": "contentctl reads no searches: the table has no such field",
    "content/file": "the file still holds `__UPDATE__`, which contentctl refuses from version 5 on",
    "macro/": "contentctl reads no searches: a macro that another app defines",
}

SETTINGS = """path: .
app: {uid: 3449, title: ES Content Updates, appid: DA-ESS-ContentUpdate, version: 4.42.0, description: d, prefix: ESCU, label: ESCU, author_name: a, author_email: a@b.example, author_company: c, build: 1}
enrichments: false
"""

STORY = """name: {name}
id: {id}
version: 1
date: '2024-01-01'
author: a
description: what it is about
narrative: what it is about
references: []
tags: {{category: [Malware], product: [Splunk Enterprise], usecase: Advanced Threat Detection}}
"""

# A fault as a pattern and what is put in its place, at its first match.
FAULTS = [
    (r"^name: .*", "name: Another Name"),
    (r"^name: ", "names: "),
    (r"^name: (.*)", r"name: '\1 " + "x" * 60 + "'"),
    (r"^id: .*", "id: 7b0d1b5e"),
    (r"^id: .*\n", ""),
    (r"^version: .*", "version: -1"),
    (r"^version: .*", "version: one"),
    (r"^version: .*\n", ""),
    (r"^date: .*", "date: 20.3.2024"),
    (r"^date: .*", "date: '2999-01-01'"),
    (r"^date: .*\n", ""),
    (r"^author: .*\n", ""),
    (r"^author: .*", "author: " + "x" * 256),
    (r"^status: production", "status: live"),
    (r"^status: production", "status: validation"),
    (r"^status: production", "status: experimental"),
    (r"^status: production\n", ""),
    (r"^type: TTP", "type: ttp"),
    (r"^type: TTP", "type: Hunting"),
    (r"^type: TTP", "type: Baseline"),
    (r"^type: TTP\n", ""),
    (r"^description: .*\n", ""),
    (r"^data_source:\n- .*", "data_source:\n- No Such Source"),
    (r"^data_source:\n- .*", "data_source: No Such Source"),
    (r"_filter`", "_filters`"),
    (r"_filter`", "_filter` | `no_such_macro`"),
    (r"_filter`", "_filter` | `no_such_filter`"),
    (r"_filter`", "_filter` | lookup no_such_lookup dest"),
    (r"^search: ", "searches: "),
    (r"^how_to_implement: (.|\n)*?\n(?=known)", "how_to_implement: abc\n"),
    (r"^how_to_implement: (.|\n)*?\n(?=known)", ""),
    (r"^known_false_positives: (.|\n)*?\n(?=references)", ""),
    (r"^references:\n- https?://", "references:\n- "),
    (r"^references:\n(- .*\n)+", "references: []\n"),
    (r"  analytic_story:\n  - .*", "  analytic_story:\n  - No Such Story"),
    (r"  analytic_story:\n  - (.*)", r"  analytic_story:\n  - \1\n  - \1"),
    (r"  analytic_story:\n(  - .*\n)+", ""),
    (r"  asset_type: .*", "  asset_type: Laptop"),
    (r"  asset_type: .*\n", ""),
    (r"  confidence: .*", "  confidence: 101"),
    (r"  confidence: .*", "  confidence: high"),
    (r"  confidence: .*\n", ""),
    (r"  impact: .*", "  impact: -1"),
    (r"  impact: .*\n", ""),
    (r"  message: (.|\n)*?\n(?=  [a-z])", ""),
    (r"  message: (.|\n)*?\n(?=  [a-z])", "  message: $no_such_field$ did it\n"),
    (r"  mitre_attack_id:\n  - T\d+", "  mitre_attack_id:\n  - T15"),
    (r"  mitre_attack_id:\n  - (T\d{4})(\.\d+)?", r"  mitre_attack_id:\n  - \1\n  - \1.001"),
    (r"  mitre_attack_id:\n(  - .*\n)+", ""),
    (r"  observable:\n  - name: .*", "  observable:\n  - name: no_such_field"),
    (r"    type: (User|Hostname|Endpoint)\n", "    type: Laptop\n"),
    (r"    - Victim", "    - Bystander"),
    (r"    - Victim\n", "    - Victim\n    - Attacker\n"),
    (r"    role:\n    - Victim\n", ""),
    (r"  observable:\n((  - |    ).*\n)+", "  observable: []\n"),
    (r"  product:\n  - .*", "  product:\n  - Splunk Light"),
    (r"  product:\n(  - .*\n)+", "  product: []\n"),
    (r"  required_fields:\n(  - .*\n)+", "  required_fields: []\n"),
    (r"  required_fields:\n(  - .*\n)+", ""),
    (r"  security_domain: .*", "  security_domain: host"),
    (r"  security_domain: .*\n", ""),
    (r"  risk_score: .*", "  risk_score: many"),
    (r"^tags:\n", "tags:\n  cve:\n  - CVE-24-1\n"),
    (r"^tags:\n", "tags:\n  atomic_guid:\n  - abc\n"),
    (r"^tags:\n", "tags:\n  manual_test: by hand\n"),
    (r"^tags:\n", "tags:\n  anything: goes\n"),
    (r"^tags:\n", "anything: goes\ntags:\n"),
    (r"^tags:\n", "tags:\n  throttling:\n    fields:\n    - no_such_field\n    period: 1h\n"),
    (r"^tags:\n", "tags:\n  throttling:\n    fields:\n    - dest\n    period: 1d\n"),
    (r"^tests:\n(.|\n)*", ""),
    (r"^tests:\n(.|\n)*", "tests: []\n"),
    (r"  attack_data:\n(.|\n)*", ""),
    (r"  - data: https", "  - data: no/such/file.log\n    update: https"),
    (r"    sourcetype: .*", "    sourcetypes: x"),
    (r"    source: .*\n", ""),
    (r"^status: production", "status: production\nenabled_by_default: true"),
    (r"^status: production", "status: experimental\nenabled_by_default: true"),
    (r"^status: production", "status: production\ndeployment: {scheduling: {cron_schedule: '0 * * * *', earliest_time: -1h, latest_time: now, schedule_window: auto}}"),
    (r"^status: production", "status: production\ndeployment: {alert_action: {}}"),
    (r"^description: ", "description: __UPDATE__ "),
    (r"^drilldown_searches:\n- name: .*", "drilldown_searches:\n- name: abc"),
    (r"  earliest_offset: .*\n", ""),
    (r"%original_detection_search%", "index=x"),
    (r"^drilldown_searches:\n((- |  ).*\n)+", ""),
]


def copy_of(content, folder):
    """A copy that contentctl accepts."""
    root = folder / "content"
    shutil.copytree(content, root)
    for path in [root, *root.rglob("*")]:
        path.chmod(0o755 if path.is_dir() else 0o644)
    names = set()
    for file in root.glob("detections/**/*.yml"):
        part = re.search(r"^  analytic_story:\n((?:  ?- .*\n|  *- .*\n)+)", file.read_text(), re.M)
        names |= {line.strip()[1:].strip().strip("'\"") for line in part[1].splitlines()} if part else set()
    (root / "stories").mkdir(exist_ok=True)
    for name in names:
        file = root / "stories" / (re.sub(r"[ \-./]", "_", name.lower()) + ".yml")
        if not file.exists():
            file.write_text(STORY.format(name=json.dumps(name), id=uuid.uuid5(uuid.NAMESPACE_URL, name)))
    for file in root.glob("lookups/*.yml"):
        table = re.search(r"^filename: (.*)", file.read_text(), re.M)
        if table and not (root / "lookups" / table[1].strip()).exists():
            (root / "lookups" / table[1].strip()).write_text("x")
    for name in ["baselines", "investigations", "playbooks", "dashboards", "app_template", "dist"]:
        (root / name).mkdir(exist_ok=True)
    (root / "contentctl.yml").write_text(SETTINGS)
    return root


def refused_by_contentctl(command, root):
    done = subprocess.run([command, "validate"], cwd=root, capture_output=True, text=True, timeout=1800)
    text = (done.stdout + done.stderr).replace("\r", "\n")
    refused = {}
    for part in re.split(r"^File: ", text, flags=re.M)[1:]:
        file, _, message = part.partition("\n")
        refused[file.strip()] = " ".join(message.split())
    if done.returncode != 0 and not refused:
        sys.exit(f"contentctl fails without naming a file:\n{text[-2000:]}")
    return refused


def refused_by_splq(command, root):
    check = [command, "check", ".", "-q", "--no-config", "--content", ".", "--format", "ndjson"]
    done = subprocess.run(check, cwd=root, capture_output=True, text=True, timeout=1800)
    refused = collections.defaultdict(list)
    for line in done.stdout.splitlines():
        row = json.loads(line)
        if row["status"] == "error":
            refused[row["file"].removeprefix("./")].append((row["code"], row["message"]))
    return refused


def compare(arguments, root, title, faults):
    theirs, ours = refused_by_contentctl(arguments.contentctl, root), refused_by_splq(arguments.bin, root)
    open_differences, explained = 0, collections.Counter()
    for file in sorted(set(theirs) ^ set(ours)):
        fault = f" [{faults[file]}]" if file in faults else ""
        if file in theirs:
            open_differences += 1
            print(f"{file}{fault}: only contentctl refuses: {theirs[file][:160]}", flush=True)
            continue
        codes = {code for code, _ in ours[file]}
        reasons = [next((reason for start, reason in REASONS.items() if code.startswith(start)), None) for code in codes]
        if all(reasons):
            explained[reasons[0]] += 1
        else:
            open_differences += 1
            print(f"{file}{fault}: only splq refuses: {ours[file][0][0]} {ours[file][0][1][:160]}", flush=True)
    both = len(set(theirs) & set(ours))
    print(f"{title}: {both} files refused by both, {open_differences} by one, {sum(explained.values())} explained", flush=True)
    for reason, count in explained.items():
        print(f"  {count}: {reason}")
    return open_differences


def main():
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--bin", default="target/release/splq", type=lambda path: str(pathlib.Path(path).resolve()))
    arguments.add_argument("--contentctl", default="contentctl")
    arguments.add_argument("--content", required=True, type=pathlib.Path)
    arguments = arguments.parse_args()
    different = 0
    with tempfile.TemporaryDirectory() as folder:
        root = copy_of(arguments.content, pathlib.Path(folder))
        different += compare(arguments, root, "the repository", {})
        files = [file for file in sorted(root.glob("detections/**/*.yml")) if "production" in file.read_text()]
        faults, rest = {}, iter(files)
        for number, (pattern, replacement) in enumerate(FAULTS):
            compiled = re.compile(pattern, re.M)
            file = next((file for file in rest if compiled.search(file.read_text())), None)
            if file is None:
                sys.exit(f"no detection is left for {pattern}")
            file.write_text(compiled.sub(replacement, file.read_text(), count=1))
            faults[str(file.relative_to(root))] = f"{number}: {pattern!r} -> {replacement[:50]!r}"
        different += compare(arguments, root, f"{len(FAULTS)} faults", faults)
    sys.exit(1 if different else 0)


if __name__ == "__main__":
    main()
