//! The attributes of groups.

use super::{Attribute, GROUP, Schema};

pub(super) const CORE: Schema = Schema {
    urn: GROUP,
    name: "Group",
    attributes: ATTRIBUTES,
    about: "A group of users; what it is given, they have.",
};

const ATTRIBUTES: &[Attribute] = &[
    Attribute::text("displayName", "Its name, unique among groups.").required().unique(),
    Attribute::complex("members", MEMBERS, "The users in it.").many(),
];

const MEMBERS: &[Attribute] = &[
    Attribute::text("value", "The user's id.").exact().immutable(),
    Attribute::reference("$ref", &["User"], "The user's address.").immutable(),
    Attribute::text("type", "What the member is: always a user.").one_of(&["User"]).immutable(),
    Attribute::text("display", "What people call the user; shown only when it is asked for by name.")
        .read_only()
        .on_request(),
];
