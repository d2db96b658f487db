//! The same for as long as one likes, on all cores: `cargo xtask prove --minutes 10`.

use crate::count::Count;
use crate::scale::{Scale, Wrong, index, prove};
use crate::{found, workload};
use std::fmt::Display;
use std::fs;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::time::{Duration, Instant};

/// How often it is said how far it has got.
const EVERY: Duration = Duration::from_secs(10);

type Outcome = Result<Count, Box<dyn Display + Send>>;

#[test]
#[ignore = "runs for as long as it is told: `cargo xtask prove`"]
fn the_engine_answers_as_the_reference_does_for_as_long_as_one_likes() {
    let told = |name: &str| std::env::var(name).ok().and_then(|text| text.parse::<u64>().ok());
    let (minutes, first) = (told("ROLECALL_PROVE_MINUTES").unwrap_or(1), told("ROLECALL_PROVE_SEED").unwrap_or(1));
    let until = Instant::now() + Duration::from_secs(minutes * 60);
    let (next, stop) = (AtomicU64::new(first), AtomicBool::new(false));
    let (said, heard) = channel();
    let outcome = std::thread::scope(|scope| {
        for _ in 0..std::thread::available_parallelism().map_or(1, usize::from) {
            let said = said.clone();
            let (next, stop) = (&next, &stop);
            scope.spawn(move || work(next, stop, until, &said));
        }
        drop(said);
        listen(&heard, &stop)
    });
    println!("seeds {first} to {}", next.into_inner() - 1);
    match outcome {
        Ok(count) => {
            println!("{count}");
            count.assert_worth();
        }
        Err(wrong) => panic!("{wrong}"),
    }
}

fn work(next: &AtomicU64, stop: &AtomicBool, until: Instant, said: &Sender<Outcome>) {
    while Instant::now() < until && !stop.load(Ordering::Relaxed) {
        let seed = next.fetch_add(1, Ordering::Relaxed);
        if said.send(of_seed(seed)).is_err() {
            return;
        }
    }
}

fn of_seed(seed: u64) -> Outcome {
    let scale = match seed % 32 {
        0..24 => Scale::Tiny,
        24..28 => Scale::Middle,
        28..31 => Scale::Wide,
        _ => return workload::goes_on(seed).map_err(|why| -> Box<dyn Display + Send> { Box::new(why) }),
    };
    prove(scale, seed, &index()).map_err(|wrong| -> Box<dyn Display + Send> { Box::new(kept(&wrong)) })
}

/// Writes what went wrong where an ordinary test tries it from then on.
fn kept(wrong: &Wrong) -> String {
    let path = found::folder().join(format!("{:?}-{}.jsonl", wrong.scale, wrong.seed).to_lowercase());
    match fs::write(&path, found::lines(&wrong.story)) {
        Ok(()) => format!("{wrong}\nkept as {}: every `make test` tries it from now on", path.display()),
        Err(error) => format!("{wrong}\nit could not be kept as {}: {error}", path.display()),
    }
}

fn listen(heard: &Receiver<Outcome>, stop: &AtomicBool) -> Outcome {
    let (mut count, mut last) = (Count::default(), Instant::now());
    let mut wrong = None;
    while let Ok(outcome) = heard.recv() {
        match outcome {
            Ok(counted) => count.join(&counted),
            Err(found) => {
                stop.store(true, Ordering::Relaxed);
                wrong.get_or_insert(found);
            }
        }
        if last.elapsed() >= EVERY {
            println!("{count}");
            last = Instant::now();
        }
    }
    wrong.map_or(Ok(count), Err)
}
