//! The only integration binary: one file per area, listed here.

mod session;
