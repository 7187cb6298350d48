//! The files that reports, plans and metrics are written to. A file that is none of these is never
//! replaced.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Read as _, Write as _};
use std::path::{Path, PathBuf};
use std::time::Duration;

/// How many bytes of a file are read to see what it is.
const HEAD: u64 = 4096;

/// A temporary file that is older than this was left by a run that was killed.
const LEFT: Duration = Duration::from_secs(3600);

/// The end of the names of temporary files.
const TEMPORARY: &str = ".extdns-new";

/// Where a text goes.
enum Destination {
    /// A device, a pipe or a stream of this process: it is written to.
    Stream,
    /// A file: it is replaced as a whole.
    File(PathBuf),
}

/// Writes a file: under a temporary name first, so that no reader sees half of it. A link is
/// followed; a device, a pipe or a stream of this process (`/dev/stdout`) is written to.
///
/// # Errors
/// When it cannot be written, or when something else than a report, a plan or metrics is there.
pub(crate) fn write(path: &Path, text: &str) -> io::Result<()> {
    match destination(path)? {
        Destination::Stream => {
            OpenOptions::new().append(true).open(path)?.write_all(text.as_bytes())
        }
        Destination::File(file) => replace(&file, text),
    }
}

/// Whether [`write`] would refuse this path now: a run says so before it changes
/// anything.
///
/// # Errors
/// When something else than a report, a plan or metrics is there, or its folder is not.
pub(crate) fn check(path: &Path) -> io::Result<()> {
    match destination(path)? {
        Destination::Stream => Ok(()),
        Destination::File(file) => fs::metadata(folder_of(&file)).map(drop),
    }
}

fn destination(path: &Path) -> io::Result<Destination> {
    let there = match fs::metadata(path) {
        Ok(there) => Some(there),
        Err(error) if error.kind() == io::ErrorKind::NotFound => None,
        Err(error) => return Err(error),
    };
    let is_stream = path.starts_with("/dev") || path.starts_with("/proc");
    match there {
        Some(there) if is_stream || !(there.is_file() || there.is_dir()) => Ok(Destination::Stream),
        Some(_) => {
            let file = fs::canonicalize(path)?;
            refuse_others(&file)?;
            Ok(Destination::File(file))
        }
        // A link whose target does not exist is an error: the path is most likely wrong.
        None if path.is_symlink() => Err(io::Error::new(
            io::ErrorKind::NotFound,
            "it is a link to a file that does not exist; make the file or remove the link",
        )),
        None => Ok(Destination::File(path.to_owned())),
    }
}

/// The folder of a file; the current one where the path names none.
fn folder_of(file: &Path) -> &Path {
    let folder = file.parent().filter(|folder| !folder.as_os_str().is_empty());
    folder.unwrap_or(Path::new("."))
}

fn replace(file: &Path, text: &str) -> io::Result<()> {
    let folder = folder_of(file);
    let name = file.file_name().unwrap_or_default().to_string_lossy().into_owned();
    let prefix = format!(".{name}.");
    remove_left(folder, &prefix);
    let mut builder = tempfile::Builder::new();
    builder.prefix(&prefix).suffix(TEMPORARY);
    // Others read it too, node-exporter for one: as the process's mask allows.
    #[cfg(unix)]
    builder.permissions(std::os::unix::fs::PermissionsExt::from_mode(0o666));
    let mut new = builder.tempfile_in(folder)?;
    new.write_all(text.as_bytes())?;
    new.persist(file)?;
    Ok(())
}

/// Removes what killed runs left of this file. That it fails is no reason not to write.
fn remove_left(folder: &Path, prefix: &str) {
    let Ok(entries) = fs::read_dir(folder) else { return };
    for entry in entries.flatten() {
        let name = entry.file_name();
        let is_ours =
            name.to_str().is_some_and(|name| name.starts_with(prefix) && name.ends_with(TEMPORARY));
        let age = entry.metadata().ok().and_then(|data| data.modified().ok()?.elapsed().ok());
        if is_ours && age.is_some_and(|age| age > LEFT) {
            let _ = fs::remove_file(entry.path());
        }
    }
}

/// Whether what is there may be replaced: it is empty, or what we write.
fn refuse_others(file: &Path) -> io::Result<()> {
    let mut head = Vec::new();
    File::open(file)?.take(HEAD).read_to_end(&mut head)?;
    if is_ours(&String::from_utf8_lossy(&head)) {
        return Ok(());
    }
    Err(io::Error::new(
        io::ErrorKind::AlreadyExists,
        "the file there is no report, plan or metrics of this program, and is not replaced; name \
         another file, or remove it",
    ))
}

