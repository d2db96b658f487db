//! Writes the code of `proto/`.

fn main() -> anyhow::Result<()> {
    rolecall_proto_build::write(&["rolecall/v1/decision.proto"])
}
