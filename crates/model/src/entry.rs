//! Entries of the log: their form, the leaves of personal values, and the hash chain.