/// Whether this is the beginning of a file as this program writes them.
fn is_ours(head: &str) -> bool {
    if head.is_empty() {
        return true;
    }
    let line = head.lines().next().unwrap_or_default();
    let is_json = line.starts_with('{') && head.contains("\"schemaVersion\"");
    let is_markdown = line.starts_with("### DNS plan: ") || line.starts_with("### DNS changes: ");
    is_json || is_markdown || line.starts_with("# HELP external_dns_") || is_text(line)
}

/// Whether a text as people read it begins with this line: something to look at, a zone, a note, or
/// the totals where there is nothing else.
fn is_text(line: &str) -> bool {
    let is_total = line.starts_with("nothing ")
        || line.split_once(' ').is_some_and(|(count, _)| {
            count.bytes().all(|byte| byte.is_ascii_digit())
                && ["held back", "frozen", "stopped", "failed", "deferred", " to "]
                    .iter()
                    .any(|word| line.contains(word))
        });
    let starts = ["! ", "zone ", "note ", "up to date"];
    is_total || starts.iter().any(|start| line.starts_with(start))
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::symlink;
    use std::time::SystemTime;

    use super::*;

    fn folder() -> tempfile::TempDir {
        tempfile::tempdir().expect("a folder")
    }

    fn names(folder: &Path) -> Vec<String> {
        let entries = fs::read_dir(folder).expect("a folder").flatten();
        let mut names: Vec<String> =
            entries.map(|entry| entry.file_name().to_string_lossy().into_owned()).collect();
        names.sort();
        names
    }

    #[test]
    fn only_what_this_program_wrote_is_replaced() {
        let ours = [
            "",
            "{\n  \"schemaVersion\": 1,\n",
            "### DNS plan: 1 to create\n",
            "### DNS changes: 1 created\n",
            "# HELP external_dns_build_info x\n",
            "zone example.org\n",
            "! guard: no\n",
            "note zones: none\n",
            "nothing to do, all records are up to date\n",
            "10 to create\n",
            "2 held back\n",
        ];
        let others = [
            "$ORIGIN example.org.\n",
            "@ IN SOA ns1.example.org. host.example.org. 7 3600 600 86400 60\n",
            "example.org. 3600 IN SOA ns1 host 7 3600 600 86400 60\n",
            "; a comment\n",
            "3600 IN NS ns1\n",
            "apiVersion: v1\nkind: List\n",
            "{\"a\": 1}\n",
            "# a comment\n",
            "\n",
        ];
        let folder = folder();
        let path = folder.path().join("file");
        for text in ours {
            fs::write(&path, text).expect("written");
            write(&path, "zone a.org\n").unwrap_or_else(|error| panic!("{text}: {error}"));
            assert_eq!(fs::read_to_string(&path).expect("text"), "zone a.org\n");
        }
        for text in others {
            fs::write(&path, text).expect("written");
            let refused = write(&path, "zone a.org\n").expect_err(text);
            assert_eq!(refused.kind(), io::ErrorKind::AlreadyExists, "{text}: {refused}");
            assert_eq!(fs::read_to_string(&path).expect("text"), text);
        }
        assert!(write(folder.path(), "zone a.org\n").is_err());
        assert_eq!(names(folder.path()), ["file"]);
    }

    #[test]
    fn a_link_is_followed_and_stays() {
        let folder = folder();
        let [link, file, zone] = ["link", "file", "zone"].map(|name| folder.path().join(name));
        symlink(&file, &link).expect("a link");
        assert!(write(&link, "zone a.org\n").is_err(), "nobody made the file");
        fs::write(&file, "").expect("written");
        write(&link, "zone a.org\n").expect("written");
        assert!(link.is_symlink());
        assert_eq!(fs::read_to_string(&file).expect("text"), "zone a.org\n");
        let to_zone = folder.path().join("to-zone");
        fs::write(&zone, "$TTL 60\n").expect("written");
        symlink(&zone, &to_zone).expect("a link");
        assert!(write(&to_zone, "zone a.org\n").is_err());
        assert_eq!(fs::read_to_string(&zone).expect("text"), "$TTL 60\n");
    }

    #[test]
    fn a_device_is_written_to() {
        write(Path::new("/dev/null"), "zone a.org\n").expect("written");
        assert!(!Path::new("/dev/null").is_file());
    }

    #[test]
    fn what_a_killed_run_left_is_removed() {
        let folder = folder();
        let path = folder.path().join("report.json");
        let old = folder.path().join(".report.json.aBc123.extdns-new");
        let young = folder.path().join(".report.json.dEf456.extdns-new");
        for path in [&old, &young] {
            fs::write(path, "{").expect("written");
        }
        let long_ago = SystemTime::now() - 2 * LEFT;
        File::options()
            .write(true)
            .open(&old)
            .and_then(|file| file.set_modified(long_ago))
            .expect("an old file");
        write(&path, "{}").expect("written");
        assert_eq!(names(folder.path()), [".report.json.dEf456.extdns-new", "report.json"]);
    }
}
