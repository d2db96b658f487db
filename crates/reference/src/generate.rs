//! Random organizations, commands and questions, from a seed. What goes wrong is made small by
//! leaving deeds out: a deed names things by their place in a list, so it still means something
//! when those before it are gone.

mod catalog;
mod deed;
mod name;
mod question;
mod random;
mod shape;
mod story;

pub use catalog::catalog;
pub use deed::{Deed, What};
pub use name::in_another_case;
pub use question::question;
pub use random::Random;
pub use shape::Shape;
pub use story::{Story, Told, first_commands, founded, shrink};
