#!/usr/bin/env python3
"""Compares what `contentctl validate` and `splq check` accept: docs/examples/content and many broken variants of it.

    python3 scripts/compare_contentctl.py --bin target/debug/splq --contentctl contentctl [--only NAME]

contentctl 5 is on PyPI. The detection of layout 4 is left out, because contentctl 5 refuses it; compare_contentctl_4.py is for that layout.
One line per variant that only one of the two refuses, with the reason where EXPLAINED has one; the last line counts. The exit code is 1
when a difference has no reason.
"""

import argparse
import pathlib
import shutil
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parent.parent
DETECTION = "detections/endpoint/windows_lateral_tool_transfer_remcom.yml"
CORRELATION = "detections/endpoint/risk_of_a_host_above_60.yml"
STORY = "stories/moving_between_hosts.yml"
LOOKUP = "lookups/service_hosts.yml"
TABLE = "lookups/service_hosts.csv"
BASELINE = "baselines/previously_seen_service_hosts.yml"
SOURCE = "data_sources/sysmon_eventid_1.yml"
TTP = "deployments/escu_default_configuration_ttp.yml"
MACRO = "macros/wineventlog_system.yml"

# File, text, text in its place: the first place only. An empty text stands for the whole file.
VARIANTS = [
    (DETECTION, "name: Windows Lateral Tool Transfer RemCom", "name: Another Name"),
    (DETECTION, "name: Windows", "names: Windows"),
    (DETECTION, "7b0d1b5e-6a52-4f0e-9d2b-3c8e6f0a91d4", "7b0d1b5e"),
    (DETECTION, "7b0d1b5e-6a52-4f0e-9d2b-3c8e6f0a91d4", "c1f0c2c4-7d53-4b0e-a2b6-0a5f6f3d0b7e"),
    (DETECTION, "version: 1", "version: -1"),
    (DETECTION, "version: 1", "version: one"),
    (DETECTION, "version: 1\n", ""),
    (DETECTION, "'2025-03-20'", "'2999-03-20'"),
    (DETECTION, "'2025-03-20'", "'20.3.2025'"),
    (DETECTION, "author: Pinecrest SOC\n", ""),
    (DETECTION, "author: Pinecrest SOC", "author: " + "x" * 256),
    (DETECTION, "status: production", "status: live"),
    (DETECTION, "status: production", "status: validation"),
    (DETECTION, "status: production", "status: experimental"),
    (DETECTION, "type: TTP", "type: ttp"),
    (DETECTION, "type: TTP", "type: Hunting"),
    (DETECTION, "- Sysmon EventID 1", "- Sysmon EventID 2"),
    (DETECTION, "- Sysmon EventID 1", "- Sysmon EventID 1 AND Windows Event Log System 7045"),
    (DETECTION, "`windows_lateral_tool_transfer_remcom_filter`", "`remcom_filter`"),
    (DETECTION, "`security_content_ctime(lastTime)`", "`security_content_time(lastTime)`"),
    (DETECTION, "`security_content_ctime(lastTime)`", "`get_asset(dest)`"),
    (DETECTION, "| `security_content_ctime(lastTime)`", "| lookup no_such_lookup dest"),
    (DETECTION, "| `security_content_ctime(lastTime)`", "| lookup service_hosts dest"),
    (DETECTION, "| `security_content_ctime(lastTime)`", "| lookup asset_lookup_by_str dest"),
    (DETECTION, "| `security_content_ctime(lastTime)`", "````x```"),
    (DETECTION, "how_to_implement: Collect process creation with its command line.", "how_to_implement: abc"),
    (DETECTION, "known_false_positives: Administrators who use RemCom.\n", ""),
    (DETECTION, "- https://attack.mitre.org/techniques/T1570/", "- attack.mitre.org"),
    (DETECTION, "- name: Show the rows for", "- name: abc\n  names: Show the rows for"),
    (DETECTION, "%original_detection_search%", "index=x"),
    (DETECTION, "  earliest_offset: $info_min_time$\n", ""),
    (DETECTION, "$parent_process_name$ started", "$no_such_field$ started"),
    (DETECTION, "- field: user", "- field: no_such_field"),
    (DETECTION, "score: 40", "score: 0"),
    (DETECTION, "score: 40", "score: 101"),
    (DETECTION, "score: 40", "score: high"),
    (DETECTION, "type: user", "type: account"),
    (DETECTION, "type: parent_process_name", "type: tool"),
    (DETECTION, "rba:\n", "rbas:\n"),
    (DETECTION, "rba:\n", "datamodel: Endpoint\nrba:\n"),
    (DETECTION, "- Moving Between Hosts", "- No Such Story"),
    (DETECTION, "- Moving Between Hosts", "- Moving Between Hosts\n  - Moving Between Hosts"),
    (DETECTION, "asset_type: Endpoint", "asset_type: Laptop"),
    (DETECTION, "- T1570", "- T15"),
    (DETECTION, "- T1570", "- T1570\n  - T1570.001"),
    (DETECTION, "- Splunk Enterprise Security", "- Splunk Light"),
    (DETECTION, "security_domain: endpoint", "security_domain: host"),
    (DETECTION, "security_domain: endpoint", "security_domain: endpoint\n  impact: 50"),
    (DETECTION, "security_domain: endpoint", "security_domain: endpoint\n  cve:\n  - CVE-2024-1234"),
    (DETECTION, "security_domain: endpoint", "security_domain: endpoint\n  cve:\n  - CVE-24-1234"),
    (DETECTION, "security_domain: endpoint", "security_domain: endpoint\n  throttling:\n    fields:\n    - dest\n    period: 1h"),
    (DETECTION, "security_domain: endpoint", "security_domain: endpoint\n  throttling:\n    fields:\n    - nowhere\n    period: 1h"),
    (DETECTION, "security_domain: endpoint", "security_domain: endpoint\n  throttling:\n    fields:\n    - dest\n    period: 1d"),
    (DETECTION, "security_domain: endpoint", "security_domain: endpoint\n  manual_test: by hand"),
    (DETECTION, "    sourcetype: XmlWinEventLog\n", ""),
    (DETECTION, "    sourcetype: XmlWinEventLog\n", "    sourcetype: XmlWinEventLog\n    update_timestamp: true\n"),
    (DETECTION, "../../../datasets/remcom_sysmon.xml", "no/such/file.xml"),
    (DETECTION, "../../../datasets/remcom_sysmon.xml", "https://example.org/x.log"),
    (DETECTION, "status: production", "status: production\nenabled_by_default: true"),
    (DETECTION, "status: production", "status: experimental\nenabled_by_default: true"),
    (DETECTION, "", ""),
    (DETECTION, "description: A process", "description: __UPDATE__"),
    (CORRELATION, "tags:\n", "rba:\n  message: m\n  risk_objects:\n  - field: risk_object\n    type: system\n    score: 1\n  threat_objects: []\ntags:\n"),
    (STORY, "- Adversary Tactics", "- Things"),
    (STORY, "usecase: Advanced Threat Detection", "usecase: All"),
    (STORY, "narrative: ", "story: "),
    (STORY, "status: production\n", ""),
    (LOOKUP, "lookup_type: csv", "lookup_type: table"),
    (LOOKUP, "lookup_type: csv", "lookup_type: csv\nmax_matches: 0"),
    (LOOKUP, "lookup_type: csv", "lookup_type: csv\nmatch_type:\n- WILDCARD(dest)"),
    (LOOKUP, "lookup_type: csv", "lookup_type: csv\nmatch_type:\n- EXACT(dest)"),
    (LOOKUP, "lookup_type: csv", "lookup_type: csv\ncollection: x"),
    (TABLE, ",1741683600", ",1741683600,more"),
    (TABLE, ",1741683600", ""),
    (TABLE, "", ""),
    (BASELINE, "type: Baseline", "type: TTP"),
    (BASELINE, "detections: []", "detections:\n  - No Such Detection"),
    (BASELINE, "`wineventlog_system`", "`no_such_macro`"),
    (BASELINE, "outputlookup service_hosts", "outputlookup no_such_lookup"),
    (SOURCE, "sourcetype: XmlWinEventLog\n", ""),
    (TTP, "enabled: true", "enabled: false"),
    (TTP, "type: TTP", "type: Ttp"),
    (TTP, "scheduling:", "schedule:"),
    (MACRO, "definition: (", "def: ("),
    (MACRO, "name: wineventlog_system", "name: other_macro"),
]


