#!/usr/bin/env python3
"""Compares what `contentctl validate` and `splq check` accept: docs/examples/content and many broken variants of it.

    python3 scripts/compare_contentctl.py --bin target/debug/splq --contentctl contentctl [--only NAME] [--jobs N]

contentctl 5 is on PyPI. The detection of layout 4 is left out, because contentctl 5 refuses it; compare_contentctl_4.py is for that layout.
One line per variant that only one of the two refuses, with the reason where one is known; the last line counts. The exit code is 1
when a difference has no reason.
"""

import argparse
import concurrent.futures
import pathlib
import shutil
import subprocess
import sys
import tempfile

from compare_contentctl_4 import REASONS, refused_by_splq

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
    (BASELINE, "- Windows Service On A New Host", "- No Such Detection"),
    (BASELINE, "`wineventlog_system`", "`no_such_macro`"),
    (BASELINE, "outputlookup service_hosts", "outputlookup no_such_lookup"),
    (SOURCE, "sourcetype: XmlWinEventLog\n", ""),
    (TTP, "enabled: true", "enabled: false"),
    (TTP, "type: TTP", "type: Ttp"),
    (TTP, "scheduling:", "schedule:"),
    (MACRO, "definition: (", "def: ("),
    (MACRO, "name: wineventlog_system", "name: other_macro"),
]


# The shapes of the smaller files.
VARIANTS += [
    (TTP, "  cron_schedule: 0 * * * *\n", ""),
    (TTP, "  schedule_window: auto", "  schedule_window: 5"),
    (TTP, "  schedule_window: auto", "  schedule_window: auto\n  zone: UTC"),
    (TTP, "cron_schedule: 0 * * * *", "cron_schedule: 61 * * * *"),
    (TTP, "    rule_title: '%name%'\n", ""),
    (TTP, "    nes_fields:\n", "    fields:\n"),
    (TTP, "    enabled: true", "    enabled: maybe"),
    (TTP, "    enabled: true", "    enabled: 'yes'"),
    (TTP, "    enabled: true", "    enabled: true\n    score: 5"),
    (TTP, "  rba:\n", "  mail:\n    to: a\n  rba:\n"),
    (TTP, "  rba:\n", "  slack:\n    channel: a\n  rba:\n"),
    (TTP, "type: TTP\n", "type: TTP\nversion: 2\n"),
    (TTP, "author: Pinecrest SOC\n", ""),
    (BASELINE, "  product:\n  - Splunk Enterprise Security\n", ""),
    (BASELINE, "- Splunk Enterprise Security", "- Splunk Light"),
    (BASELINE, "security_domain: endpoint", "security_domain: host"),
    (BASELINE, "security_domain: endpoint", "security_domain: endpoint\n  impact: 5"),
    (BASELINE, "- Moving Between Hosts", "- Moving Between Hosts\n  - Moving Between Hosts"),
    (BASELINE, "- Moving Between Hosts", "- No Such Story"),
    (BASELINE, "    cron_schedule: 0 * * * *\n", ""),
    (BASELINE, "  alert_action: {}", "  alert_action: {mail: {}}"),
    (BASELINE, "how_to_implement: Run it every hour.", "how_to_implement: abc"),
    (BASELINE, "type: Baseline\n", "type: Baseline\ndatamodel: []\n"),
    (STORY, "- Splunk Enterprise Security", "- Splunk Light"),
    (STORY, "usecase: Advanced", "impact: 5\n  usecase: Advanced"),
    (STORY, "  - Adversary Tactics\n", "  - Adversary Tactics\n  - Adversary Tactics\n"),
    (SOURCE, "sourcetype: XmlWinEventLog\n", "sourcetype: XmlWinEventLog\noutput_fields:\n- dest\n- user\n"),
    (SOURCE, "sourcetype: XmlWinEventLog\n", "sourcetype: XmlWinEventLog\noutput_fields:\n- dest\n- no_such_field\n"),
    (SOURCE, "supported_TA: []", "supported_TA:\n- name: x"),
    (SOURCE, "supported_TA: []", "supported_TA:\n- name: x\n  version: 1.0.0\n  note: y"),
    (SOURCE, "supported_TA: []", "supported_TA:\n- name: x\n  version: 1.0.0\n  url: nowhere"),
    (SOURCE, "supported_TA: []", "supported_TA: x"),
    (SOURCE, "sourcetype: XmlWinEventLog\n", "sourcetype: XmlWinEventLog\nkind: x\n"),
    (MACRO, "definition: (", "arguments: x\ndefinition: ("),
    (MACRO, "definition: (", "arguments:\n- x\ndefinition: ("),
    (MACRO, "definition: (", "argument:\n- x\ndefinition: ("),
    (DETECTION, "`security_content_ctime(lastTime)`", "`no_such_filter`"),
    (DETECTION, "`security_content_ctime(lastTime)`", "`our_get_asset_x(dest)`"),
    (DETECTION, "| `security_content_ctime(lastTime)`", "| inputlookup append=t no_such_lookup"),
    (DETECTION, "rba:\n", "rba:\n  note: x\n"),
    (DETECTION, "    score: 40", "    score: 40\n    note: x"),
    (DETECTION, "  threat_objects:\n  - field: parent_process_name\n    type: parent_process_name\n", "  threat_objects: []\n"),
    (DETECTION, "  threat_objects:\n  - field: parent_process_name\n    type: parent_process_name\n", ""),
    (DETECTION, "drilldown_searches:\n", "drilldown_searches:\n- name: short one\n"),
    (DETECTION, "  earliest_offset: $info_min_time$\n", "  earliest_offset: null\n"),
    (DETECTION, "tags:\n", "tags:\n  group:\n  - x\n"),
    (DETECTION, "tags:\n", "tags:\n  group: x\n"),
    (DETECTION, "tags:\n", "tags:\n  research_site_url: nowhere\n"),
    (DETECTION, "tags:\n", "explanation: because\ntags:\n"),
    (DETECTION, "tags:\n", "deployment:\n  alert_action: {}\ntags:\n"),
    (DETECTION, "type: TTP\n", "type: TTP\ntype: Anomaly\n"),
    (DETECTION, "- T1570", "- T1570\n  - T1570"),
    (DETECTION, "tests:\n- name: True Positive Test\n", "tests:\n- name: True Positive Test\n  earliest_time: -1d\n"),
    (DETECTION, "tests:\n- name: True Positive Test\n", "tests:\n- names: True Positive Test\n"),
    (DETECTION, "    sourcetype: XmlWinEventLog\n", "    sourcetype: XmlWinEventLog\n    host: a\n    custom_index: b\n"),
    (DETECTION, "status: production\n", ""),
    (DETECTION, "status: production", "status: removed"),
    (DETECTION, "  - Splunk Enterprise Security\n", "  - Splunk Enterprise Security\n  - Splunk Enterprise Security\n"),
    (DETECTION, "author: Pinecrest SOC", "author: 5"),
    (DETECTION, "references:\n", "references: []\nx_references:\n"),
    (LOOKUP, "lookup_type: csv", "lookup_type: csv\nmin_matches: -1"),
    (LOOKUP, "lookup_type: csv", "lookup_type: csv\nmax_matches: 1001"),
    (LOOKUP, "lookup_type: csv", "lookup_type: csv\ncase_sensitive_match: maybe"),
    (LOOKUP, "lookup_type: csv", "lookup_type: csv\ndefault_match: false"),
    (LOOKUP, "lookup_type: csv", "lookup_type: kvstore\nfields:\n- _key\n- dest"),
    (LOOKUP, "lookup_type: csv", "lookup_type: kvstore\nfields:\n- dest"),
    (LOOKUP, "lookup_type: csv", "lookup_type: kvstore\nfields: []"),
    (LOOKUP, "lookup_type: csv", "lookup_type: mlmodel"),
    (LOOKUP, "lookup_type: csv\n", ""),
]

