//! Random changes to inputs: the same seed makes the same changes on every machine. Nothing is learned from what the
//! parser does with them; for that there is libFuzzer.

/// Inputs grow no larger than this.
const LONGEST: usize = 64 * 1024;

/// Pieces that parsers of text stumble over.
const PIECES: [&str; 40] = [
    "\0",
    "\n",
    "\r\n",
    "\t",
    " ",
    "\"",
    "'",
    "\\",
    "\\u0000",
    "\\ud800",
    "{",
    "}",
    "[",
    "]",
    ":",
    ",",
    "- ",
    "#",
    "&a ",
    "*a",
    "<<: *a",
    "!!binary ",
    "| ",
    "---\n",
    "~",
    "null",
    "true",
    "-1",
    "0",
    "18446744073709551616",
    "1e999",
    "*",
    "@",
    "é",
    "e\u{301}",
    "ﬁ",
    "\u{202e}",
    "\u{feff}",
    "𝕏",
    "rolecall.",
];

/// Makes inputs from inputs.
#[derive(Debug, Clone)]
pub struct Mutation(u64);

impl Mutation {
    /// Starts at a seed.
    pub fn new(seed: u64) -> Self {
        Self(seed)
    }

    /// One of the inputs with one to eight changes. There must be at least one input.
    pub fn next(&mut self, inputs: &[Vec<u8>]) -> Vec<u8> {
        let mut data = inputs[self.below(inputs.len())].clone();
        for _ in 0..=self.below(8) {
            self.change(&mut data, inputs);
        }
        data.truncate(LONGEST);
        data
    }

    fn change(&mut self, data: &mut Vec<u8>, inputs: &[Vec<u8>]) {
        match self.below(9) {
            0 => self.flip(data),
            1 => self.replace(data),
            2 | 3 => self.insert_piece(data),
            4 => self.remove(data),
            5 => self.repeat(data),
            6 => self.splice(data, inputs),
            7 => self.digit(data),
            _ => data.truncate(self.below(data.len() + 1)),
        }
    }

    fn flip(&mut self, data: &mut [u8]) {
        if !data.is_empty() {
            let at = self.below(data.len());
            data[at] ^= 1 << self.below(8);
        }
    }

    fn replace(&mut self, data: &mut [u8]) {
        if !data.is_empty() {
            let at = self.below(data.len());
            data[at] = self.random().to_le_bytes()[0];
        }
    }

    fn insert_piece(&mut self, data: &mut Vec<u8>) {
        let (at, piece) = (self.below(data.len() + 1), PIECES[self.below(PIECES.len())]);
        data.splice(at..at, piece.bytes());
    }

    fn remove(&mut self, data: &mut Vec<u8>) {
        let (start, end) = self.range(data.len());
        data.drain(start..end);
    }

    /// Doubles a part, now and then very often: deep nesting and long lists come from here.
    fn repeat(&mut self, data: &mut Vec<u8>) {
        let (start, end) = self.range(data.len());
        let part = data[start..end.min(start + 64)].to_vec();
        let times = if self.below(16) == 0 { 1_000 } else { 1 + self.below(3) };
        data.splice(end..end, part.repeat(times));
        data.truncate(LONGEST);
    }

    /// Puts a part of another input in.
    fn splice(&mut self, data: &mut Vec<u8>, inputs: &[Vec<u8>]) {
        let other = &inputs[self.below(inputs.len())];
        let ((start, end), at) = (self.range(other.len()), self.below(data.len() + 1));
        data.splice(at..at, other[start..end].iter().copied());
    }

    /// Changes one digit for another, so that numbers stay numbers.
    fn digit(&mut self, data: &mut [u8]) {
        let digits: Vec<usize> = (0..data.len()).filter(|&at| data[at].is_ascii_digit()).collect();
        if !digits.is_empty() {
            data[digits[self.below(digits.len())]] = b"0123456789"[self.below(10)];
        }
    }

    fn range(&mut self, length: usize) -> (usize, usize) {
        let (one, other) = (self.below(length + 1), self.below(length + 1));
        (one.min(other), one.max(other))
    }

    /// Uniform enough in `0..n`; `n` is at least 1.
    #[allow(clippy::cast_possible_truncation, reason = "the remainder is below n")]
    fn below(&mut self, n: usize) -> usize {
        (self.random() % n as u64) as usize
    }

    /// splitmix64.
    fn random(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ (z >> 31)
    }
}
