//! A check neither allocates nor frees, whatever the holder and however the question is put.

use crate::world::{World, between, group, role_at, user};
use rolecall_model::assignment::GrantRef;
use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;

struct Counting;

thread_local! {
    static CALLS: Cell<usize> = const { Cell::new(0) };
}

fn count() {
    // Nothing is counted while a thread ends.
    let _ = CALLS.try_with(|calls| calls.set(calls.get() + 1));
}

// SAFETY: every call is handed on unchanged to the system's allocator.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        count();
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, place: *mut u8, layout: Layout) {
        count();
        unsafe { System.dealloc(place, layout) }
    }
}

#[global_allocator]
static COUNTING: Counting = Counting;

#[test]
fn a_check_allocates_nothing() {
    let mut world = World::new()
        .user("ada")
        .group("team", &["ada"])
        .role("Viewer", &["view", "deploy@shop/development"])
        .policy("makers", &[("Viewer", "blog")])
        .grant(group("team"), GrantRef::Policy("makers".into()))
        .grant_on(user("ada"), role_at("Viewer", "shop"), between(None, Some(10)));
    for at in ["shop/production", "shop/development", "blog/production", "blog/development", "*/production"] {
        world = world.grant(user("ada"), role_at("Viewer", at)).grant(user("ada"), role_at("Admin", at));
    }
    let questions = ["shop/production", "blog", "*", "mars"].map(|at| world.question("ada", "deploy", at));
    let before = CALLS.get();
    for question in &questions {
        let _ = world.index.check(question);
    }
    for (who, project) in [("ada", "shop"), ("ADA", "mars"), ("nobody", "shop")] {
        let _ = world.index.check_named(who, "deploy", Some(project), Some("development"), world.now);
    }
    assert_eq!(CALLS.get(), before);
}
