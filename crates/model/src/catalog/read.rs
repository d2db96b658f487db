//! Reading a catalog from a file. Whatever is wrong with it, in form or in meaning, is said with the
//! line and column of the very value.

use super::yaml::{Content, Node, Position};
use super::{Catalog, fit};

/// The longest file, in bytes.
pub const LONGEST_FILE: usize = 1024 * 1024;

/// Why a catalog cannot be used, and where in its file.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("line {line}, column {column}: {message}")]
pub struct CatalogError {
    /// The line, from 1.
    pub line: u64,
    /// The column, from 1, in characters.
    pub column: u64,
    /// A sentence in lower case that names what to mend.
    pub message: String,
}

impl Catalog {
    /// Reads a catalog from YAML and checks all it must obey.
    ///
    /// # Errors
    /// The mistake in the file's form, else the first in what it means, as the file is read from
    /// top to bottom.
    pub fn read(yaml: &str) -> Result<Catalog, CatalogError> {
        if yaml.len() > LONGEST_FILE {
            let message = format!("a catalog has at most {LONGEST_FILE} bytes; this has {}", yaml.len());
            return Err(CatalogError { line: 1, column: 1, message });
        }
        refuse_odd_characters(yaml)?;
        let root = Node::parse(yaml)?;
        if matches!(root.content, Content::Nothing) {
            return Err(error(root.at, "the file is empty; it must at least name the catalog"));
        }
        let catalog: Catalog =
            fit::fit(&root).map_err(|misfit| error(misfit.position.unwrap_or(root.at), misfit.message))?;
        let faults = catalog.faults().into_iter();
        // What is missing in the whole stands nowhere and is said last.
        let placed = faults.map(|f| (f.path.is_empty(), root.position(&f.path), f.message));
        match placed.min_by_key(|(whole, position, _)| (*whole, *position)) {
            Some((_, position, message)) => Err(error(position, message)),
            None => Ok(catalog),
        }
    }
}

/// Control characters are never meant, and to the parser a null byte is the end of the file.
fn refuse_odd_characters(yaml: &str) -> Result<(), CatalogError> {
    for (line, text) in (1..).zip(yaml.split('\n')) {
        let odd = |c: char| c.is_control() && !matches!(c, '\t' | '\r' | '\u{85}');
        if let Some((column, odd)) = (1..).zip(text.chars()).find(|(_, c)| odd(*c)) {
            let code = u32::from(odd);
            let message = format!("the character U+{code:04X} cannot stand in a catalog; leave it out");
            return Err(CatalogError { line, column, message });
        }
    }
    Ok(())
}

fn error(at: Position, message: impl Into<String>) -> CatalogError {
    CatalogError { line: at.line, column: at.column, message: message.into() }
}
