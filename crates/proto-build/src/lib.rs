//! What the build scripts of the façades with proto files share: messages by buffa, services by connectrpc, from proto files
//! that protox reads, so that no `protoc` need be installed and nothing is fetched.
//!
//! Not here: any proto file. Each façade keeps its own, below its `proto/`.

use anyhow::Context as _;
use connectrpc_build::CodeGenConfig;
use std::path::Path;

/// Writes the code of a crate's proto files, one file for each package (`rolecall.v1.rs`), where its `include!` finds them.
/// For build scripts: it reads what Cargo says to those, and says in turn which files to watch.
///
/// The files are paths below the crate's `proto/`. Every file that one of them imports must be among them.
///
/// # Errors
/// A proto file that is not there or cannot be read as one, named with the place; a folder that cannot be written.
pub fn write(files: &[&str]) -> anyhow::Result<()> {
    write_from("proto", files)
}

/// The same with the proto files below another folder, by its path from the crate's own.
///
/// # Errors
/// As [`write()`].
pub fn write_from(folder: &str, files: &[&str]) -> anyhow::Result<()> {
    let told =
        |name: &str| std::env::var_os(name).with_context(|| format!("{name} is not set; is this a build script?"));
    let protos = Path::new(&told("CARGO_MANIFEST_DIR")?).join(folder);
    println!("cargo::rerun-if-changed=build.rs");
    for file in files {
        println!("cargo::rerun-if-changed={}", protos.join(file).display());
    }
    generate(&protos, files, Path::new(&told("OUT_DIR")?))
}

fn generate(protos: &Path, files: &[&str], out: &Path) -> anyhow::Result<()> {
    let mut compiler = protox::Compiler::new([protos])?;
    compiler.include_imports(true).include_source_info(true);
    for file in files {
        compiler.open_file(file)?;
    }
    let descriptors = out.join("descriptors.bin");
    std::fs::write(&descriptors, compiler.encode_file_descriptor_set())?;
    let mut messages = CodeGenConfig::default();
    messages.generate_json = true;
    // Fields of a newer client have no meaning here, and keeping them would cost each message a list.
    messages.preserve_unknown_fields = false;
    messages.file_per_package = true;
    messages.emit_register_fn = false;
    connectrpc_build::Config::new()
        .files(files)
        .descriptor_set(&descriptors)
        .out_dir(out)
        .emit_rerun_directives(false)
        .buffa_config(messages)
        .compile()?;
    Ok(())
}
