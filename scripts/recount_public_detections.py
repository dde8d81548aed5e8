#!/usr/bin/env python3
"""Counts again, from the raw events and without splq, what tests/content/public_detections.csv expects.

    python3 scripts/recount_public_detections.py --logs EVTX_FOLDER_PARENT --content security_content

Needs python-evtx (PyPI). Each detection of the list has its condition here as a few lines over the XML of the events; rows are
the distinct values of what the detection groups by. One line per detection that differs; the last line counts.
"""

import argparse
import csv
import fnmatch
import pathlib
import re
import sys
import xml.etree.ElementTree as ElementTree

from Evtx.Evtx import Evtx

ROOT = pathlib.Path(__file__).resolve().parent.parent
NAMESPACE = "{http://schemas.microsoft.com/win/2004/08/events/event}"
UAC = (
    "BitlockerWizardElev cliconfg clipup cmstp CompMgmtLauncher consent control credwiz dccw dismhost EventVwr fodhelper GWXUXWorker "
    "inetmgr iscsicli mcx2prov migwiz mmc msconfig oobe osk pkgmgr recdisc rstrui sdclt setupsqm slui sysprep SystemPropertiesAdvanced "
    "taskhost TpmInit tzsync w32tm WerFault WSReset wusa"
).lower().split()


def events(path):
    """The events of a file: the fields of System that matter and all of EventData by name."""
    found = []
    with Evtx(str(path)) as log:
        for record in log.records():
            root = ElementTree.fromstring(re.sub(r"[\x00-\x08\x0b\x0c\x0e-\x1f]", "", record.xml()))
            system = root.find(NAMESPACE + "System")
            security = system.find(NAMESPACE + "Security")
            event = {
                "code": int(system.findtext(NAMESPACE + "EventID")),
                "dest": system.findtext(NAMESPACE + "Computer"),
                "UserID": security.get("UserID") if security is not None else None,
            }
            for data in root.iter(NAMESPACE + "Data"):
                if data.get("Name"):
                    event[data.get("Name")] = data.text or ""
            found.append(event)
    return found


def like(text, *patterns):
    """Whether a text matches one of Splunk's patterns: `*` is a wildcard, letter case does not matter."""
    escaped = (re.sub(r"([\[\]?])", r"[\1]", pattern.lower()) for pattern in patterns)
    return any(fnmatch.fnmatchcase((text or "").lower(), pattern) for pattern in escaped)


def base(path):
    return (path or "").rsplit("\\", 1)[-1].lower()


class Log:
    """The events of one file, as the questions below ask for them."""

    def __init__(self, found, content):
        self.events, self.content = found, content

    def of(self, *codes):
        return [event for event in self.events if event["code"] in codes]

    def processes(self):
        return self.of(1)

    def lookup(self, pattern):
        table = next((self.content / "lookups").glob(pattern))
        with open(table, encoding="utf-8-sig", newline="") as text:
            return list(csv.DictReader(text))


def rows(found, *fields):
    """How many rows a search makes that groups these events by these fields."""
    return len({tuple(event.get(field) for field in fields) for event in found})


def processes(condition, *fields):
    """Processes that meet a condition, grouped by the user, the host and these fields."""
    return lambda log: rows([one for one in log.processes() if condition(one)], "dest", "User", *fields)


def named(event, name):
    """The name of the program, or the one that it was built with."""
    return base(event["Image"]) == name or (event.get("OriginalFileName") or "").lower() == name


def registry(condition, codes=(12, 13, 14)):
    fields = ("dest", "TargetObject", "Details", "EventType")
    return lambda log: rows([one for one in log.of(*codes) if condition(one)], *fields)


def remote_software(log, names):
    tools = [line["remote_utility"] for line in log.lookup("remote_access_software2*.csv") if line["remote_utility"]]
    return [one for one in names if like(one[0], *tools)]


def remote_files(log):
    made = {(base(one["TargetFilename"]), one["dest"], one.get("User")) for one in log.of(11, 15, 2, 23, 26)}
    return len(remote_software(log, made))


