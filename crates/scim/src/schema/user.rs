//! The attributes of users.

use super::{Attribute, ENTERPRISE, Schema, USER};

pub(super) const CORE: Schema =
    Schema { urn: USER, name: "User", attributes: ATTRIBUTES, about: "A person who may act in the organization." };

pub(super) const ENTERPRISE_SCHEMA: Schema = Schema {
    urn: ENTERPRISE,
    name: "EnterpriseUser",
    attributes: ENTERPRISE_ATTRIBUTES,
    about: "What companies know of a person beside. Kept and given back, without an effect.",
};

const ATTRIBUTES: &[Attribute] = &[
    Attribute::text("userName", "The name by which the person signs in; often an address. Unique in any case.")
        .required()
        .unique(),
    Attribute::complex("name", NAME, "The parts of the person's name."),
    Attribute::text("displayName", "What people call the person."),
    Attribute::text("nickName", "What friends call the person."),
    Attribute::reference("profileUrl", &["external"], "A page about the person."),
    Attribute::text("title", "Such as \"Vice President\"."),
    Attribute::text("userType", "Such as \"Contractor\"."),
    Attribute::text("preferredLanguage", "Such as \"en-US\"."),
    Attribute::text("locale", "Such as \"en-US\"."),
    Attribute::text("timezone", "Such as \"Europe/Zurich\"."),
    Attribute::flag(
        "active",
        "Whether the person may act at all. One who is not can do nothing, and no session or token counts.",
    ),
    Attribute::complex("emails", EMAIL, "Addresses. The primary one is the one by which the person is known here.")
        .many(),
    Attribute::complex("phoneNumbers", PHONE, "Telephone numbers.").many(),
    Attribute::complex("addresses", ADDRESS, "Postal addresses.").many(),
    Attribute::complex("groups", GROUPS, "The groups the person is in. Changed at the groups.").many().read_only(),
];

const NAME: &[Attribute] = &[
    Attribute::text("formatted", "The whole name."),
    Attribute::text("familyName", "The family name."),
    Attribute::text("givenName", "The given name."),
    Attribute::text("middleName", "Names between the two."),
    Attribute::text("honorificPrefix", "Such as \"Ms.\"."),
    Attribute::text("honorificSuffix", "Such as \"III\"."),
];

const EMAIL: &[Attribute] = &[
    Attribute::text("value", "The address."),
    Attribute::text("display", "The address as it is shown."),
    Attribute::text("type", "What it is for.").one_of(&["work", "home", "other"]),
    Attribute::flag("primary", "Whether it is the first one; at most one is."),
];

const PHONE: &[Attribute] = &[
    Attribute::text("value", "The number."),
    Attribute::text("display", "The number as it is shown."),
    Attribute::text("type", "What it is for.").one_of(&["work", "home", "mobile", "fax", "pager", "other"]),
    Attribute::flag("primary", "Whether it is the first one; at most one is."),
];

const ADDRESS: &[Attribute] = &[
    Attribute::text("formatted", "The whole address."),
    Attribute::text("streetAddress", "Street and number."),
    Attribute::text("locality", "The town."),
    Attribute::text("region", "The state or region."),
    Attribute::text("postalCode", "The postal code."),
    Attribute::text("country", "The country."),
    Attribute::text("type", "What it is for.").one_of(&["work", "home", "other"]),
    Attribute::flag("primary", "Whether it is the first one; at most one is."),
];

const GROUPS: &[Attribute] = &[
    Attribute::text("value", "The group's id.").exact().read_only(),
    Attribute::reference("$ref", &["Group"], "The group's address.").read_only(),
    Attribute::text("display", "The group's name.").read_only(),
    Attribute::text("type", "How the person is in it.").one_of(&["direct"]).read_only(),
];

const ENTERPRISE_ATTRIBUTES: &[Attribute] = &[
    Attribute::text("employeeNumber", "The number by which the company knows the person."),
    Attribute::text("costCenter", "The cost center."),
    Attribute::text("organization", "The organization."),
    Attribute::text("division", "The division."),
    Attribute::text("department", "The department."),
    Attribute::complex("manager", MANAGER, "Whom the person reports to."),
];

const MANAGER: &[Attribute] = &[
    Attribute::text("value", "The manager's id.").exact(),
    Attribute::reference("$ref", &["User"], "The manager's address."),
    Attribute::text("displayName", "The manager's name.").read_only(),
];
