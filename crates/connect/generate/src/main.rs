//! From `proto/` to `src/generated/`: messages by buffa, the service by connectrpc, both without `protoc`.

use anyhow::Context;
use connectrpc_build::CodeGenConfig;
use sha2::{Digest, Sha256};
use std::fmt::Write;
use std::path::Path;

/// The proto files, by their path below `proto/`, with the file that is written for their package.
const FILES: [(&str, &str); 1] = [("rolecall/v1/decision.proto", "rolecall.v1.rs")];

fn main() -> anyhow::Result<()> {
    let crate_folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    for (proto, written) in FILES {
        let source = crate_folder.join("proto").join(proto);
        let code = generate(&crate_folder.join("proto"), proto, written)?;
        let hash = hex(&Sha256::digest(std::fs::read(&source).with_context(|| format!("cannot read {proto}"))?));
        let text =
            format!("// Written by `cargo xtask generate` from proto/{proto}, whose SHA-256 is\n// {hash}\n{code}");
        std::fs::write(crate_folder.join("src/generated").join(written), text)?;
    }
    Ok(())
}

fn generate(includes: &Path, proto: &str, written: &str) -> anyhow::Result<String> {
    let out = tempfile::tempdir()?;
    let descriptors = out.path().join("descriptors.bin");
    let mut compiler = protox::Compiler::new([includes])?;
    compiler.include_imports(true).include_source_info(true).open_file(proto)?;
    std::fs::write(&descriptors, compiler.encode_file_descriptor_set())?;
    let mut messages = CodeGenConfig::default();
    messages.generate_json = true;
    // Fields of a newer client have no meaning here, and keeping them would cost each message a list.
    messages.preserve_unknown_fields = false;
    messages.file_per_package = true;
    messages.emit_register_fn = false;
    connectrpc_build::Config::new()
        .files(&[proto])
        .descriptor_set(&descriptors)
        .out_dir(out.path())
        .emit_rerun_directives(false)
        .buffa_config(messages)
        .compile()?;
    std::fs::read_to_string(out.path().join(written)).with_context(|| format!("{written} was not generated"))
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}
