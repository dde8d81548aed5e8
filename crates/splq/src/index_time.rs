//! What the .conf files of apps say about loading, handed to the loader.

use std::collections::BTreeMap;

use spl_exec::Engine;
use spl_knowledge::props::{KvMode, ResolvedProps};
use spl_knowledge::{IndexTimeSettings, Knowledge};
use spl_sources::{AutomaticFields, IndexTimeRules, IndexTransform, PairRules, RuleSource};

/// What props.conf and transforms.conf say about loading; none when they say nothing.
pub fn index_time_rules(engine: &Engine) -> Option<RuleSource> {
    let knowledge = engine.knowledge();
    if !knowledge.has_index_time_settings() {
        return None;
    }
    // The stanzas are all that is asked.
    let mut stanzas = Knowledge::new();
    stanzas.props.clone_from(&knowledge.props);
    stanzas.index_props.clone_from(&knowledge.index_props);
    stanzas.index_transforms.clone_from(&knowledge.index_transforms);
    let rules = RuleSource::new(move |sourcetype, source, host| rules(&stanzas, sourcetype, source, host));
    Some(if knowledge.changes_events() { rules.with_evaluator(engine.ingest_evaluator()) } else { rules.without_changes() })
}

/// The rules of a sourcetype, source and host.
fn rules(knowledge: &Knowledge, sourcetype: &str, source: &str, host: &str) -> IndexTimeRules {
    let settings = knowledge.index_time_for(sourcetype, source, host);
    let searched = knowledge.props_for(sourcetype, source, host);
    let automatic = automatic(&searched);
    let indexes_json = settings.indexed_extractions.as_deref().is_some_and(|kind| kind.eq_ignore_ascii_case("json"));
    let (transforms, problems) = transforms(knowledge, &settings);
    IndexTimeRules {
        time_prefix: settings.time_prefix,
        time_format: settings.time_format,
        max_timestamp_lookahead: settings.max_timestamp_lookahead,
        time_zone: settings.time_zone,
        tz_alias: settings.tz_alias,
        max_days_ago: settings.max_days_ago,
        max_days_hence: settings.max_days_hence,
        max_diff_secs_ago: settings.max_diff_secs_ago,
        max_diff_secs_hence: settings.max_diff_secs_hence,
        route_events_older_than: settings.route_events_older_than,
        datetime_config: settings.datetime_config,
        should_linemerge: settings.should_linemerge,
        line_breaker: settings.line_breaker,
        break_only_before: settings.break_only_before,
        break_only_before_date: settings.break_only_before_date,
        must_break_after: settings.must_break_after,
        must_not_break_before: settings.must_not_break_before,
        must_not_break_after: settings.must_not_break_after,
        max_events: settings.max_events,
        truncate: settings.truncate,
        indexed_extractions: settings.indexed_extractions,
        timestamp_fields: settings.timestamp_fields,
        header_field_line_number: settings.header_field_line_number,
        header_field_delimiter: settings.header_field_delimiter,
        field_delimiter: settings.field_delimiter,
        field_names: settings.field_names,
        sourcetype: settings.sourcetype,
        charset: settings.charset,
        preamble_regex: settings.preamble_regex,
        field_header_regex: settings.field_header_regex,
        field_quote: settings.field_quote,
        header_field_quote: settings.header_field_quote,
        acceptable_special_characters: settings.acceptable_special_characters,
        missing_value_regex: settings.missing_value_regex,
        json_trim_braces: settings.json_trim_braces == Some(true),
        check_for_header: settings.check_for_header == Some(true),
        date_with_system_time: settings.date_with_system_time == Some(true),
        sed_commands: settings.sed_commands.into_iter().map(|(script, origin)| (script, origin.to_string())).collect(),
        transforms,
        problems,
        origins: settings.origins.into_iter().map(|(name, origin)| (name, origin.to_string())).collect::<BTreeMap<_, _>>(),
        is_mapped: knowledge.maps(sourcetype, source, host),
        is_known: knowledge.has_sourcetype(sourcetype),
        automatic: AutomaticFields { json: automatic.json || indexes_json, ..automatic },
    }
}

/// What `KV_MODE` and its kin have looked for. With `json` and `xml`, events in another form have no fields.
///
/// Source: Splunk admin manual, props.conf, `KV_MODE`.
fn automatic(props: &ResolvedProps) -> AutomaticFields {
    let trims = props.kv_trim_spaces.unwrap_or(true);
    let pairs = |escapes: bool| AutomaticFields {
        pairs: Some(PairRules { escapes, trims }),
        json: props.auto_kv_json.unwrap_or(true),
        ..AutomaticFields::NONE
    };
    match props.kv_mode.unwrap_or(KvMode::Auto) {
        KvMode::None => AutomaticFields::NONE,
        KvMode::Auto => pairs(false),
        KvMode::AutoEscaped => pairs(true),
        KvMode::Multi => AutomaticFields { table: true, ..AutomaticFields::NONE },
        KvMode::Xml => AutomaticFields { xml: true, ..AutomaticFields::NONE },
        KvMode::Json => AutomaticFields { json: true, ..AutomaticFields::NONE },
    }
}

/// The transforms that settings name, in the order in which they are applied, and what is said of those that are not defined.
fn transforms(knowledge: &Knowledge, settings: &IndexTimeSettings) -> (Vec<IndexTransform>, Vec<String>) {
    let (mut transforms, mut problems) = (Vec::new(), Vec::new());
    for (names, origin) in settings.transforms.iter().chain(&settings.rulesets) {
        for name in names {
            // Transforms of metrics are no transforms of events.
            if name.starts_with("metric-schema:") || name.starts_with("statsd-dims:") {
                continue;
            }
            let Some(known) = knowledge.index_transforms.get(name) else {
                problems.push(format!("{origin}: transform `{name}` is not defined"));
                continue;
            };
            let known = known.clone();
            transforms.push(IndexTransform {
                name: known.name,
                regex: known.regex,
                format: known.format,
                source_key: known.source_key,
                dest_key: known.dest_key,
                write_meta: known.write_meta,
                default_value: known.default_value,
                repeat_match: known.repeat_match,
                lookahead: known.lookahead,
                clone_sourcetype: known.clone_sourcetype,
                ingest_eval: known.ingest_eval,
                stop_processing_if: known.stop_processing_if,
                origin: known.origin.to_string(),
            });
        }
    }
    (transforms, problems)
}