def remote_processes(log):
    ran = {(base(one["Image"]), one["CommandLine"], one["dest"], one["User"]) for one in log.processes()}
    return len(remote_software(log, ran))


def deleted_by_strangers(log):
    guids = {one["ProcessGuid"] for one in log.processes() if not like(one["Image"], "*\\windows\\*", "*\\program files*")}
    gone = [one for one in log.of(12) if like(one["EventType"], "Delete*")]
    return rows([one for one in gone if one["ProcessGuid"] in guids], "dest", "TargetObject", "ProcessGuid")


def silent_cleanup(log):
    set_ = [one for one in log.of(13) if like(one["TargetObject"], "*\\Environment\\windir") and like(one["Details"], "*.exe*")]
    guids = {one["ProcessGuid"] for one in set_}
    return rows([one for one in log.processes() if one["ProcessGuid"] in guids], "ProcessGuid")


def abused_libraries(log):
    places = ("*\\users\\*", "*\\Windows\\Temp\\*", "*\\programdata\\*")
    made = [one for one in log.of(11) if like(one["TargetFilename"], *places) and like(one["TargetFilename"], "*.dll")]
    table = log.lookup("hijacklibs_loaded.csv")
    wanted = set()
    for one in made:
        lines = [line for line in table if like(base(one["TargetFilename"]), line["library"])]
        if lines and not any(like(one["TargetFilename"], line["excludes"]) for line in lines):
            wanted.add((one["ProcessGuid"], one["dest"]))
    return rows([one for one in log.processes() if (one["ProcessGuid"], one["dest"]) in wanted], "ProcessGuid")


def programs_elsewhere(log):
    usual = ("*\\Program Files*", "*\\PROGRA~*", "*\\Windows\\System32\\*", "*\\Windows\\Syswow64\\*")
    table, found = log.lookup("lolbas_file_path*.csv"), []
    for one in log.processes():
        lines = [line for line in table if like(base(one["Image"]), line["lolbas_file_name"])]
        right = any(like(one["Image"], line["lolbas_file_path"]) for line in lines)
        if lines and not right and not like(one["Image"], *usual):
            found.append(one)
    return rows(found, "User", "dest", "ParentImage", "Image")


SERVICE_USERS = ("*SYSTEM", "*LOCAL SERVICE", "*NETWORK SERVICE", "DWM-*", "*$")
LEVELS = {"low": 1, "medium": 2, "high": 3, "system": 4}


def elevated(log):
    """Processes that have more rights than the one that started them, which is no service."""
    level = lambda one: LEVELS.get(one["IntegrityLevel"].lower(), 0)
    strange = lambda one: any(like(one[name], "*\\Users\\*", "*\\Temp\\*", "*\\ProgramData\\*", "*\\\\*") for name in ("Image", "ParentImage"))
    low = {one["ProcessGuid"]: one for one in log.processes() if level(one) in (1, 2, 3) and not like(one["User"], *SERVICE_USERS)}
    found = []
    for one in log.processes():
        parent = low.get(one["ParentProcessGuid"])
        wanted = level(one) == 4 and not like(one["User"], *SERVICE_USERS) or level(one) in (3, 4) and strange(one)
        if parent is not None and wanted and level(one) > level(parent):
            found.append(one)
    return rows(found, "ParentProcessGuid", "Image", "CommandLine", "User")


def bypassed(log):
    """A process without rights, a program that gets them without asking, and a process that this one starts."""
    level = lambda one: LEVELS.get(one["IntegrityLevel"].lower(), 0)
    first = {one["ProcessGuid"]: one for one in log.processes() if level(one) in (1, 2)}
    is_uac = lambda path: base(path).removesuffix(".exe") in UAC and base(path).endswith(".exe")
    between = {one["ProcessGuid"]: one for one in log.processes() if level(one) >= 3 and is_uac(one["Image"]) and one["ParentProcessGuid"] in first}
    found = [one for one in log.processes() if level(one) >= 3 and is_uac(one["ParentImage"]) and one["ParentProcessGuid"] in between]
    return rows(found, "ProcessGuid", "ParentProcessGuid")


