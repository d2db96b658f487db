//! What users and groups consist of: the attributes of RFC 7643 that are offered, as tables. What is
//! read, compared, shown and described at `/Schemas` is decided by these rows and nowhere else.

mod document;
mod group;
mod user;

pub(crate) use document::schemas;

use crate::attribute_path::AttributePath;
use crate::fault::Fault;
use rolecall_model::name::nearest;
use rolecall_model::refusal::shown;

/// The schema of users.
pub(crate) const USER: &str = "urn:ietf:params:scim:schemas:core:2.0:User";
/// The schema of groups.
pub(crate) const GROUP: &str = "urn:ietf:params:scim:schemas:core:2.0:Group";
/// What companies know of users beside.
pub(crate) const ENTERPRISE: &str = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User";

/// What a value is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Text,
    Flag,
    Number,
    Instant,
    Reference,
    Complex,
}

/// Who may change a value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Mutability {
    ReadWrite,
    ReadOnly,
    Immutable,
}

/// When a value is shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Returned {
    Always,
    Default,
    Request,
}

/// An attribute, or a part of a complex one.
#[derive(Debug)]
#[expect(clippy::struct_excessive_bools, reason = "each is a column of the standard's own table")]
pub(crate) struct Attribute {
    pub name: &'static str,
    pub kind: Kind,
    pub many: bool,
    pub required: bool,
    pub case_exact: bool,
    pub mutability: Mutability,
    pub returned: Returned,
    pub unique: bool,
    pub canonical: &'static [&'static str],
    pub references: &'static [&'static str],
    pub parts: &'static [Attribute],
    pub about: &'static str,
}

impl Attribute {
    const fn new(name: &'static str, kind: Kind, about: &'static str) -> Self {
        Attribute {
            name,
            kind,
            many: false,
            required: false,
            case_exact: false,
            mutability: Mutability::ReadWrite,
            returned: Returned::Default,
            unique: false,
            canonical: &[],
            references: &[],
            parts: &[],
            about,
        }
    }
    const fn text(name: &'static str, about: &'static str) -> Self {
        Attribute::new(name, Kind::Text, about)
    }
    const fn flag(name: &'static str, about: &'static str) -> Self {
        Attribute::new(name, Kind::Flag, about)
    }
    const fn reference(name: &'static str, references: &'static [&'static str], about: &'static str) -> Self {
        Attribute { references, case_exact: true, ..Attribute::new(name, Kind::Reference, about) }
    }
    const fn complex(name: &'static str, parts: &'static [Attribute], about: &'static str) -> Self {
        Attribute { parts, ..Attribute::new(name, Kind::Complex, about) }
    }
    const fn many(self) -> Self {
        Attribute { many: true, ..self }
    }
    const fn required(self) -> Self {
        Attribute { required: true, ..self }
    }
    const fn exact(self) -> Self {
        Attribute { case_exact: true, ..self }
    }
    const fn unique(self) -> Self {
        Attribute { unique: true, ..self }
    }
    const fn read_only(self) -> Self {
        Attribute { mutability: Mutability::ReadOnly, ..self }
    }
    const fn immutable(self) -> Self {
        Attribute { mutability: Mutability::Immutable, ..self }
    }
    const fn always(self) -> Self {
        Attribute { returned: Returned::Always, ..self }
    }
    const fn on_request(self) -> Self {
        Attribute { returned: Returned::Request, ..self }
    }
    const fn one_of(self, canonical: &'static [&'static str]) -> Self {
        Attribute { canonical, ..self }
    }

    /// The part of this name, in any case.
    pub(crate) fn part(&self, name: &str) -> Option<&'static Attribute> {
        named(self.parts, name)
    }
}

/// What every resource has; RFC 7643, section 3.1, leaves it out of the schemas.
const COMMON: &[Attribute] = &[
    Attribute::reference("schemas", &[], "The schemas of which it has attributes.").many().read_only().always(),
    Attribute::text("id", "Its id, which never changes.").exact().read_only().always().unique(),
    Attribute::text("externalId", "The id by which the client knows it.").exact(),
    Attribute::complex("meta", META, "What is known about the resource itself.").read_only(),
];

const META: &[Attribute] = &[
    Attribute::text("resourceType", "What it is.").exact().read_only(),
    Attribute::new("created", Kind::Instant, "When it was added.").read_only(),
    Attribute::new("lastModified", Kind::Instant, "When it was last changed.").read_only(),
    Attribute::reference("location", &["uri"], "Its address.").read_only(),
    Attribute::text("version", "Its entity tag.").exact().read_only(),
];

/// A type of resource.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum Type {
    User,
    Group,
}

/// A schema: its name, its attributes.
#[derive(Debug)]
pub(crate) struct Schema {
    pub urn: &'static str,
    pub name: &'static str,
    pub attributes: &'static [Attribute],
    pub about: &'static str,
}

impl Type {
    pub(crate) const ALL: [Type; 2] = [Type::User, Type::Group];

