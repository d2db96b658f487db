//! The catalogs that come with the program. They are files like any other; only their texts are
//! here.

/// The names of the catalogs that come with the program.
pub const BUILTIN: [&str; 3] = ["union", "unleash", "none"];

/// The text of a catalog that comes with the program.
pub fn builtin(name: &str) -> Option<&'static str> {
    match name {
        "union" => Some(include_str!("../../../../catalogs/union.yaml")),
        "unleash" => Some(include_str!("../../../../catalogs/unleash.yaml")),
        "none" => Some(include_str!("../../../../catalogs/none.yaml")),
        _ => None,
    }
}