def uac_children(log):
    names = ("cmd.exe", "powershell.exe", "pwsh.exe", "wscript", "cscript.exe", "bash.exe", "werfault.exe")
    places = ("*\\\\*", "*\\Users\\*", "*\\ProgramData\\*", "*\\Temp\\*")

    def wanted(one):
        parent = base(one["ParentImage"])
        is_child = base(one["Image"]) in names or like(one["CommandLine"], *places)
        high = one["IntegrityLevel"].lower() in ("high", "system")
        return high and parent.endswith(".exe") and parent.removesuffix(".exe") in UAC and is_child and parent != base(one["Image"])

    return processes(wanted, "ParentProcessGuid", "ParentCommandLine", "CommandLine", "Image", "CurrentDirectory")(log)


def acl_of_the_domain(log):
    """Changes of the domain's rights by which somebody gets one that nobody had in that form."""
    of_domain = [one for one in log.of(5136) if one["ObjectClass"] == "domainDNS"]
    found = set()
    for change in {one["OpCorrelationID"] for one in of_domain}:
        parts = [one for one in of_domain if one["OpCorrelationID"] == change]
        entries = lambda kind: {ace for one in parts if one["OperationType"] == kind for ace in re.findall(r"\((.*?)\)", one["AttributeValue"])}
        for ace in entries("%%14674") - entries("%%14675"):
            found.add((change, ace.split(";")[-1]))
    return len(found)


def suspicious_services(log):
    usual = ("*:\\Windows\\*", "*:\\Program File*", "*:\\Programdata\\*", "*%systemroot%\\*")
    made = [one for one in log.of(7045) if like(one["ImagePath"], "*.exe") and not like(one["ImagePath"], *usual)]
    return rows(made, "ImagePath", "ServiceName", "ServiceType", "StartType", "dest", "UserID")


def vulnerable_drivers(log):
    names = [line["driver_name"] for line in log.lookup("loldrivers.csv")]
    return rows([one for one in log.of(6) if like(one["ImageLoaded"], *names)], "dest", "ImageLoaded")


def network(log):
    tools = ["*Regsvr32.exe", "*Mshta.exe", "*Msiexec.exe", "*Wmic.exe", "*cscript.exe", "*\\powershell.exe", "*\\cmd.exe", "*certutil.exe"]
    return rows([one for one in log.of(3) if like(one["Image"], *tools)], "Image", "SourceIp", "User", "DestinationIp", "DestinationHostname")


SUSPICIOUS = (
    "*\\windows\\fonts\\*", "*\\windows\\temp\\*", "*\\users\\public\\*", "*\\windows\\debug\\*", "*\\Users\\Administrator\\Music\\*",
    "*\\Windows\\servicing\\*", "*\\Users\\Default\\*", "*Recycle.bin*", "*\\Windows\\Media\\*", "*\\PerfLogs\\*",
)
SCRIPTS = tuple("*." + name for name in "exe dll sys com vbs vbe js ps1 bat cmd pif".split())

