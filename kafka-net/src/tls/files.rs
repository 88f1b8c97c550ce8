use std::fs::File;
use std::io::{self, Read};
use std::path::Path;

use tokio::runtime::Handle;
use zeroize::Zeroizing;

use super::config::TlsConfig;
use crate::Error;
use crate::text::Untrusted;
use crate::waiting::runtime_gone;

/// The files of a configuration, in the order of [`TlsConfig::paths`]. Among
/// them may be a private key.
pub(super) type Contents = Vec<Zeroizing<Vec<u8>>>;

/// The roots of a whole operating system take a quarter of one MiB.
const MAX_FILE_LEN: u64 = 16 << 20;

/// Runs `work` where it may block: a disk may be a network's.
pub(super) async fn where_it_may_block<T: Send + 'static>(
    runtime: &Handle,
    work: impl FnOnce() -> Result<T, Error> + Send + 'static,
) -> Result<T, Error> {
    match runtime.spawn_blocking(work).await {
        Ok(result) => result,
        Err(_) => Err(runtime_gone()),
    }
}

/// Blocks.
pub(super) fn read(config: &TlsConfig) -> Result<Contents, Error> {
    config
        .paths()
        .map(|path| {
            read_one(path).map_err(|cause| {
                Error::config(format!(
                    "the TLS file {} cannot be read",
                    Untrusted(&path.to_string_lossy())
                ))
                .with_source(cause)
                .with_hint("check the path, and that this program may read it")
            })
        })
        .collect()
}

fn read_one(path: &Path) -> io::Result<Zeroizing<Vec<u8>>> {
    let file = File::open(path)?;
    let metadata = file.metadata()?;
    if !metadata.is_file() {
        // A pipe could be read once, and these are read for each connection.
        return Err(io::Error::other("it is not a regular file"));
    }
    let too_large = || io::Error::other(format!("it is larger than {MAX_FILE_LEN} bytes"));
    let len = usize::try_from(metadata.len()).unwrap_or(usize::MAX);
    if metadata.len() > MAX_FILE_LEN {
        return Err(too_large());
    }
    // Room for all of it at once: a vector that grows leaves copies behind.
    let mut contents = Zeroizing::new(Vec::with_capacity(len + 1));
    file.take(MAX_FILE_LEN + 1).read_to_end(&mut contents)?;
    if contents.len() as u64 > MAX_FILE_LEN {
        return Err(too_large());
    }
    Ok(contents)
}
