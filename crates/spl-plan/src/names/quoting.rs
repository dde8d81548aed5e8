//! Values as they are written in the text of a search.

/// `field="value"`, with quotes and backslashes of the value escaped.
pub fn comparison(name: &str, value: &str) -> String {
    let plain = !name.is_empty()
        && name.chars().all(|c| c.is_alphanumeric() || matches!(c, '_' | '.' | '{' | '}' | ':' | '-' | '@' | '#' | '$'));
    let name = if plain { name.to_owned() } else { format!("\"{}\"", escaped(name)) };
    format!("{name}=\"{}\"", escaped(value))
}

/// A text as it stands between double quotes.
pub fn escaped(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for character in text.chars() {
        if matches!(character, '"' | '\\') {
            escaped.push('\\');
        }
        escaped.push(character);
    }
    escaped
}
