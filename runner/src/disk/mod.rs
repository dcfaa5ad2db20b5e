//! Files as a run makes them. [`Disk`] is the seam: [`RealDisk`] is the machine's own, [`MemoryDisk`] one in memory
//! that can be full and that can stop in the middle of a write.

mod memory;
mod real;
mod seam;

pub use memory::MemoryDisk;
pub use real::RealDisk;
pub use seam::{Disk, Entry, Kind};
