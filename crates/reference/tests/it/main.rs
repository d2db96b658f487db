//! The engine and the model, compared with the reference on random organizations.

mod compare;
mod count;
mod difference;
mod explain;
mod generated;
mod replay;
mod words;