# What is put in place, and why the two do not agree about it.
EXPLAINED = {
    "| lookup asset_lookup_by_str dest": "contentctl knows the name and reads no searches; the lookup of Enterprise Security has no field "
    "`dest`, so Splunk refuses the search when it runs (`lookup asset_lookup_by_str asset AS dest` is what works)",
}


def repository(folder):
    """A copy that contentctl 5 accepts, with the data beside it."""
    root = folder / "docs/examples/content"
    shutil.copytree(ROOT / "docs/examples/content", root)
    shutil.copytree(ROOT / "datasets", folder / "datasets")
    (root / "detections/endpoint/windows_service_create_remcomsvc.yml").unlink()
    for name in ["playbooks", "dashboards", "removed", "investigations", "app_template", "dist"]:
        (root / name).mkdir(exist_ok=True)
    return root


def accepted(command, root):
    done = subprocess.run(command, cwd=root, capture_output=True, text=True, timeout=300)
    return done.returncode == 0


def main():
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--bin", default="target/release/splq")
    arguments.add_argument("--contentctl", default="contentctl")
    arguments.add_argument("--only", default="")
    arguments = arguments.parse_args()
    splq = str(pathlib.Path(arguments.bin).resolve())
    same, explained, different = 0, 0, 0
    for number, (file, before, after) in enumerate([("", "", "")] + VARIANTS):
        shown = f"{number:3} {file}: {before!r} -> {after[:60]!r}"
        if arguments.only not in shown:
            continue
        with tempfile.TemporaryDirectory() as folder:
            root = repository(pathlib.Path(folder))
            if file:
                text = (root / file).read_text()
                assert before in text, shown
                (root / file).write_text(text.replace(before, after, 1) if before else "")
            theirs = accepted([arguments.contentctl, "validate"], root)
            ours = accepted([splq, "check", ".", "-q", "--no-config", "--content", "."], root)
        if theirs == ours:
            same += 1
        else:
            reason = EXPLAINED.get(after)
            explained, different = explained + bool(reason), different + (not reason)
            words = {True: "accepts", False: "refuses"}
            print(f"{shown}: contentctl {words[theirs]}, splq {words[ours]}" + (f" ({reason})" if reason else ""), flush=True)
    print(f"{same} alike, {explained} explained, {different} different")
    sys.exit(1 if different else 0)


if __name__ == "__main__":
    main()
