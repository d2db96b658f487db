//! What an organization and its index say that they cost is what the allocator gave them, within a
//! tenth. A program of its own, because it counts every byte that is in use.

#![allow(clippy::unwrap_used, reason = "a test may fail")]

use rolecall_bench::workload::{self, Size};
use rolecall_engine::Index;
use rolecall_model::catalog::{Catalog, builtin};
use rolecall_model::decide::decide;
use rolecall_model::id::OrganizationId;
use rolecall_model::import::WorkloadReader;
use rolecall_model::moment::{Actor, Moment};
use rolecall_model::organization::NewOrganization;
use rolecall_model::{Command, Org, Timestamp};
use std::alloc::{GlobalAlloc, Layout, System};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

struct Counting;

static IN_USE: AtomicUsize = AtomicUsize::new(0);

// SAFETY: every call is handed on unchanged to the system's allocator.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        IN_USE.fetch_add(layout.size(), Ordering::Relaxed);
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, place: *mut u8, layout: Layout) {
        IN_USE.fetch_sub(layout.size(), Ordering::Relaxed);
        unsafe { System.dealloc(place, layout) }
    }
}

#[global_allocator]
static COUNTING: Counting = Counting;

const NOW: Timestamp = Timestamp::from_micros(1_795_000_000_000_000);

fn decided(org: &Org, command: Command) -> Org {
    decide(org, command, &Moment::new(NOW, Actor::System, [7; 32])).unwrap().org
}

fn imported() -> Org {
    let folder = tempfile::tempdir().unwrap();
    workload::write(Size::S, 1, folder.path()).unwrap();
    let catalog = Arc::new(Catalog::read(builtin("none").unwrap()).unwrap());
    let (id, name, title) = (OrganizationId::new(7), "weighed".to_owned(), String::new());
    let found = NewOrganization { id, name, title, catalog };
    let org = decided(&Org::empty(), Command::Found(Box::new(found)));
    let mut reader = WorkloadReader::new();
    reader.read(&std::fs::read(folder.path().join("S.data.jsonl")).unwrap()).unwrap();
    decided(&org, Command::Import(Arc::new(reader.finish().unwrap())))
}

fn near(said: usize, found: usize, what: &str) {
    assert!(said.abs_diff(found) * 10 <= found, "{what}: said {said}, found {found}");
}

#[test]
fn what_is_said_to_be_used_is_used() {
    let before = IN_USE.load(Ordering::Relaxed);
    let org = imported();
    let after = IN_USE.load(Ordering::Relaxed);
    let weight = org.heap_bytes();
    near(weight.total(), after - before, &format!("the organization {weight:?}"));
    let index = Index::build(org);
    near(index.heap_bytes(), IN_USE.load(Ordering::Relaxed) - after, "the index");
    // Taken apart, nothing of it is left.
    drop(index);
    assert!(IN_USE.load(Ordering::Relaxed) - before < weight.total() / 10);
}
