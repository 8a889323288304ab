//! The nouns: no input or output, no async, no SQL.

pub mod access;
pub mod address;
pub mod applied;
pub mod bridge;
pub mod demand;
pub mod diagram;
pub mod digest;
mod holder;
pub mod node;
mod object;
pub mod server;
mod size;
mod state;
pub mod site;
pub mod step;
pub mod suggest;

pub use address::{Address, KindName};
pub use applied::{Applied, Stamp};
pub use demand::{Act, Demand};
pub use holder::Holder;
pub use node::Node;
pub use object::{Declaration, Object, ObjectId, Origin, Spec};
pub use server::{Locks, PgVersion, Server};
pub use size::Size;
pub use state::{Manage, Moved, State};
pub use step::{Hazard, HazardClass, Lock, Step, Transaction};
