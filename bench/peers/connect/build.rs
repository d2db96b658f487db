//! Writes the code of the proto file that our façade for the `flyte` client speaks.

fn main() -> anyhow::Result<()> {
    rolecall_proto_build::write_from("../../../crates/union/proto", &["flyteidl2/auth.proto"])
}
