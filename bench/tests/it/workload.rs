use rolecall_bench::workload::{Size, Written, write};
use std::io::{BufRead as _, BufReader};

fn written(size: Size, seed: u64) -> (tempfile::TempDir, Written) {
    let dir = tempfile::tempdir().expect("a temporary directory");
    let written = write(size, seed, dir.path()).expect("the workload is written");
    (dir, written)
}

#[test]
fn size_s_with_seed_1_has_the_published_fingerprints() {
    let (_dir, written) = written(Size::S, 1);
    assert_eq!(written.data.to_string(), "S.data.jsonl bytes=262472 fnv1a64=4727f84a5daba57c");
    assert_eq!(written.queries.to_string(), "S.queries.jsonl bytes=1099891 fnv1a64=aae5d9dc4f2d79ec");
}

#[test]
fn size_m_with_seed_1_has_the_published_fingerprints() {
    let (_dir, written) = written(Size::M, 1);
    assert_eq!(written.data.to_string(), "M.data.jsonl bytes=21919286 fnv1a64=fc94beb280fc4d77");
    assert_eq!(written.queries.to_string(), "M.queries.jsonl bytes=1137655 fnv1a64=9efce16b3451bdbd");
}

#[test]
fn another_seed_gives_other_bytes_and_the_same_seed_the_same() {
    let ((_a, first), (_b, second), (_c, again)) = (written(Size::S, 1), written(Size::S, 2), written(Size::S, 2));
    assert_ne!(first.data.hash, second.data.hash);
    assert_eq!(second, again);
}

#[test]
fn every_size_asks_ten_thousand_questions_and_about_half_are_allowed() {
    let (dir, written) = written(Size::S, 3);
    let file = std::fs::File::open(dir.path().join(&written.queries.file)).expect("the file is there");
    let lines: Vec<String> = BufReader::new(file).lines().map(|line| line.expect("text")).collect();
    assert_eq!(lines.len(), 10_000);
    assert_eq!(lines.iter().filter(|line| line.ends_with("\"allow\":true}")).count(), written.allowed);
    assert!((4_500..5_500).contains(&written.allowed), "{} allowed", written.allowed);
}

#[test]
fn a_directory_that_is_not_there_is_an_error() {
    let dir = tempfile::tempdir().expect("a temporary directory");
    assert!(write(Size::S, 1, &dir.path().join("missing")).is_err());
}