    /// The word for it, as `meta.resourceType` has it.
    pub(crate) const fn word(self) -> &'static str {
        match self {
            Type::User => "User",
            Type::Group => "Group",
        }
    }

    /// The path of all of them.
    pub(crate) const fn endpoint(self) -> &'static str {
        match self {
            Type::User => "Users",
            Type::Group => "Groups",
        }
    }

    /// Its own schema.
    pub(crate) const fn core(self) -> &'static Schema {
        match self {
            Type::User => &user::CORE,
            Type::Group => &group::CORE,
        }
    }

    /// What it may have beside.
    pub(crate) const fn extensions(self) -> &'static [Schema] {
        match self {
            Type::User => &[user::ENTERPRISE_SCHEMA],
            Type::Group => &[],
        }
    }

    /// What a path names.
    ///
    /// # Errors
    /// `invalidPath`, with the nearest name.
    pub(crate) fn locate(self, path: &AttributePath) -> Result<Located, Fault> {
        self.find(path).ok_or_else(|| {
            let known = self.core().attributes.iter().chain(COMMON).map(|attribute| attribute.name);
            let near = nearest(&path.name, known).map(|near| format!("; did you mean \"{near}\"?"));
            let (word, path) = (self.word(), path.to_string());
            Fault::invalid_path(format!("a {word} has no attribute \"{}\"{}", shown(&path), near.unwrap_or_default()))
        })
    }

    fn find(self, path: &AttributePath) -> Option<Located> {
        let whole = path.to_string();
        if let Some(extension) = self.extensions().iter().find(|schema| schema.urn.eq_ignore_ascii_case(&whole)) {
            return Some(Located { extension: Some(extension), attribute: None, part: None });
        }
        let (extension, attribute) = match &path.urn {
            None => (None, self.own(&path.name)?),
            Some(urn) if urn.eq_ignore_ascii_case(self.core().urn) => (None, self.own(&path.name)?),
            Some(urn) => {
                let schema = self.extensions().iter().find(|schema| schema.urn.eq_ignore_ascii_case(urn))?;
                (Some(schema), named(schema.attributes, &path.name)?)
            }
        };
        let part = match &path.part {
            None => None,
            Some(part) => Some(attribute.part(part)?),
        };
        Some(Located { extension, attribute: Some(attribute), part })
    }

    fn own(self, name: &str) -> Option<&'static Attribute> {
        named(self.core().attributes, name).or_else(|| named(COMMON, name))
    }
}

/// A place in a resource that a path names.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Located {
    /// The extension in which it lies; none means the resource itself.
    pub extension: Option<&'static Schema>,
    /// The attribute; none means the whole extension.
    pub attribute: Option<&'static Attribute>,
    /// The part of a complex attribute.
    pub part: Option<&'static Attribute>,
}

impl Located {
    /// Whether it is this attribute of the resource itself, or this part of it.
    pub(crate) fn is(&self, name: &str, part: Option<&str>) -> bool {
        self.extension.is_none()
            && self.attribute.is_some_and(|attribute| attribute.name == name)
            && self.part.map(|part| part.name) == part
    }

    /// Whether it is this attribute, and the part that stands for the whole when none is named.
    pub(crate) fn is_value_of(&self, name: &str) -> bool {
        self.is(name, None) || self.is(name, Some("value"))
    }

    /// What decides how values there are compared: the part, else the attribute; for a complex
    /// attribute its `value`.
    pub(crate) fn compared(&self) -> Option<&'static Attribute> {
        let attribute = self.part.or(self.attribute)?;
        if attribute.kind == Kind::Complex { attribute.part("value") } else { Some(attribute) }
    }

    /// As a message calls it.
    pub(crate) fn words(&self) -> String {
        let mut words = self.extension.map(|schema| schema.urn.to_owned()).unwrap_or_default();
        if let Some(attribute) = self.attribute {
            if !words.is_empty() {
                words.push(':');
            }
            words.push_str(attribute.name);
        }
        if let Some(part) = self.part {
            words.push('.');
            words.push_str(part.name);
        }
        words
    }
}

/// The attribute of this name, in any case.
pub(crate) fn named(attributes: &'static [Attribute], name: &str) -> Option<&'static Attribute> {
    attributes.iter().find(|attribute| attribute.name.eq_ignore_ascii_case(name))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn located(kind: Type, path: &str) -> Option<String> {
        kind.find(&AttributePath::parse(path).unwrap()).map(|located| located.words())
    }

    #[test]
    fn names_are_found_in_any_case_and_with_their_schema_in_front() {
        for path in
            ["userName", "USERNAME", &format!("{USER}:username"), &USER.to_uppercase().replace("USER", "User:USERNAME")]
        {
            assert_eq!(located(Type::User, path).as_deref(), Some("userName"), "{path}");
        }
        assert_eq!(located(Type::User, "Name.GivenName").as_deref(), Some("name.givenName"));
        assert_eq!(located(Type::Group, "members.$REF").as_deref(), Some("members.$ref"));
        assert_eq!(
            located(Type::User, &format!("{ENTERPRISE}:manager.value")),
            Some(format!("{ENTERPRISE}:manager.value"))
        );
        assert_eq!(located(Type::User, ENTERPRISE).as_deref(), Some(ENTERPRISE));
    }

    #[test]
    fn what_is_not_there_is_said_with_the_nearest_name() {
        let fault = Type::User.locate(&AttributePath::parse("usrName").unwrap()).unwrap_err();
        assert!(fault.detail.contains("did you mean \"userName\"?"), "{}", fault.detail);
        assert!(located(Type::User, "department").is_none());
        assert!(located(Type::Group, "userName").is_none());
    }
}
