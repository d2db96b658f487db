//! Writes the code of `proto/`.

fn main() -> anyhow::Result<()> {
    rolecall_proto_build::write(&[
        "cloudidl/common.proto",
        "cloudidl/identity.proto",
        "cloudidl/authorizer.proto",
        "flyteidl2/auth.proto",
        "flyteidl2/project.proto",
    ])
}
