//! The worked example of the documentation.

use rolecall_model::catalog::Catalog;

/// The example's file.
pub(super) const TEXT: &str = include_str!("../../../../../docs/examples/shop.yaml");

#[test]
fn the_documented_example_is_a_good_catalog() {
    let shop = Catalog::read(TEXT).unwrap_or_else(|error| panic!("shop.yaml: {error}"));
    assert_eq!(shop.name, "shop");
    assert_eq!(shop.check(), Ok(()));
}

#[test]
fn the_mistake_that_the_guide_shows_is_answered_as_the_guide_says() {
    let guide = include_str!("../../../../../docs/guides/own-catalog.md");
    let wrong = TEXT.replace("permits: [store.open, report.view]", "permits: [store.open, report.veiw]");
    let error = Catalog::read(&wrong).unwrap_err().to_string();
    assert!(guide.contains(&error), "the guide does not show: {error}");
}

#[test]
fn every_key_of_a_catalog_is_explained_in_the_guide() {
    let guide = include_str!("../../../../../docs/guides/own-catalog.md");
    let shop = serde_json::to_value(Catalog::read(TEXT).unwrap()).unwrap();
    for key in shop.as_object().unwrap().keys() {
        assert!(guide.contains(&format!("`{key}`")), "{key}");
    }
}
