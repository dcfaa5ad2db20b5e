//! Reading recipes: their settings files, compose files and git repositories, without any tool but git.
//!
//! [`EnvFile`] reads and writes `.env` and `.env.sample`, [`Compose`] gives the facts of compose files,
//! [`Repository`] reads a local clone at any commit, and [`RecipeAt`] is all of it at one commit.
//!
//! ```
//! use harness_core::recipe::EnvFile;
//!
//! let mut env = EnvFile::parse("TYPE=ghost\nDOMAIN=ghost.example.com\nurl=https://$DOMAIN # public\n");
//! env.set("DOMAIN", "blog.example.org");
//! assert_eq!(env.get("url").as_deref(), Some("https://blog.example.org"));
//! ```

mod abra_sh;
mod compose;
mod dollar;
mod env_file;
mod facts;
mod git;
mod objects;
mod repository;

pub use abra_sh::exports;
pub use compose::{
    BackupClaims, Compose, ComposeError, Definition, FileMount, Healthcheck, Hook, HookMoment,
    KeyAt, Mount, Port, RestartPolicy, Rollout, Runtime, Service, UpdateConfig, VolumeClaim,
    VolumeDef, outline,
};
pub use env_file::{Charset, EnvFile, SecretSpec};
pub use facts::{AsPlaced, ReadRecipeError, RecipeAt};
pub use git::GitError;
pub use repository::{CloneError, Repository, ResolveError, Tag};
