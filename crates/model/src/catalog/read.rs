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
            let message = format!(
                "a catalog has at most {LONGEST_FILE} bytes; this has {}",
                yaml.len()
            );
            return Err(CatalogError {
                line: 1,
                column: 1,
                message,
            });
        }
        let root = Node::parse(yaml)?;
        if matches!(root.content, Content::Nothing) {
            return Err(error(
                root.at,
                "the file is empty; it must at least name the catalog",
            ));
        }
        let catalog: Catalog = fit::fit(&root)
            .map_err(|misfit| error(misfit.position.unwrap_or(root.at), misfit.message))?;
        let faults = catalog.faults().into_iter();
        let first = faults.map(|fault| (root.position(&fault.path), fault.message));
        match first.min_by_key(|(position, _)| *position) {
            Some((position, message)) => Err(error(position, message)),
            None => Ok(catalog),
        }
    }
}

fn error(at: Position, message: impl Into<String>) -> CatalogError {
    CatalogError {
        line: at.line,
        column: at.column,
        message: message.into(),
    }
}
