//! Zone files as texts, for what moves records in and out without a folder.

use std::fmt::Write as _;

use extdns_model::{Name, RecordSet};

use super::edit;
use super::file::ZoneFile;

/// The record sets of a zone in the text of its file (RFC 1035, 5), its SOA and the NS of its apex included.
///
/// # Errors
/// The first line that cannot be read, with its number: a fragment.
pub fn read(zone: &Name, text: &[u8]) -> Result<Vec<RecordSet>, String> {
    let file = ZoneFile::parse(zone, text.to_vec()).map_err(|fault| format!("line {fault}"))?;
    Ok(file.into_records().into_iter().map(|record| record.set).collect())
}

/// The lines of a record set, each with its absolute name, TTL and class; what is remarked stands behind the first.
///
/// # Errors
/// When a zone file cannot hold it: a fragment.
pub fn write(set: &RecordSet, remark: &str) -> Result<String, String> {
    let mut text = String::new();
    for (index, line) in edit::lines(set)?.enumerate() {
        let remark =
            if index == 0 && !remark.is_empty() { format!(" ; {remark}") } else { String::new() };
        // Writing to a String cannot fail.
        let _ = writeln!(text, "{line}{remark}");
    }
    Ok(text)
}
