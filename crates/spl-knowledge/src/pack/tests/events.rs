//! Events of Windows' own channels, of clouds and of sensors through the pack: aliases, calculated fields and data models.

use super::evaluator::{Event, check, mapped, modelled};

#[test]
fn security_events() {
    let created = mapped(
        "XmlWinEventLog",
        "XmlWinEventLog:security",
        &[
            ("EventID", "4688"),
            ("Hostname", "ws1"),
            ("SubjectUserName", "alice"),
            ("TargetUserName", "-"),
            ("NewProcessName", r"C:\a\b.exe"),
            ("NewProcessId", "0x1c90"),
            ("ProcessId", "0x1abc"),
            ("CommandLine", "b.exe -x"),
            ("ParentProcessName", r"C:\Windows\cmd.exe"),
            ("MandatoryLabel", "S-1-16-12288"),
        ],
    );
    check(
        &created,
        &[
            ("dest", "ws1"),
            ("user", "alice"),
            ("src_user", "alice"),
            ("action", "allowed"),
            ("process", "b.exe -x"),
            ("process_name", "b.exe"),
            ("process_path", r"C:\a\b.exe"),
            ("process_id", "7312"),
            ("parent_process_id", "6844"),
            ("parent_process_name", "cmd.exe"),
            ("parent_process", r"C:\Windows\cmd.exe"),
            ("process_integrity_level", "high"),
            ("original_file_name", "<none>"),
            ("signature", "A new process has been created"),
        ],
    );
    let silent = mapped(
        "XmlWinEventLog",
        "XmlWinEventLog:Security",
        &[("EventID", "4688"), ("CommandLine", ""), ("NewProcessName", r"C:\b.exe")],
    );
    check(&silent, &[("process", r"C:\b.exe")]);
    let failed = mapped(
        "XmlWinEventLog",
        "XmlWinEventLog:Security",
        &[
            ("EventID", "4625"),
            ("Computer", "dc"),
            ("TargetUserName", "bob"),
            ("SubjectUserName", "-"),
            ("LogonType", "3"),
            ("IpAddress", "::ffff:10.0.0.9"),
            ("IpPort", "0"),
            ("Keywords", "0x8010000000000000"),
        ],
    );
    check(
        &failed,
        &[
            ("action", "failure"),
            ("user", "bob"),
            ("src_user", "<none>"),
            ("src", "10.0.0.9"),
            ("app", "win:remote"),
            ("dest", "dc"),
            ("status", "failure"),
        ],
    );
    let logon = mapped(
        "XmlWinEventLog",
        "XmlWinEventLog:Security",
        &[("EventID", "4624"), ("LogonType", "2"), ("Keywords", "-9214364837600034816")],
    );
    check(&logon, &[("action", "success"), ("status", "success"), ("app", "win:local")]);
    let account = mapped(
        "XmlWinEventLog",
        "XmlWinEventLog:Security",
        &[("EventID", "4720"), ("TargetUserName", "new"), ("SubjectUserName", "admin")],
    );
    check(
        &account,
        &[("action", "created"), ("object", "new"), ("object_category", "user"), ("change_type", "AAA"), ("src_user", "admin")],
    );
    let ticket = mapped("XmlWinEventLog", "XmlWinEventLog:Security", &[("EventID", "4768"), ("Status", "0x12")]);
    check(&ticket, &[("action", "failure")]);
    let passed = mapped(
        "XmlWinEventLog",
        "XmlWinEventLog:Security",
        &[
            ("EventID", "5156"),
            ("SourceAddress", "10.0.0.1"),
            ("DestAddress", "10.0.0.2"),
            ("DestPort", "80"),
            ("Protocol", "6"),
            ("Direction", "%%14593"),
            ("Application", "a.exe"),
        ],
    );
    check(
        &passed,
        &[
            ("action", "allowed"),
            ("src", "10.0.0.1"),
            ("dest", "10.0.0.2"),
            ("transport", "tcp"),
            ("direction", "outbound"),
            ("app", "a.exe"),
        ],
    );
}