# What each detection counts. Fields that every row of a file has alike are left out of what it is grouped by.
COUNTS = {
    "detect_mshta_url_in_command_line": processes(
        lambda one: named(one, "mshta.exe") and like(one["CommandLine"], "*http://*", "*https://*"), "Image", "ParentImage"),
    "detect_remote_access_software_usage_file": remote_files,
    "detect_remote_access_software_usage_process": remote_processes,
    "detect_rundll32_inline_hta_execution": processes(
        lambda one: named(one, "rundll32.exe") and like(one["CommandLine"], "*vbscript*", "*javascript*", "*about*"), "Image", "ParentImage"),
    "detect_use_of_cmd_exe_to_launch_script_interpreters": processes(
        lambda one: base(one["ParentImage"]) == "cmd.exe" and base(one["Image"]) in ("cscript.exe", "wscript.exe"),
        "ParentCommandLine", "Image", "CommandLine"),
    "enable_rdp_in_other_port_number": registry(
        lambda one: like(one["TargetObject"], "*HKLM\\SYSTEM\\CurrentControlSet\\Control\\Terminal Server\\WinStations\\RDP-Tcp\\PortNumber")),
    "executables_or_script_creation_in_suspicious_path": lambda log: rows(
        [one for one in log.of(11) if like(one["TargetFilename"], *SCRIPTS)
         and like(one["TargetFilename"], "*\\AppData\\Local\\Temp*", "*\\Windows\\repair\\*", *SUSPICIOUS)],
        "CreationUtcTime", "ProcessId", "TargetFilename"),
    "hiding_files_and_directories_with_attrib_exe": processes(
        lambda one: base(one["Image"]) == "attrib.exe" and like(one["CommandLine"], "*+h*"), "ParentImage", "Image"),
    "icacls_grant_command": processes(
        lambda one: base(one["Image"]) in ("icacls.exe", "cacls.exe", "xcacls.exe") and like(one["CommandLine"], "*/grant*", "*/G*"),
        "ParentCommandLine", "CommandLine", "ProcessGuid"),
    "impacket_lateral_movement_commandline_parameters": processes(
        lambda one: base(one["Image"]) == "cmd.exe" and like(one["CommandLine"], "*/Q /c * \\\\127.0.0.1\\*$*")
        and like(one["CommandLine"], "*2>&1*"), "CommandLine", "ProcessId", "ParentProcessId"),
    "jscript_execution_using_cscript_app": processes(
        lambda one: any(base(one[image]) == "cscript.exe" and like(one[line], "*//e:jscript*")
                        for image, line in (("ParentImage", "ParentCommandLine"), ("Image", "CommandLine"))),
        "ParentCommandLine", "Image", "ProcessId", "CommandLine"),
    "lolbas_with_network_traffic": network,
    "regsvr32_silent_and_install_param_dll_loading": processes(
        lambda one: named(one, "regsvr32.exe") and like(one["CommandLine"], "*/i*") and re.search(r"[-|/]s", one["CommandLine"], re.I),
        "ParentCommandLine", "CommandLine"),
    "rundll32_control_rundll_hunt": processes(
        lambda one: named(one, "rundll32.exe") and like(one["CommandLine"], "*Control_RunDLL*"), "CommandLine", "ProcessId"),
    "scheduled_task_deleted_or_created_via_cmd": processes(
        lambda one: base(one["Image"]) == "schtasks.exe" and like(one["CommandLine"], "*delete*", "*create*"), "Image", "ParentImage"),
    "silentcleanup_uac_bypass": silent_cleanup,
    "single_letter_process_on_endpoint": processes(lambda one: re.fullmatch(r".\.exe", base(one["Image"])), "CommandLine", "Image"),
    "suspicious_process_executed_from_container_file": processes(
        lambda one: re.search(r"\.(zip|iso|img|cab|tar|gz|rar|7z)\\.+\.(exe|bat|cmd|com|dll|js|vbs|ps1|scr|hta?)\"?$", one["CommandLine"], re.I),
        "ParentCommandLine", "CommandLine"),
    "suspicious_process_file_path": processes(
        lambda one: like(one["Image"], "*\\temp\\*", *SUSPICIOUS), "ParentImage", "ParentCommandLine", "Image"),
    "system_user_discovery_with_whoami": processes(
        lambda one: base(one["Image"]) == "whoami.exe", "ParentCommandLine", "CommandLine", "ProcessId"),
    "windows_ad_domain_root_acl_modification": acl_of_the_domain,
    "windows_autostart_execution_lsass_driver_registry_modification": registry(
        lambda one: like(one["TargetObject"], "*\\CurrentControlSet\\Services\\NTDS\\DirectoryServiceExtPt", "*\\CurrentControlSet\\Services\\NTDS\\LsaDbExtPt")),
    "windows_deleted_registry_by_a_non_critical_process_file_path": deleted_by_strangers,
    "windows_executable_in_loaded_modules": lambda log: rows(
        [one for one in log.of(7) if like(one["ImageLoaded"], "*.exe")], "Image", "ImageLoaded", "ProcessId"),
    "windows_kerberos_local_successful_logon": lambda log: rows(
        [one for one in log.of(4624) if one["LogonType"] == "3" and one["AuthenticationPackageName"] == "Kerberos" and one["IpAddress"] == "127.0.0.1"],
        "dest", "SubjectLogonId", "TargetUserName"),
    "windows_known_abused_dll_created": abused_libraries,
    "windows_lolbas_executed_outside_expected_path": programs_elsewhere,
    "windows_privilege_escalation_suspicious_process_elevation": elevated,
    "windows_remote_service_rdpwinst_tool_execution": processes(
        lambda one: named(one, "rdpwinst.exe") and like(one["CommandLine"], "* -i*", "* -s*", "* -o*", "* -w*", "* -r*"), "CommandLine", "ProcessId"),
    "windows_remote_services_allow_rdp_in_firewall": processes(
        lambda one: named(one, "netsh.exe") and all(like(one["CommandLine"], part) for part in ("*firewall*", "*add*", "*protocol=TCP*", "*localport=3389*", "*action=allow*")),
        "CommandLine", "ProcessId"),
    "windows_remote_services_rdp_enable": registry(
        lambda one: like(one["TargetObject"], "*\\Control\\Terminal Server\\fDenyTSConnections*") and one["Details"] == "DWORD (0x00000000)", (13,)),
    "windows_service_created_with_suspicious_service_path": suspicious_services,
    "windows_service_created_within_public_path": suspicious_services,
    "windows_service_creation_using_registry_entry": registry(
        lambda one: like(one["TargetObject"], "*\\SYSTEM\\CurrentControlSet\\Services*\\ImagePath"), (13,)),
    "windows_service_deletion_in_registry": registry(
        lambda one: like(one["TargetObject"], "*\\SYSTEM\\CurrentControlSet\\Services*")
        and (like(one["EventType"], "Delete*") or like(one["TargetObject"], "*\\DeleteFlag") and one["Details"] == "DWORD (0x00000001)")),
    "windows_system_file_on_disk": lambda log: rows(
        [one for one in log.of(11) if like(base(one["TargetFilename"]), "*.sys*")], "CreationUtcTime", "TargetFilename"),
    "windows_uac_bypass_suspicious_child_process": uac_children,
    "windows_uac_bypass_suspicious_escalation_behavior": bypassed,
    "windows_vulnerable_driver_loaded": vulnerable_drivers,
    "windows_wmi_process_and_service_list": processes(
        lambda one: named(one, "wmic.exe") and like(one["CommandLine"], "*process list*", "*service list*"), "CommandLine", "ProcessGuid"),
    "wmic_xsl_execution_via_url": processes(
        lambda one: named(one, "wmic.exe") and like(one["CommandLine"], "*http://*", "*https://*") and like(one["CommandLine"], "*/format:*"),
        "CommandLine", "ProcessId"),
}


def main():
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--logs", type=pathlib.Path, required=True)
    arguments.add_argument("--content", type=pathlib.Path, required=True)
    arguments = arguments.parse_args()
    head, *lines = (ROOT / "tests/content/public_detections.csv").read_text().splitlines()
    names = head.split(",")
    # What stands in the last column is text that nobody quotes.
    listed = [dict(zip(names, line.split(",", len(names) - 1))) for line in lines]
    loaded, different = {}, 0
    for line in listed:
        if line["data"] not in loaded:
            loaded[line["data"]] = Log(events(arguments.logs / line["data"]), arguments.content)
        counted = COUNTS[line["detection"]](loaded[line["data"]])
        if not counted == int(line["rows"]) == int(line["counted"]):
            different += 1
            print(f"{line['detection']}: {line['rows']} listed, {counted} counted")
    print(f"{len(listed)} detections, {different} differ")
    sys.exit(1 if different else 0)


if __name__ == "__main__":
    main()
