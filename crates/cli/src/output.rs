//! What a command prints: a table for people, JSON or YAML for programs, nothing but data when piped.

use crate::failure::Failure;
use clap::ValueEnum;
use comfy_table::{ContentArrangement, Table, presets};
use serde_json::Value;
use std::io::{IsTerminal, Write};

/// How to print.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Format {
    /// Columns, for people
    Table,
    /// JSON, whole
    Json,
    /// YAML, whole
    Yaml,
}

/// A column: its heading and what stands in it.
pub type Column = (&'static str, fn(&Value) -> String);

/// Prints a list of things.
pub fn list(format: Format, items: &[Value], columns: &[Column], none: &str) -> Result<(), Failure> {
    match format {
        Format::Table if items.is_empty() => {
            if std::io::stdout().is_terminal() {
                print(&format!("{none}\n"))?;
            }
            Ok(())
        }
        Format::Table => {
            let mut table = Table::new();
            table.load_style(presets::NOTHING).set_content_arrangement(arrangement());
            table.set_header(columns.iter().map(|(heading, _)| *heading));
            for item in items {
                table.add_row(columns.iter().map(|(_, cell)| shown(&cell(item))));
            }
            print(&tidy(&table.to_string()))
        }
        _ => data(format, &Value::Array(items.to_vec())),
    }
}

/// Prints one thing: name and value on each line, or all of it for programs.
pub fn item(format: Format, item: &Value, rows: &[Column]) -> Result<(), Failure> {
    if format != Format::Table {
        return data(format, item);
    }
    let mut table = Table::new();
    table.load_style(presets::NOTHING).set_content_arrangement(arrangement());
    for (name, cell) in rows {
        let value = cell(item);
        if !value.is_empty() {
            table.add_row([(*name).to_owned(), shown(&value)]);
        }
    }
    print(&tidy(&table.to_string()))
}

/// Prints a value for programs.
pub fn data(format: Format, value: &Value) -> Result<(), Failure> {
    let text = if format == Format::Yaml {
        serde_saphyr::to_string(value).map_err(|error| Failure::failed(error.to_string()))?
    } else {
        serde_json::to_string_pretty(value).map_err(|error| Failure::failed(error.to_string()))?
    };
    print(&format!("{}\n", text.trim_end()))
}

/// Says a sentence to people: on standard error, so that standard output is data only.
pub fn say(sentence: &str) {
    eprintln!("{sentence}");
}

/// Prints text; a reader that went away is no failure.
pub fn print(text: &str) -> Result<(), Failure> {
    let mut out = std::io::stdout().lock();
    match out.write_all(text.as_bytes()).and_then(|()| out.flush()) {
        Err(error) if error.kind() == std::io::ErrorKind::BrokenPipe => Ok(()),
        other => Ok(other?),
    }
}

fn arrangement() -> ContentArrangement {
    // A pipe has no width to fit into.
    if std::io::stdout().is_terminal() { ContentArrangement::Dynamic } else { ContentArrangement::Disabled }
}

/// Without the spaces that a table leaves at line ends and at its left edge.
fn tidy(table: &str) -> String {
    let lines = table.lines().map(|line| line.strip_prefix(' ').unwrap_or(line).trim_end());
    lines.fold(String::new(), |text, line| text + line + "\n")
}

/// Text as a terminal may show it: what controls the terminal is shown as a sign.
pub fn shown(text: &str) -> String {
    text.chars().map(|c| if c.is_control() && c != '\n' { '\u{FFFD}' } else { c }).collect()
}

/// The text of a field; empty when it is not there.
pub fn text(value: &Value, field: &str) -> String {
    match value.get(field) {
        Some(Value::String(text)) => text.clone(),
        Some(Value::Null) | None => String::new(),
        Some(Value::Array(items)) => items.iter().map(plain).collect::<Vec<_>>().join(", "),
        Some(other) => other.to_string(),
    }
}

/// A time of a field, to the second; empty when it is not there.
pub fn time(value: &Value, field: &str) -> String {
    let whole = text(value, field);
    match whole.split_once('.') {
        Some((seconds, rest)) if rest.ends_with('Z') => format!("{seconds}Z"),
        _ => whole,
    }
}

fn plain(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

/// A scope in few words: `shop/production`, `shop`, `*/production`, `everywhere`.
pub fn scope(value: &Value) -> String {
    match (text(value, "project").as_str(), text(value, "environment").as_str()) {
        ("", "") => "everywhere".to_owned(),
        (project, "") => project.to_owned(),
        ("", environment) => format!("*/{environment}"),
        (project, environment) => format!("{project}/{environment}"),
    }
}

/// A scope as the end of a sentence: `in shop/production`, `everywhere`.
pub fn place(value: &Value) -> String {
    match scope(value) {
        everywhere if everywhere == "everywhere" => everywhere,
        scope => format!("in {scope}"),
    }
}

/// Whether colors may be used on standard output.
pub fn colors() -> bool {
    std::io::stdout().is_terminal()
        && std::env::var_os("NO_COLOR").is_none_or(|value| value.is_empty())
        && std::env::var_os("TERM").is_none_or(|term| term != "dumb")
}

/// A verdict, green or red where colors may be used.
pub fn verdict(allowed: bool) -> String {
    let word = if allowed { "allowed" } else { "denied" };
    match (colors(), allowed) {
        (false, _) => word.to_owned(),
        (true, true) => format!("\u{1b}[1;32m{word}\u{1b}[0m"),
        (true, false) => format!("\u{1b}[1;31m{word}\u{1b}[0m"),
    }
}