#[test]
fn system_events() {
    let source = "XmlWinEventLog:System";
    let installed = mapped(
        "XmlWinEventLog",
        source,
        &[
            ("EventID", "7045"),
            ("Computer", "srv"),
            ("ServiceName", "RemCom Service"),
            ("ImagePath", r"%SystemRoot%\x.exe"),
            ("ServiceType", "user mode service"),
            ("StartType", "demand start"),
        ],
    );
    check(
        &installed,
        &[
            ("dest", "srv"),
            ("ServiceName", "RemCom Service"),
            ("ImagePath", r"%SystemRoot%\x.exe"),
            ("ServiceType", "user mode service"),
            ("service_name", "RemCom Service"),
            ("service_path", r"%SystemRoot%\x.exe"),
            ("start_mode", "manual"),
            ("status", "<none>"),
            ("user", "<none>"),
        ],
    );
    check(&modelled("Endpoint", "Services", installed), &[("status", "unknown"), ("user", "unknown")]);
    check(
        &mapped("XmlWinEventLog", source, &[("EventID", "7036"), ("param1", "x"), ("param2", "running")]),
        &[("service_name", "x"), ("status", "started")],
    );
    check(
        &mapped(
            "XmlWinEventLog",
            source,
            &[("EventID", "7040"), ("param1", "Print Spooler"), ("param3", "disabled"), ("param4", "Spooler")],
        ),
        &[("service", "Print Spooler"), ("service_name", "Spooler"), ("start_mode", "disabled")],
    );
}

#[test]
fn cloud_events() {
    let call = mapped(
        "aws:cloudtrail",
        "aws_cloudtrail",
        &[
            ("eventName", "CreateUser"),
            ("eventSource", "iam.amazonaws.com"),
            ("userIdentity.type", "AssumedRole"),
            ("userIdentity.principalId", "AROA:session"),
            ("userIdentity.arn", "arn:x"),
            ("sourceIPAddress", "10.0.0.1"),
            ("awsRegion", "eu-west-1"),
            ("recipientAccountId", "1"),
        ],
    );
    check(
        &call,
        &[
            ("action", "created"),
            ("user", "session"),
            ("user_arn", "arn:x"),
            ("src", "10.0.0.1"),
            ("src_ip", "10.0.0.1"),
            ("app", "iam"),
            ("status", "success"),
            ("aws_account_id", "1"),
            ("vendor_region", "eu-west-1"),
        ],
    );
    let login = mapped(
        "aws:cloudtrail",
        "x",
        &[("eventName", "ConsoleLogin"), ("errorMessage", "Failed authentication"), ("sourceIPAddress", "signin.amazonaws.com")],
    );
    check(&login, &[("action", "failure"), ("src_ip", "<none>"), ("status", "failure")]);
    let office = mapped(
        "o365:management:activity",
        "o365",
        &[("Operation", "UserLoginFailed"), ("ClientIP", "[2001:db8::1]:443"), ("UserId", "a@b")],
    );
    check(&office, &[("action", "failure"), ("src", "2001:db8::1"), ("user", "a@b")]);
    let web = mapped(
        "suricata",
        "suricata",
        &[
            ("event_type", "http"),
            ("http.hostname", "h.example"),
            ("http.url", "/a?b=c"),
            ("dest_ip", "10.0.0.2"),
            ("http.status", "200"),
        ],
    );
    check(
        &web,
        &[("url", "http://h.example/a?b=c"), ("uri_path", "/a"), ("uri_query", "b=c"), ("dest", "10.0.0.2"), ("status", "200")],
    );
    check(&modelled("Web", "Web", web), &[("http_method", "unknown"), ("url_length", "22")]);
}

#[test]
fn names_from_command_lines() {
    let name = |process: &str| {
        modelled("Endpoint", "Processes", [("process".to_owned(), process.to_owned())].into())["process_name"].clone()
    };
    assert_eq!(name(r#""C:\Program Files\a b\x.exe" -k "C:\y z.txt""#), "x.exe");
    assert_eq!(name(r"C:\Windows\cmd.exe /c dir C:\tmp"), "cmd.exe");
    assert_eq!(name("powershell.exe"), "powershell.exe");
    assert_eq!(name(r#""net" user"#), "net");
    assert_eq!(modelled("Endpoint", "Processes", Event::new())["process_name"], "unknown");
}
