//! Events of every mapped kind through the pack: aliases, calculated fields and data models, with a small evaluator.

use std::collections::BTreeMap;

use spl_parser::syntax::{BinaryOperator, Expression, ExpressionKind, UnaryOperator};

use super::super::*;
use crate::data_model::CalculationKind;

type Event = BTreeMap<String, String>;

/// A value of the evaluator; truth is `true` and `false`, null is none.
type Value = Option<String>;

fn truth(value: bool) -> Value {
    Some(value.to_string())
}

fn is_true(value: &Value) -> bool {
    value.as_deref() == Some("true")
}

fn compare(left: &Value, right: &Value) -> Option<std::cmp::Ordering> {
    let (left, right) = (left.as_ref()?, right.as_ref()?);
    match (left.parse::<f64>(), right.parse::<f64>()) {
        (Ok(left), Ok(right)) => left.partial_cmp(&right),
        _ => Some(left.cmp(right)),
    }
}

fn evaluate(expression: &Expression, event: &Event) -> Value {
    use std::cmp::Ordering::{Equal, Greater, Less};
    let value = |expression: &Expression| evaluate(expression, event);
    match &expression.kind {
        ExpressionKind::Integer(number) => Some(number.to_string()),
        ExpressionKind::Float(number) => Some(number.to_string()),
        ExpressionKind::Text(text) => Some(text.clone()),
        ExpressionKind::Field(field) => event.get(&field.name).cloned(),
        ExpressionKind::Unary { operator, operand } => match operator {
            UnaryOperator::Not => value(operand).map(|truth| (truth != "true").to_string()),
            UnaryOperator::Minus => value(operand).map(|number| format!("-{number}")),
            UnaryOperator::Plus => value(operand),
        },
        ExpressionKind::Binary { operator, left, right } => {
            let (left, right) = (value(left), value(right));
            let ordering = compare(&left, &right);
            let by = |wanted: &[std::cmp::Ordering]| ordering.map(|ordering| wanted.contains(&ordering).to_string());
            match operator.value {
                BinaryOperator::And => truth(is_true(&left) && is_true(&right)),
                BinaryOperator::Or => truth(is_true(&left) || is_true(&right)),
                BinaryOperator::Equal => by(&[Equal]),
                BinaryOperator::NotEqual => by(&[Less, Greater]),
                BinaryOperator::Less => by(&[Less]),
                BinaryOperator::LessOrEqual => by(&[Less, Equal]),
                BinaryOperator::Greater => by(&[Greater]),
                BinaryOperator::GreaterOrEqual => by(&[Greater, Equal]),
                BinaryOperator::Concatenate => Some(format!("{}{}", left?, right?)),
                other => panic!("operator {other:?}"),
            }
        }
        ExpressionKind::In { operand, list } => {
            let operand = value(operand);
            operand.as_ref()?;
            truth(list.iter().any(|member| compare(&operand, &value(member)) == Some(Equal)))
        }
        ExpressionKind::Call { name, arguments } => function(&name.value, arguments, event),
        ExpressionKind::Subsearch(_) => panic!("a subsearch"),
    }
}

fn function(name: &str, arguments: &[Expression], event: &Event) -> Value {
    let value = |index: usize| evaluate(&arguments[index], event);
    let regex = |index: usize| regex::Regex::new(&value(index).unwrap()).unwrap();
    match name {
        "case" => arguments.chunks(2).find(|pair| is_true(&evaluate(&pair[0], event))).and_then(|pair| evaluate(&pair[1], event)),
        "if" => {
            if is_true(&value(0)) {
                value(1)
            } else {
                value(2)
            }
        }
        "coalesce" => arguments.iter().find_map(|argument| evaluate(argument, event)),
        "isnull" => truth(value(0).is_none()),
        "isnotnull" => truth(value(0).is_some()),
        "isnum" => truth(value(0).is_some_and(|text| text.parse::<f64>().is_ok())),
        "null" => None,
        "len" => value(0).map(|text| text.chars().count().to_string()),
        "lower" => value(0).map(|text| text.to_lowercase()),
        "match" => value(0).map(|text| regex(1).is_match(&text).to_string()),
        "replace" => value(0).map(|text| regex(1).replace_all(&text, value(2).unwrap().replace('\\', "$")).into_owned()),
        "substr" => value(0).map(|text| text.chars().skip(value(1).unwrap().parse::<usize>().unwrap() - 1).collect()),
        "tonumber" => match arguments.len() {
            1 => value(0),
            _ => u64::from_str_radix(&value(0)?, value(1)?.parse().unwrap()).ok().map(|number| number.to_string()),
        },
        "rtrim" => value(0).map(|text| text.trim_end_matches(&value(1).unwrap()).to_owned()),
        "split" | "mvcount" => value(0),
        other => panic!("function {other}"),
    }
}

/// An event after aliases and calculated fields.
fn mapped(sourcetype: &str, source: &str, fields: &[(&str, &str)]) -> Event {
    let knowledge = Knowledge::built_in();
    let props = knowledge.props_for(sourcetype, source, "h").pack.unwrap_or_default();
    let mut event: Event = fields.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
    event.extend([
        ("source".to_owned(), source.to_owned()),
        ("sourcetype".to_owned(), sourcetype.to_owned()),
        ("host".to_owned(), "h".to_owned()),
    ]);
    for alias in &props.aliases {
        if let (Some(value), false) = (event.get(&alias.from).cloned(), alias.as_new && event.contains_key(&alias.to)) {
            event.insert(alias.to.clone(), value);
        }
    }
    let before = event.clone();
    for field in &props.calculated {
        match evaluate(&spl_parser::parse_expression(&field.expression).unwrap(), &before) {
            Some(value) => event.insert(field.name.clone(), value),
            None => event.remove(&field.name),
        };
    }
    for lookup in &props.lookups {
        let table = knowledge.lookup(&lookup.table).unwrap().load().unwrap();
        let value = |row: &Vec<String>, field: &str| row[table.column(field).unwrap()].clone();
        let found = table
            .rows
            .iter()
            .find(|row| lookup.inputs.iter().all(|input| event.get(&input.event) == Some(&value(row, &input.lookup))));
        for output in &lookup.outputs {
            if let Some(value) = found.map(|row| value(row, &output.lookup)).filter(|value| !value.is_empty()) {
                event.entry(output.event.clone()).or_insert(value);
            }
        }
    }
    event
}

fn modelled(model: &str, dataset: &str, mut event: Event) -> Event {
    let knowledge = Knowledge::built_in();
    for calculation in knowledge.data_model(model).unwrap().all_calculations(dataset).unwrap() {
        if let CalculationKind::Eval { expression } = &calculation.kind
            && let Some(value) = evaluate(&spl_parser::parse_expression(expression).unwrap(), &event)
        {
            event.insert(calculation.outputs[0].name.clone(), value);
        }
    }
    event
}

fn check(event: &Event, expected: &[(&str, &str)]) {
    for (name, value) in expected {
        match *value {
            "<none>" => assert_eq!(event.get(*name), None, "{name}"),
            value => assert_eq!(event.get(*name).map(String::as_str), Some(value), "{name}"),
        }
    }
}

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
