//! Where a member keeps its tokens: the options of the cache.

use std::path::PathBuf;
use std::sync::Arc;

use anyhow::Context as _;
use clap::Args;

use crate::client::{CacheKey, TokenCache};
use crate::identity::entropy::SystemEntropy;
use crate::identity::keys::SecretSource;

/// The cache of tokens. Without one every identifier is evaluated again, each night, and charged.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "Tokens")]
pub struct Kept {
    /// File of the tokens made before, sealed; made when it is not there. One process at a time.
    #[arg(long, env = "TALLYSTICK_CACHE", value_name = "FILE")]
    cache: Option<PathBuf>,
    /// File of its key, mode 0600 in a folder of mode 0700; made when neither it nor the cache is there.
    #[arg(long, env = "TALLYSTICK_CACHE_KEY", value_name = "FILE")]
    cache_key: Option<PathBuf>,
    /// Command that prints the key: a program and its arguments, parted at spaces, run without a shell.
    #[arg(long, value_name = "COMMAND", conflicts_with = "cache_key")]
    cache_key_command: Option<String>,
    /// Keep no tokens, whatever the environment says.
    #[arg(long)]
    no_cache: bool,
}

impl Kept {
    /// Opens the cache, if there is to be one.
    ///
    /// # Errors
    /// Its key is missing or open to others, or the file cannot be used.
    pub fn open(&self) -> anyhow::Result<Option<TokenCache>> {
        if self.no_cache {
            return Ok(None);
        }
        let Some(path) = &self.cache else {
            anyhow::ensure!(
                self.cache_key.is_none() && self.cache_key_command.is_none(),
                "a key of a cache without the cache: say --cache FILE, or --no-cache"
            );
            eprintln!(
                "note: without --cache every identifier is evaluated, now and each night again; --no-cache hides this"
            );
            return Ok(None);
        };
        let entropy = Arc::new(SystemEntropy);
        let source = match (&self.cache_key, &self.cache_key_command) {
            (Some(file), _) if !file.exists() && !path.exists() => {
                let key = CacheKey::create(file, &*entropy)?;
                eprintln!(
                    "made {}, the key of your token cache: whoever has both files can test guesses of identifiers",
                    file.display()
                );
                return Ok(Some(TokenCache::open(path, &key, entropy)?));
            }
            (Some(file), _) => SecretSource::File(file.clone()),
            (None, Some(command)) => {
                SecretSource::Command(command.split_whitespace().map(str::to_owned).collect())
            }
            (None, None) => {
                anyhow::bail!("--cache needs its key: --cache-key FILE or --cache-key-command COMMAND")
            }
        };
        let key = CacheKey::read(&source).context("the cache's key cannot be read")?;
        Ok(Some(TokenCache::open(path, &key, entropy)?))
    }
}
