//! The fields behind a pipeline as its text suggests them, where the engine can't tell.

use super::tokens::{Kind, Token, tokens};

/// The fields behind a pipeline, from those of the events.
pub fn fields_behind(pipeline: &str, of_events: impl FnOnce() -> Vec<String>) -> Vec<String> {
    let all = tokens(pipeline);
    let mut fields = of_events();
    let mut depth = 0usize;
    let mut command: Vec<&Token> = Vec::new();
    let mut first = true;
    for token in &all {
        match (token.kind, token.text(pipeline)) {
            (Kind::Open, "[") => depth += 1,
            (Kind::Close, "]") => depth = depth.saturating_sub(1),
            (Kind::Pipe, _) if depth == 0 => {
                if !first {
                    apply(pipeline, &command, &mut fields);
                }
                first = false;
                command.clear();
            }
            _ if depth == 0 && token.counts() => command.push(token),
            _ => {}
        }
    }
    if !first {
        apply(pipeline, &command, &mut fields);
    }
    fields
}

/// What a command does to the fields.
fn apply(source: &str, command: &[&Token], fields: &mut Vec<String>) {
    let Some((name, arguments)) = command.split_first() else {
        return;
    };
    let text = |token: &Token| token.text(source).trim_matches(['"', '\'']).to_owned();
    let add = |fields: &mut Vec<String>, name: String| {
        if !name.is_empty() && !fields.contains(&name) {
            fields.push(name);
        }
    };
    // Names behind `as`.
    let aliases: Vec<String> =
        arguments.windows(2).filter(|pair| pair[0].is_word(source, "as")).map(|pair| text(pair[1])).collect();
    match name.text(source).to_ascii_lowercase().as_str() {
        "table" | "fields" => {
            let listed: Vec<String> = names(source, arguments);
            if arguments.first().is_some_and(|token| token.text(source) == "-") {
                fields.retain(|field| !listed.contains(field));
            } else if !listed.iter().any(|name| name.contains('*')) {
                *fields = listed;
            }
        }
        "stats" | "chart" | "timechart" | "top" | "rare" | "tstats" => {
            let splits = arguments.iter().position(|token| token.is_word(source, "by") || token.is_word(source, "over"));
            let mut behind = splits.map(|at| names(source, &arguments[at + 1..])).unwrap_or_default();
            behind.retain(|name| !["by", "over", "where"].iter().any(|word| word.eq_ignore_ascii_case(name)));
            if name.is_word(source, "timechart") {
                behind = vec!["_time".to_owned()];
            }
            if matches!(name.text(source), "top" | "rare") {
                behind.extend(names(source, arguments).into_iter().filter(|name| fields.contains(name)));
                behind.extend(["count", "percent"].map(str::to_owned));
            }
            *fields = behind;
            aliases.into_iter().for_each(|alias| add(fields, alias));
            if arguments.iter().any(|token| token.is_word(source, "count")) {
                add(fields, "count".to_owned());
            }
        }
        "rename" => {
            for three in arguments.windows(3).filter(|three| three[1].is_word(source, "as")) {
                let from = text(three[0]);
                fields.retain(|field| *field != from);
                add(fields, text(three[2]));
            }
        }
        "eval" => {
            let mut depth = 0usize;
            for (place, token) in arguments.iter().enumerate() {
                match token.kind {
                    Kind::Open => depth += 1,
                    Kind::Close => depth = depth.saturating_sub(1),
                    _ => {}
                }
                let begins = place == 0 || arguments[place - 1].kind == Kind::Comma;
                if depth == 0 && begins && arguments.get(place + 1).is_some_and(|next| next.text(source) == "=") {
                    add(fields, text(token));
                }
            }
        }
        "rex" => {
            for token in arguments.iter().filter(|token| token.kind == Kind::Quoted) {
                for group in token.text(source).split("(?").skip(1) {
                    let named = group.trim_start_matches('P').strip_prefix('<').and_then(|group| group.split_once('>'));
                    if let Some((name, _)) = named.filter(|(name, _)| !name.starts_with(['=', '!'])) {
                        add(fields, name.to_owned());
                    }
                }
            }
        }
        _ => aliases.into_iter().for_each(|alias| add(fields, alias)),
    }
}

/// The bare names of a list; values of options are left out.
fn names(source: &str, arguments: &[&Token]) -> Vec<String> {
    let mut found = Vec::new();
    for (place, token) in arguments.iter().enumerate() {
        let beside =
            |place: Option<usize>| place.and_then(|place| arguments.get(place)).is_some_and(|next| next.kind == Kind::Operator);
        let in_option = beside(Some(place + 1)) || beside(place.checked_sub(1));
        let name = token.text(source).trim_matches(['"', '\'']);
        if matches!(token.kind, Kind::Word | Kind::Quoted) && !in_option && name != "-" && name != "+" {
            found.push(name.to_owned());
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(pipeline: &str, expected: &[&str]) {
        assert_eq!(fields_behind(pipeline, || vec!["a".to_owned(), "b".to_owned()]), expected, "{pipeline}");
    }

    #[test]
    fn what_commands_do() {
        check("x", &["a", "b"]);
        check("x | fields - a", &["b"]);
        check("x | table b, c limit=3", &["b", "c"]);
        check("x | stats count sum(b) as total by host, user", &["host", "user", "total", "count"]);
        check("x | eval c=if(a=1, b, 2), d=3", &["a", "b", "c", "d"]);
        check("x | rename a as z", &["b", "z"]);
        check("x | rex \"(?<user>.*)(?:x)(?P<host>y)\"", &["a", "b", "user", "host"]);
        check("x [ search y | stats count by q ] | dedup a", &["a", "b"]);
        check("| top limit=5 b", &["b", "count", "percent"]);
    }
}
