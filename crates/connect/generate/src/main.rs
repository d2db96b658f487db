//! From `proto/` to `src/generated/` of each façade that has proto files: messages by buffa, services by connectrpc, both
//! without `protoc`.

use anyhow::Context;
use connectrpc_build::CodeGenConfig;
use sha2::{Digest, Sha256};
use std::fmt::Write;
use std::path::{Path, PathBuf};

/// A proto file by its path below `proto/`, with the file that is written for its package.
type File = (&'static str, &'static str);

/// The crates with their proto files.
const CRATES: [(&str, &[File]); 2] = [
    ("connect", &[("rolecall/v1/decision.proto", "rolecall.v1.rs")]),
    (
        "union",
        &[
            ("cloudidl/common.proto", "cloudidl.common.rs"),
            ("cloudidl/identity.proto", "cloudidl.identity.rs"),
            ("cloudidl/authorizer.proto", "cloudidl.authorizer.rs"),
            ("flyteidl2/auth.proto", "flyteidl2.auth.rs"),
            ("flyteidl2/project.proto", "flyteidl2.project.rs"),
        ],
    ),
];

fn main() -> anyhow::Result<()> {
    for (name, files) in CRATES {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").join(name);
        let out = tempfile::tempdir()?;
        generate(&folder.join("proto"), files, out.path())?;
        for (proto, written) in files {
            keep(&folder, proto, written, out.path())?;
        }
    }
    Ok(())
}

/// Writes the code of a package below the hash of its proto file.
fn keep(folder: &Path, proto: &str, written: &str, out: &Path) -> anyhow::Result<()> {
    let source = std::fs::read(folder.join("proto").join(proto)).with_context(|| format!("cannot read {proto}"))?;
    let code = std::fs::read_to_string(out.join(written)).with_context(|| format!("{written} was not generated"))?;
    let hash = hex(&Sha256::digest(source));
    let text = format!("// Written by `cargo xtask generate` from proto/{proto}, whose SHA-256 is\n// {hash}\n{code}");
    std::fs::write(folder.join("src/generated").join(written), text)?;
    Ok(())
}

fn generate(includes: &Path, files: &[File], out: &Path) -> anyhow::Result<()> {
    let descriptors: PathBuf = out.join("descriptors.bin");
    let mut compiler = protox::Compiler::new([includes])?;
    compiler.include_imports(true).include_source_info(true);
    for (proto, _) in files {
        compiler.open_file(proto)?;
    }
    std::fs::write(&descriptors, compiler.encode_file_descriptor_set())?;
    let mut messages = CodeGenConfig::default();
    messages.generate_json = true;
    // Fields of a newer client have no meaning here, and keeping them would cost each message a list.
    messages.preserve_unknown_fields = false;
    messages.file_per_package = true;
    messages.emit_register_fn = false;
    let protos: Vec<&str> = files.iter().map(|(proto, _)| *proto).collect();
    connectrpc_build::Config::new()
        .files(&protos)
        .descriptor_set(&descriptors)
        .out_dir(out)
        .emit_rerun_directives(false)
        .buffa_config(messages)
        .compile()?;
    Ok(())
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}
