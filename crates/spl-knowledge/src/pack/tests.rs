//! The pack: every file loads without problems, the models have their fields, the mappings are found.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use super::*;
use crate::data_model::CalculationKind;

fn fields(model: &str, dataset: &str) -> Vec<String> {
    let knowledge = Knowledge::built_in();
    let model = knowledge.data_model(model).unwrap();
    model
        .all_fields(dataset)
        .unwrap()
        .iter()
        .map(|field| field.name.clone())
        .collect()
}

fn has(model: &str, dataset: &str, wanted: &str) {
    let known = fields(model, dataset);
    for field in wanted.split_whitespace() {
        assert!(
            known.iter().any(|name| name == field),
            "{model}.{dataset} has no field {field}"
        );
    }
}

#[test]
fn every_file_loads() {
    let (knowledge, problems) = load_checked();
    assert!(problems.is_empty(), "{problems:#?}");
    assert!(knowledge.warnings.is_empty(), "{:#?}", knowledge.warnings);
    assert_eq!(knowledge.data_models.len(), MODELS.len());
    for (name, _) in MODELS {
        assert!(
            knowledge
                .data_models
                .contains_key(name.trim_end_matches(".json")),
            "{name}"
        );
    }
    assert!(knowledge.event_types.len() > 15 && knowledge.tags.len() > 20);
}

#[test]
fn tags_belong_to_event_types() {
    let knowledge = Knowledge::built_in();
    for rule in &knowledge.tags {
        assert_eq!(rule.field, "eventtype");
        assert!(
            knowledge.event_types.contains_key(&rule.value),
            "{}",
            rule.value
        );
    }
    assert_eq!(
        knowledge
            .tags_of("eventtype", "ms-sysmon-process")
            .collect::<Vec<_>>(),
        ["process", "report"]
    );
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
    has(
        "Endpoint",
        "Ports",
        "creation_time dest dest_port src src_port state transport transport_dest_port user",
    );
}

#[test]
fn other_models() {
    has(
        "Network_Traffic",
        "All_Traffic",
        "action app bytes dest_ip dest_port direction protocol src_ip transport user",
    );
    has("Network_Traffic", "Blocked_Traffic", "action dest_port");
    has(
        "Network_Resolution",
        "DNS",
        "answer message_type query record_type reply_code src",
    );
    has(
        "Web",
        "Proxy",
        "http_method http_user_agent url url_domain url_length status",
    );
    has(
        "Authentication",
        "Failed_Authentication",
        "action app dest signature src src_user user user_role authentication_method",
    );
    has(
        "Change",
        "Account_Management",
        "action object src_user user command result_id",
    );
    has(
        "Email",
        "All_Email",
        "recipient src_user message_id subject",
    );
    has(
        "Risk",
        "All_Risk",
        "risk_object calculated_risk_score annotations.mitre_attack.mitre_technique_id",
    );
    has("Alerts", "Alerts", "severity signature");
    let knowledge = Knowledge::built_in();
    assert_eq!(
        knowledge
            .data_model("Change")
            .unwrap()
            .constraint_chain("Accounts_Created")
            .unwrap(),
        ["tag=change", "tag=account", "action=\"created\""]
    );
    assert_eq!(
        knowledge
            .data_model("Endpoint")
            .unwrap()
            .constraint_chain("Processes")
            .unwrap(),
        ["tag=process tag=report"]
    );
}

#[test]
fn fields_are_filled_with_unknown() {
    let knowledge = Knowledge::built_in();
    let model = knowledge.data_model("Endpoint").unwrap();
    let expression = |wanted: &str| {
        let calculations = model.all_calculations("Processes").unwrap();
        let found = calculations
            .into_iter()
            .find(|one| one.outputs.iter().any(|field| field.name == wanted))
            .unwrap();
        match &found.kind {
            CalculationKind::Eval { expression } => expression.clone(),
            other => panic!("{other:?}"),
        }
    };
    assert_eq!(
        expression("dest"),
        r#"if(isnull(dest) OR dest="", "unknown", dest)"#
    );
    assert!(expression("process_name").contains("process_name!=\"\", process_name"));
    // The name is taken from the command line, so it stands ahead of the filling of the command line.
    let order: Vec<_> = model
        .all_calculations("Processes")
        .unwrap()
        .iter()
        .map(|one| one.outputs[0].name.clone())
        .collect();
    let place = |name: &str| order.iter().position(|one| one == name).unwrap();
    assert!(
        place("process_name") < place("process")
            && place("parent_process_name") < place("parent_process")
    );
}

#[test]
fn stanzas_for_windows_events() {
    let knowledge = Knowledge::built_in();
    let calculated = |source: &str| -> Vec<(String, String)> {
        let props = knowledge.props_for("XmlWinEventLog", source, "h");
        props
            .calculated
            .into_iter()
            .map(|one| (one.name, one.expression))
            .collect()
    };
    let expression = |source: &str, field: &str| {
        calculated(source)
            .into_iter()
            .find(|(name, _)| name == field)
            .map(|(_, expression)| expression)
    };
    let sysmon = "XmlWinEventLog:Microsoft-Windows-Sysmon/Operational";
    assert!(
        expression(sysmon, "vendor_product")
            .unwrap()
            .contains("Microsoft Sysmon")
    );
    assert!(
        expression(sysmon, "dvc").is_some(),
        "the stanza for all channels applies as well"
    );
    assert!(expression(sysmon, "service_path").is_none());
    assert!(
        expression("XmlWinEventLog:Security", "process_name")
            .unwrap()
            .contains("NewProcessName")
    );
    assert_eq!(
        expression("XmlWinEventLog:System", "service_path").as_deref(),
        Some("case(EventCode=7045, ImagePath)")
    );
    assert_eq!(
        expression("XmlWinEventLog:Application", "dest").as_deref(),
        Some("coalesce(dest, Computer)")
    );
    assert!(calculated("other.log").is_empty());
    let aliases = knowledge.props_for("XmlWinEventLog", sysmon, "h").aliases;
    assert!(
        aliases
            .iter()
            .any(|alias| alias.from == "EventID" && alias.to == "EventCode" && alias.as_new)
    );
}

#[test]
fn expressions_are_balanced() {
    let knowledge = Knowledge::built_in();
    let mut expressions: Vec<String> = Vec::new();
    for stanza in &knowledge.props {
        expressions.extend(
            stanza
                .settings
                .iter()
                .filter(|(key, _)| key.starts_with("EVAL-"))
                .map(|(_, setting)| setting.value.clone()),
        );
    }
    for model in knowledge.data_models.values() {
        for calculation in model
            .datasets
            .values()
            .flat_map(|dataset| &dataset.calculations)
        {
            if let CalculationKind::Eval { expression } = &calculation.kind {
                expressions.push(expression.clone());
            }
        }
    }
    assert!(expressions.len() > 150);
    for expression in expressions {
        let (mut depth, mut quoted, mut characters) = (0_i32, false, expression.chars());
        while let Some(character) = characters.next() {
            match character {
                '\\' if quoted => {
                    characters.next();
                }
                '"' => quoted = !quoted,
                '(' if !quoted => depth += 1,
                ')' if !quoted => depth -= 1,
                _ => {}
            }
            assert!(depth >= 0, "{expression}");
        }
        assert!(depth == 0 && !quoted, "{expression}");
    }
}

#[test]
fn macros_come_along() {
    assert!(
        Knowledge::built_in()
            .macros
            .get("security_content_ctime", 1)
            .is_some()
    );
}
