//! The settings file.

use crate::Parser;
use rolecall_server::ServeArgs;

/// A file of settings: it can be used, or it is said what is wrong.
pub(crate) fn settings() -> Parser {
    let folder = tempfile::tempdir().expect("a temporary folder");
    Box::new(move |data| {
        let path = folder.path().join("rolecall.toml");
        std::fs::write(&path, data).expect("the file is written");
        let mut arguments = ServeArgs::default();
        arguments.config = Some(path);
        if let Err(error) = arguments.settle() {
            assert!(!error.to_string().is_empty());
        }
    })
}
