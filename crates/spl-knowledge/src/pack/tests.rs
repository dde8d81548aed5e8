//! The pack: every file loads without problems, the models have their fields, the mappings are found.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod evaluator;
mod events;
mod sysmon;

use super::*;
use crate::data_model::CalculationKind;
use crate::props::ResolvedProps;

/// What the pack says of events with these fields.
fn of_pack(knowledge: &Knowledge, sourcetype: &str, source: &str) -> ResolvedProps {
    *knowledge.props_for(sourcetype, source, "h").pack.unwrap_or_default()
}

fn fields(model: &str, dataset: &str) -> Vec<String> {
    let knowledge = Knowledge::built_in();
    let model = knowledge.data_model(model).unwrap();
    model.all_fields(dataset).unwrap().iter().map(|field| field.name.clone()).collect()
}

fn has(model: &str, dataset: &str, wanted: &str) {
    let known = fields(model, dataset);
    for field in wanted.split_whitespace() {
        assert!(known.iter().any(|name| name == field), "{model}.{dataset} has no field {field}");
    }
}

#[test]
fn every_file_loads() {
    let (knowledge, problems) = load_checked(SOURCES);
    assert!(problems.is_empty(), "{problems:#?}");
    assert!(knowledge.warnings.is_empty(), "{:#?}", knowledge.warnings);
    assert_eq!(knowledge.data_models.len(), MODELS.len());
    for (name, _) in MODELS {
        assert!(knowledge.data_models.contains_key(name.trim_end_matches(".json")), "{name}");
    }
    assert!(knowledge.event_types.len() > 15 && knowledge.tags.len() > 20);
}

#[test]
fn tags_belong_to_event_types() {
    let knowledge = Knowledge::built_in();
    for rule in &knowledge.tags {
        assert_eq!(rule.field, "eventtype");
        assert!(knowledge.event_types.contains_key(&rule.value), "{}", rule.value);
    }
    assert_eq!(knowledge.tags_of("eventtype", "ms-sysmon-process").collect::<Vec<_>>(), ["process", "report"]);
}

#[test]
fn endpoint_fields() {
    has(
        "Endpoint",
        "Processes",
        "_time host source sourcetype action dest dest_category loaded_file original_file_name os parent_process parent_process_exec parent_process_guid parent_process_hash parent_process_id parent_process_name parent_process_path parent_user process process_current_directory process_exec process_guid process_hash process_id process_integrity_level process_name process_path tag user user_category user_id vendor_product",
    );
    has(
        "Endpoint",
        "Services",
        "dest service service_dll service_exec service_id service_name service_path start_mode status user",
    );
    has(
        "Endpoint",
        "Filesystem",
        "action dest file_access_time file_acl file_create_time file_hash file_modify_time file_name file_path file_size process_guid process_id process_name process_path user",
    );
    has(
        "Endpoint",
        "Registry",
        "action dest process_guid process_id registry_hive registry_key_name registry_path registry_value_data registry_value_name registry_value_text registry_value_type status user",
    );
    has("Endpoint", "Ports", "creation_time dest dest_port src src_port state transport transport_dest_port user");
}

#[test]
fn other_models() {
    has("Network_Traffic", "All_Traffic", "action app bytes dest_ip dest_port direction protocol src_ip transport user");
    has("Network_Traffic", "Blocked_Traffic", "action dest_port");
    has("Network_Resolution", "DNS", "answer message_type query record_type reply_code src");
    has("Web", "Proxy", "http_method http_user_agent url url_domain url_length status");
    has("Authentication", "Failed_Authentication", "action app dest signature src src_user user user_role authentication_method");
    has("Change", "Account_Management", "action object src_user user command result_id");
    has("Email", "All_Email", "recipient src_user message_id subject");
    has("Risk", "All_Risk", "risk_object calculated_risk_score annotations.mitre_attack.mitre_technique_id");
    has("Alerts", "Alerts", "severity signature");
    let knowledge = Knowledge::built_in();
    assert_eq!(
        knowledge.data_model("Change").unwrap().constraint_chain("Accounts_Created").unwrap(),
        ["tag=change", "tag=account", "action=\"created\""]
    );
    assert_eq!(knowledge.data_model("Endpoint").unwrap().constraint_chain("Processes").unwrap(), ["tag=process tag=report"]);
}

