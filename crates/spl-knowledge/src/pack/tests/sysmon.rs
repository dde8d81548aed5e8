//! Events of Sysmon through the pack: aliases, calculated fields and data models.

use super::evaluator::{check, mapped, modelled};

const SYSMON: &str = "XmlWinEventLog:Microsoft-Windows-Sysmon/Operational";

#[test]
fn sysmon_process_creation() {
    let event = mapped(
        "XmlWinEventLog",
        SYSMON,
        &[
            ("EventID", "1"),
            ("Computer", "ws1.example"),
            ("Image", r"C:\Tools\remcom.exe"),
            ("CommandLine", r#""C:\Tools\remcom.exe" \\srv /user:x"#),
            ("User", r"CORP\alice"),
            ("UserID", "S-1-5-18"),
            ("ProcessId", "7312"),
            ("ProcessGuid", "{1}"),
            ("ParentImage", r"C:\Windows\System32\cmd.exe"),
            ("ParentCommandLine", "cmd.exe"),
            ("ParentProcessId", "6844"),
            ("OriginalFileName", "RemCom.exe"),
            ("Hashes", "MD5=1"),
            ("IntegrityLevel", "High"),
        ],
    );
    let expected = [
        ("action", "allowed"),
        ("dest", "ws1.example"),
        ("user", "alice"),
        ("user_id", "S-1-5-18"),
        ("process", r#""C:\Tools\remcom.exe" \\srv /user:x"#),
        ("process_name", "remcom.exe"),
        ("process_exec", "remcom.exe"),
        ("process_path", r"C:\Tools\remcom.exe"),
        ("process_id", "7312"),
        ("process_guid", "{1}"),
        ("process_hash", "MD5=1"),
        ("parent_process", "cmd.exe"),
        ("parent_process_name", "cmd.exe"),
        ("parent_process_path", r"C:\Windows\System32\cmd.exe"),
        ("parent_process_id", "6844"),
        ("original_file_name", "RemCom.exe"),
        ("signature_id", "1"),
        ("os", "Microsoft Windows"),
        ("vendor_product", "Microsoft Sysmon"),
        ("file_path", "<none>"),
        ("registry_path", "<none>"),
        ("status", "<none>"),
    ];
    check(&event, &expected);
    let filled = modelled("Endpoint", "Processes", event);
    check(
        &filled,
        &[
            ("process_name", "remcom.exe"),
            ("loaded_file", "unknown"),
            ("parent_user", "unknown"),
            ("process_integrity_level", "high"),
        ],
    );
}

#[test]
fn sysmon_images_threads_and_files() {
    let loaded = mapped(
        "XmlWinEventLog",
        SYSMON,
        &[
            ("EventID", "7"),
            ("Image", r"C:\a.exe"),
            ("ImageLoaded", r"C:\b.dll"),
            ("ProcessId", "5"),
            ("SignatureStatus", "Valid"),
            ("Signed", "true"),
        ],
    );
    check(
        &loaded,
        &[
            ("process_name", "b.dll"),
            ("loaded_file", r"C:\b.dll"),
            ("parent_process_name", "a.exe"),
            ("parent_process_id", "5"),
            ("process", "<none>"),
            ("process_id", "<none>"),
            ("service_dll_signature_verified", "true"),
        ],
    );
    check(
        &modelled("Endpoint", "Processes", loaded),
        &[("process", "unknown"), ("parent_process", "unknown"), ("original_file_name", "unknown")],
    );
    let access = mapped(
        "XmlWinEventLog",
        SYSMON,
        &[
            ("EventID", "10"),
            ("SourceImage", r"C:\a.exe"),
            ("TargetImage", r"C:\lsass.exe"),
            ("SourceProcessId", "1"),
            ("TargetProcessId", "2"),
            ("TargetProcessGUID", "{t}"),
        ],
    );
    check(
        &access,
        &[
            ("process_name", "lsass.exe"),
            ("parent_process_name", "a.exe"),
            ("process_id", "2"),
            ("parent_process_id", "1"),
            ("process_guid", "{t}"),
        ],
    );
    let created = mapped(
        "XmlWinEventLog",
        SYSMON,
        &[
            ("EventID", "11"),
            ("Image", "/usr/bin/cp"),
            ("TargetFilename", r"C:\x\y.txt"),
            ("UtcTime", "1"),
            ("CreationUtcTime", "1"),
        ],
    );
    check(
        &created,
        &[
            ("action", "created"),
            ("file_name", "y.txt"),
            ("file_path", r"C:\x\y.txt"),
            ("process_name", "cp"),
            ("file_create_time", "1"),
            ("file_hash", "<none>"),
        ],
    );
    let changed = mapped(
        "XmlWinEventLog",
        SYSMON,
        &[("EventID", "11"), ("UtcTime", "2"), ("CreationUtcTime", "1"), ("TargetFilename", "/tmp/a")],
    );
    check(&changed, &[("action", "modified"), ("file_name", "a")]);
    check(
        &mapped("XmlWinEventLog", SYSMON, &[("EventID", "23"), ("Hashes", "MD5=2")]),
        &[("action", "deleted"), ("file_hash", "MD5=2")],
    );
}

#[test]
fn sysmon_registry_network_and_names() {
    let set = mapped(
        "XmlWinEventLog",
        SYSMON,
        &[
            ("EventID", "13"),
            ("EventType", "SetValue"),
            ("TargetObject", r"HKLM\System\CurrentControlSet\Services\X\Start"),
            ("Details", "DWORD (0x00000004)"),
        ],
    );
    check(
        &set,
        &[
            ("action", "modified"),
            ("status", "success"),
            ("registry_hive", r"HKEY_LOCAL_MACHINE\System"),
            ("registry_key_name", "X"),
            ("registry_value_name", "Start"),
            ("registry_value_data", "0x00000004"),
            ("registry_value_type", "REG_DWORD"),
            ("registry_path", r"HKLM\System\CurrentControlSet\Services\X\Start"),
        ],
    );
    let text =
        mapped("XmlWinEventLog", SYSMON, &[("EventID", "13"), ("TargetObject", r"HKU\S-1\Run\a"), ("Details", r"C:\a (b).exe")]);
    check(
        &text,
        &[("registry_value_data", r"C:\a (b).exe"), ("registry_value_type", "REG_SZ"), ("registry_hive", "HKEY_CURRENT_USER")],
    );
    let deleted =
        mapped("XmlWinEventLog", SYSMON, &[("EventID", "12"), ("EventType", "DeleteKey"), ("TargetObject", r"HKLM\SOFTWARE\A")]);
    check(&deleted, &[("action", "deleted"), ("registry_key_name", "A"), ("registry_value_name", "<none>")]);
    let exported = mapped(
        "XmlWinEventLog",
        SYSMON,
        &[("EventID", "12"), ("EventType", "INFO"), ("Message", "Registry object added or deleted:\r\nEventType: CreateKey\r\n")],
    );
    check(&exported, &[("action", "created")]);
    let connection = mapped(
        "XmlWinEventLog",
        SYSMON,
        &[
            ("EventID", "3"),
            ("Computer", "ws"),
            ("Image", r"C:\a.exe"),
            ("Initiated", "true"),
            ("Protocol", "tcp"),
            ("SourceIp", "10.0.0.1"),
            ("SourceHostname", "-"),
            ("SourcePort", "5"),
            ("DestinationIp", "10.0.0.2"),
            ("DestinationHostname", "srv"),
            ("DestinationPort", "445"),
        ],
    );
    check(
        &connection,
        &[
            ("src", "10.0.0.1"),
            ("dest", "srv"),
            ("dest_ip", "10.0.0.2"),
            ("dest_port", "445"),
            ("direction", "outbound"),
            ("transport", "tcp"),
            ("transport_dest_port", "tcp/445"),
            ("dvc", "ws"),
        ],
    );
    let query = mapped(
        "XmlWinEventLog",
        SYSMON,
        &[
            ("EventID", "22"),
            ("Computer", "ws"),
            ("QueryName", "a.example"),
            ("QueryStatus", "0"),
            ("QueryResults", "type:  5 b.example;::ffff:10.0.0.3;"),
        ],
    );
    check(
        &query,
        &[
            ("src", "ws"),
            ("dest", "<none>"),
            ("query", "a.example"),
            ("reply_code_id", "0"),
            ("answer", "b.example;::ffff:10.0.0.3"),
        ],
    );
    check(&modelled("Network_Resolution", "DNS", query), &[("dest", "unknown"), ("reply_code", "No Error")]);
}

#[test]
fn linux_sysmon() {
    let event = mapped(
        "sysmon:linux",
        "Syslog:Linux-Sysmon/Operational",
        &[("EventID", "1"), ("Computer", "u1"), ("Image", "/usr/bin/curl"), ("User", "root"), ("CommandLine", "curl x")],
    );
    check(
        &event,
        &[
            ("process_name", "curl"),
            ("user", "root"),
            ("dest", "u1"),
            ("os", "Linux"),
            ("vendor_product", "Microsoft Sysmon for Linux"),
        ],
    );
}