# What is put in place, and why the two do not agree about it.
EXPLAINED = {
    "type: TTP\ntype: Anomaly\n": "YAML knows no key that stands twice; contentctl takes the last and says nothing",
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
    done = subprocess.run(command, cwd=root, capture_output=True, stdin=subprocess.DEVNULL, text=True, timeout=900)
    return done.returncode == 0


def compared(arguments, number, file, before, after):
    """The line that is to be printed of a variant, and whether the difference is explained; none when there is no difference."""
    shown = f"{number:3} {file}: {before[:60]!r} -> {after[:60]!r}"
    with tempfile.TemporaryDirectory() as folder:
        root = repository(pathlib.Path(folder))
        if file:
            text = (root / file).read_text()
            (root / file).write_text(text.replace(before, after, 1) if before else "")
        theirs = accepted([arguments.contentctl, "validate"], root)
        refused = refused_by_splq(arguments.bin, root)
    if theirs == (not refused):
        return None
    codes = {code for problems in refused.values() for code, _ in problems}
    reasons = [next((reason for start, reason in REASONS.items() if code.startswith(start)), None) for code in codes]
    reason = EXPLAINED.get(after) or (reasons[0] if theirs and all(reasons) else None)
    told = "; ".join(f"{code} {message}" for problems in refused.values() for code, message in problems)[:200]
    words = "contentctl accepts, splq refuses: " + told if theirs else "contentctl refuses, splq accepts"
    return f"{shown}: {words}" + (f" ({reason})" if reason else ""), bool(reason)


def main():
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--bin", default="target/release/splq")
    arguments.add_argument("--contentctl", default="contentctl")
    arguments.add_argument("--only", default="")
    arguments.add_argument("--jobs", type=int, default=1)
    arguments = arguments.parse_args()
    arguments.bin = str(pathlib.Path(arguments.bin).resolve())
    variants = [(number, *variant) for number, variant in enumerate([("", "", "")] + VARIANTS)]
    variants = [variant for variant in variants if arguments.only in f"{variant[1]}: {variant[2]!r} -> {variant[3]!r}"]
    example = ROOT / "docs/examples/content"
    missing = [variant for variant in variants if variant[1] and variant[2] not in (example / variant[1]).read_text()]
    if missing:
        sys.exit("\n".join(f"{file} has no {before!r}" for _, file, before, _ in missing))
    same, explained, different = 0, 0, 0
    with concurrent.futures.ThreadPoolExecutor(arguments.jobs) as pool:
        for found in pool.map(lambda variant: compared(arguments, *variant), variants):
            if found is None:
                same += 1
                continue
            explained, different = explained + found[1], different + (not found[1])
            print(found[0], flush=True)
    print(f"{len(variants)} repositories: {same} alike, {explained} explained, {different} different")
    sys.exit(1 if different else 0)


if __name__ == "__main__":
    main()