#[test]
fn fields_are_filled_with_unknown() {
    let knowledge = Knowledge::built_in();
    let model = knowledge.data_model("Endpoint").unwrap();
    let expression = |wanted: &str| {
        let calculations = model.all_calculations("Processes").unwrap();
        let found = calculations.into_iter().find(|one| one.outputs.iter().any(|field| field.name == wanted)).unwrap();
        match &found.kind {
            CalculationKind::Eval { expression } => expression.clone(),
            other => panic!("{other:?}"),
        }
    };
    assert_eq!(expression("dest"), r#"if(isnull(dest) OR dest="", "unknown", dest)"#);
    assert!(expression("process_name").contains("process_name!=\"\", process_name"));
    // The name is taken from the command line, so it stands ahead of the filling of the command line.
    let order: Vec<_> = model.all_calculations("Processes").unwrap().iter().map(|one| one.outputs[0].name.clone()).collect();
    let place = |name: &str| order.iter().position(|one| one == name).unwrap();
    assert!(place("process_name") < place("process") && place("parent_process_name") < place("parent_process"));
}

#[test]
fn stanzas_for_windows_events() {
    let knowledge = Knowledge::built_in();
    let calculated = |source: &str| -> Vec<(String, String)> {
        let props = of_pack(&knowledge, "XmlWinEventLog", source);
        props.calculated.into_iter().map(|one| (one.name, one.expression)).collect()
    };
    let expression = |source: &str, field: &str| {
        calculated(source).into_iter().find(|(name, _)| name == field).map(|(_, expression)| expression)
    };
    let sysmon = "XmlWinEventLog:Microsoft-Windows-Sysmon/Operational";
    assert!(expression(sysmon, "vendor_product").unwrap().contains("Microsoft Sysmon"));
    assert!(expression(sysmon, "dvc").is_some(), "the stanza for all channels applies as well");
    assert!(expression(sysmon, "service_path").is_none());
    assert!(expression("XmlWinEventLog:Security", "process_name").unwrap().contains("NewProcessName"));
    assert_eq!(expression("XmlWinEventLog:System", "service_path").as_deref(), Some("case(EventCode=7045, ImagePath)"));
    assert_eq!(expression("XmlWinEventLog:Application", "dest").as_deref(), Some("coalesce(dest, Computer)"));
    assert!(expression("XmlWinEventLog:security", "process_name").is_some(), "channels are found in any case");
    assert!(calculated("other.log").is_empty());
    let aliases = of_pack(&knowledge, "XmlWinEventLog", sysmon).aliases;
    assert!(aliases.iter().any(|alias| alias.from == "EventID" && alias.to == "EventCode" && alias.as_new));
}

/// Every eval expression of the pack, with the place that it stands in.
fn expressions() -> Vec<(String, String)> {
    let knowledge = Knowledge::built_in();
    let mut expressions = Vec::new();
    for stanza in &knowledge.props {
        let calculated = stanza.settings.iter().filter(|(key, _)| key.starts_with("EVAL-"));
        expressions.extend(calculated.map(|(key, setting)| (format!("{} {key}", stanza.name), setting.value.clone())));
    }
    for model in knowledge.data_models.values() {
        for calculation in model.datasets.values().flat_map(|dataset| &dataset.calculations) {
            if let CalculationKind::Eval { expression } = &calculation.kind {
                expressions.push((format!("{} {}", model.name, calculation.outputs[0].name), expression.clone()));
            }
        }
    }
    expressions
}

/// The regular expressions and replacements in an expression, as the functions get them.
fn patterns(expression: &spl_parser::syntax::Expression, found: &mut Vec<(String, Option<String>)>) {
    use spl_parser::syntax::ExpressionKind::{Binary, Call, In, Text, Unary};
    match &expression.kind {
        Call { name, arguments } => {
            let text = |index: usize| match arguments.get(index).map(|argument| &argument.kind) {
                Some(Text(text)) => Some(text.clone()),
                _ => None,
            };
            if matches!(name.value.as_str(), "match" | "replace") {
                found.push((text(1).expect("a pattern"), text(2)));
            }
            arguments.iter().for_each(|argument| patterns(argument, found));
        }
        Binary { left, right, .. } => {
            patterns(left, found);
            patterns(right, found);
        }
        Unary { operand, .. } => patterns(operand, found),
        In { operand, list } => {
            patterns(operand, found);
            list.iter().for_each(|member| patterns(member, found));
        }
        _ => {}
    }
}

fn replaced(place: &str, text: &str) -> String {
    let (_, expression) = expressions().into_iter().find(|(known, _)| known == place).unwrap();
    let mut found = Vec::new();
    patterns(&spl_parser::parse_expression(&expression).unwrap(), &mut found);
    let (pattern, replacement) = found
        .into_iter()
        .filter(|(_, replacement)| replacement.is_some())
        .find(|(pattern, _)| regex::Regex::new(pattern).unwrap().is_match(text))
        .unwrap();
    let replacement = replacement.unwrap().replace('\\', "$");
    regex::Regex::new(&pattern).unwrap().replace(text, replacement).into_owned()
}

#[test]
fn expressions_parse_and_their_patterns_compile() {
    let mut count = 0;
    for (place, expression) in expressions() {
        let parsed = spl_parser::parse_expression(&expression).unwrap_or_else(|wrong| panic!("{place}: {wrong:#?}"));
        let mut found = Vec::new();
        patterns(&parsed, &mut found);
        for (pattern, _) in found {
            count += 1;
            regex::Regex::new(&pattern).unwrap_or_else(|wrong| panic!("{place}: {wrong}"));
        }
    }
    assert!(count > 60);
}

#[test]
fn searches_parse() {
    let knowledge = Knowledge::built_in();
    for event_type in knowledge.event_types.values() {
        let parsed = spl_parser::parse_search_expression(&event_type.search);
        assert!(parsed.is_ok(), "{}: {parsed:?}", event_type.name);
    }
    for model in knowledge.data_models.values() {
        for dataset in model.datasets.values() {
            for constraint in &dataset.constraints {
                assert!(spl_parser::parse_search_expression(constraint).is_ok(), "{constraint}");
            }
        }
    }
}

#[test]
fn names_are_taken_from_paths_and_command_lines() {
    let sysmon = "source::(?i)((Xml)?WinEventLog:Microsoft-Windows-Sysmon|Syslog:Linux-Sysmon)/Operational EVAL-";
    let field = |name: &str, text: &str| replaced(&format!("{sysmon}{name}"), text);
    assert_eq!(field("process_name", r"C:\Windows\System32\cmd.exe"), "cmd.exe");
    assert_eq!(field("process_name", "/usr/bin/bash"), "bash");
    assert_eq!(field("user", r"ATTACKRANGE\Administrator"), "Administrator");
    assert_eq!(field("registry_key_name", r"HKLM\System\Services\W32Time\Start"), "W32Time");
    assert_eq!(field("registry_value_name", r"HKLM\System\Services\W32Time\Start"), "Start");
    assert_eq!(field("registry_value_data", "DWORD (0x00000001)"), "0x00000001");
    assert_eq!(field("registry_value_data", "QWORD (0x01d776fd-0xd724b8c5)"), "0x01d776fd-0xd724b8c5");
    let name = |text: &str| replaced("Endpoint process_name", text);
    assert_eq!(name(r#""C:\Program Files\a b\x.exe" -k "C:\y z.txt""#), "x.exe");
    assert_eq!(name(r"C:\Windows\cmd.exe /c dir C:\tmp"), "cmd.exe");
    assert_eq!(name("powershell.exe"), "powershell.exe");
    assert_eq!(name("net user\nx /add"), "net");
}

#[test]
fn macros_come_along() {
    assert!(Knowledge::built_in().macros.get("security_content_ctime", 1).is_some());
}

#[test]
fn other_sourcetypes() {
    let knowledge = Knowledge::built_in();
    let names = |sourcetype: &str| -> Vec<String> {
        of_pack(&knowledge, sourcetype, "f").calculated.into_iter().map(|one| one.name).collect()
    };
    assert!(names("aws:cloudtrail").contains(&"user_arn".to_owned()));
    assert!(names("bro:conn:json").contains(&"dest_port".to_owned()));
    assert!(names("access_combined").is_empty());
    let reports = of_pack(&knowledge, "access_combined", "f").reports;
    let transform = knowledge.transform(&reports[0].transforms[0]).unwrap();
    let regex = regex::Regex::new(transform.regex.as_deref().unwrap()).unwrap();
    let line = r#"10.1.2.3 - alice [12/Mar/2025:08:00:00 +0000] "GET /a/b?c=d HTTP/1.1" 200 512 "-" "curl/8.0""#;
    let found = regex.captures(line).unwrap();
    let shown: Vec<_> =
        ["clientip", "user", "uri_path", "uri_query", "status", "useragent"].iter().map(|name| &found[*name]).collect();
    assert_eq!(shown, ["10.1.2.3", "alice", "/a/b", "c=d", "200", "curl/8.0"]);
}
