//! The editor loop: what was typed is tried; a mistake opens the editor again with the reason above,
//! until it succeeds or is given up. Nothing typed is ever lost.

use crate::failure::Failure;
use crate::output::say;
use std::path::{Path, PathBuf};
use std::process::Command;
use tempfile::NamedTempFile;

/// Begins each line that says what is wrong.
const MARK: &str = "#! ";

/// Opens an editor on a text and tries what comes back, until `attempt` succeeds. Answers whether
/// anything was done: an unchanged or emptied text cancels.
///
/// # Errors
/// When the editor fails, or what was typed is given up with a mistake in it; then it is kept and
/// the failure says where.
pub async fn until_right(
    noun: &str,
    shown: &str,
    mut attempt: impl AsyncFnMut(&str) -> Result<(), Failure>,
) -> Result<bool, Failure> {
    let editor = editor()?;
    let file = tempfile::Builder::new().prefix(&format!("rolecall-{noun}-")).suffix(".yaml").tempfile()?;
    let mut before = shown.to_owned();
    let mut wrong: Option<Failure> = None;
    std::fs::write(file.path(), shown)?;
    loop {
        if let Err(failure) = open(&editor, file.path()) {
            return Err(kept(file, failure));
        }
        let typed = match std::fs::read_to_string(file.path()) {
            Ok(typed) => without_marks(&typed),
            Err(error) => return Err(kept(file, Failure::failed(format!("what was typed cannot be read: {error}")))),
        };
        match wrong.take() {
            None if typed == before => return Ok(cancelled("unchanged")),
            Some(failure) if typed == before => return Err(kept(file, failure)),
            _ if is_empty(&typed) => return Ok(cancelled("empty")),
            _ => {}
        }
        match attempt(&typed).await {
            Ok(()) => return Ok(true),
            Err(failure) if failure.is_mendable() => {
                std::fs::write(file.path(), with_reason(&typed, &failure))?;
                wrong = Some(failure);
                before = typed;
            }
            Err(failure) => return Err(kept(file, failure)),
        }
    }
}

fn cancelled(how: &str) -> bool {
    say(&format!("{how}: nothing was done"));
    false
}

fn is_empty(text: &str) -> bool {
    text.lines().map(str::trim).all(|line| line.is_empty() || line.starts_with('#'))
}

/// What was typed under the reason why it cannot be.
fn with_reason(typed: &str, failure: &Failure) -> String {
    let height = failure.lines(0).len() as u64 + 1;
    let mut lines = failure.lines(height);
    lines.push("Mend it and save. Leave it as it is to give up; the text is kept.".to_owned());
    let block: String = lines.iter().flat_map(|line| line.lines()).map(|line| format!("{MARK}{line}\n")).collect();
    block + typed
}

fn without_marks(typed: &str) -> String {
    let begins = |line: &&str| !line.starts_with(MARK.trim_end());
    typed.split_inclusive('\n').filter(begins).collect()
}

/// A failure that also says where the text is kept.
fn kept(file: NamedTempFile, failure: Failure) -> Failure {
    match file.keep() {
        Ok((_, path)) => failure.with_detail(format!("what you typed is kept in {}", path.display())),
        Err(_) => failure,
    }
}

/// The editor of one's choice, else one that is there.
fn editor() -> Result<String, Failure> {
    let chosen = ["VISUAL", "EDITOR"]
        .iter()
        .filter_map(|name| std::env::var(name).ok())
        .find(|editor| !editor.trim().is_empty());
    let there = || ["vi", "nano"].into_iter().find(|name| on_path(name)).map(str::to_owned);
    chosen.or_else(there).ok_or_else(|| Failure::failed("there is no editor; set EDITOR, or use --file"))
}

fn on_path(name: &str) -> bool {
    let path = std::env::var_os("PATH").unwrap_or_default();
    std::env::split_paths(&path).map(|folder: PathBuf| folder.join(name)).any(|file| file.is_file())
}

/// Runs the editor as a shell would, so that `EDITOR="code --wait"` works.
fn open(editor: &str, file: &Path) -> Result<(), Failure> {
    let status = Command::new("sh").arg("-c").arg(format!("{editor} \"$1\"")).arg("sh").arg(file).status();
    match status {
        Ok(status) if status.success() => Ok(()),
        Ok(status) => Err(Failure::failed(format!("the editor `{editor}` ended with {status}; nothing was done"))),
        Err(error) => Err(Failure::failed(format!("the editor `{editor}` cannot be run: {error}"))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_reason_stands_above_what_was_typed_and_goes_away_again() {
        let typed = "# hello\nname: x\nacions: []\n";
        let shown = with_reason(typed, &Failure::mistake("no key is named \"acions\"").on_line(Some(3)));
        assert!(shown.starts_with("#! line 5: no key is named \"acions\"\n#! Mend it"), "{shown}");
        assert_eq!(shown.lines().nth(4), Some("acions: []"));
        assert_eq!(without_marks(&shown), typed);
    }

    #[test]
    fn comments_alone_are_empty() {
        assert!(is_empty("# a\n\n   # b\n"));
        assert!(!is_empty("# a\nname: x\n"));
    }
}
