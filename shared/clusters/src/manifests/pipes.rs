//! Named pipes among manifests (`--manifests=<(kubectl get ..)`): read apart, since the program that writes into one may hang, and
//! the run must be able to go on without it.

use std::collections::HashMap;
use std::io;
use std::os::unix::fs::FileTypeExt as _;
use std::path::{Path, PathBuf};

use tokio::sync::oneshot;

/// What came through the pipes, by path.
pub(crate) type Pipes = HashMap<PathBuf, io::Result<String>>;

/// Reads the pipes among these paths, one after the other. Each has a thread of its own, which is left behind where
/// nobody waits any more: nothing can end its call, but it keeps nobody.
pub(crate) async fn read(paths: &[PathBuf]) -> Pipes {
    let mut pipes = Pipes::new();
    for path in paths.iter().filter(|path| is_pipe(path)) {
        let (sender, receiver) = oneshot::channel();
        let from = path.clone();
        std::thread::spawn(move || {
            // Nobody waits any more: then it does not matter what came.
            let _ = sender.send(std::fs::read_to_string(from));
        });
        let text = receiver.await.unwrap_or_else(|_| Err(io::ErrorKind::Interrupted.into()));
        pipes.insert(path.clone(), text);
    }
    pipes
}

fn is_pipe(path: &Path) -> bool {
    std::fs::metadata(path).is_ok_and(|metadata| metadata.file_type().is_fifo())
}
