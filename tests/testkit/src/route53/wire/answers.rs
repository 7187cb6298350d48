//! The XML of answers.

use serde::Serialize;

use super::record_set::WireRecordSet;

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
pub(in crate::route53) struct RecordSetList {
    pub(in crate::route53) resource_record_sets: RecordSets,
    pub(in crate::route53) is_truncated: bool,
    #[serde(flatten)]
    pub(in crate::route53) next: Next,
    pub(in crate::route53) max_items: usize,
}

#[derive(Serialize)]
pub(in crate::route53) struct RecordSets {
    #[serde(rename = "ResourceRecordSet")]
    pub(in crate::route53) list: Vec<WireRecordSet>,
}

/// Where the next page starts.
#[derive(Default, Serialize)]
pub(in crate::route53) struct Next {
    #[serde(rename = "NextRecordName", skip_serializing_if = "Option::is_none")]
    pub(in crate::route53) name: Option<String>,
    #[serde(rename = "NextRecordType", skip_serializing_if = "Option::is_none")]
    pub(in crate::route53) record_type: Option<String>,
    #[serde(rename = "NextRecordIdentifier", skip_serializing_if = "Option::is_none")]
    pub(in crate::route53) set_identifier: Option<String>,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
pub(in crate::route53) struct ZoneList {
    pub(in crate::route53) hosted_zones: HostedZones,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(in crate::route53) marker: Option<String>,
    pub(in crate::route53) is_truncated: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(in crate::route53) next_marker: Option<String>,
    pub(in crate::route53) max_items: usize,
}

#[derive(Serialize)]
pub(in crate::route53) struct HostedZones {
    #[serde(rename = "HostedZone")]
    pub(in crate::route53) list: Vec<HostedZone>,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
pub(in crate::route53) struct HostedZone {
    pub(in crate::route53) id: String,
    pub(in crate::route53) name: String,
    pub(in crate::route53) caller_reference: String,
    pub(in crate::route53) config: ZoneConfig,
    pub(in crate::route53) resource_record_set_count: usize,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
pub(in crate::route53) struct ZoneConfig {
    pub(in crate::route53) private_zone: bool,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
pub(in crate::route53) struct ZoneAnswer {
    pub(in crate::route53) hosted_zone: HostedZone,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
pub(in crate::route53) struct TagAnswer {
    pub(in crate::route53) resource_tag_set: TagSet,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
pub(in crate::route53) struct TagList {
    pub(in crate::route53) resource_tag_sets: TagSets,
}

#[derive(Serialize)]
pub(in crate::route53) struct TagSets {
    #[serde(rename = "ResourceTagSet")]
    pub(in crate::route53) list: Vec<TagSet>,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
pub(in crate::route53) struct TagSet {
    pub(in crate::route53) resource_type: &'static str,
    pub(in crate::route53) resource_id: String,
    pub(in crate::route53) tags: Tags,
}

#[derive(Serialize)]
pub(in crate::route53) struct Tags {
    #[serde(rename = "Tag")]
    pub(in crate::route53) list: Vec<Tag>,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
pub(in crate::route53) struct Tag {
    pub(in crate::route53) key: String,
    pub(in crate::route53) value: String,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
pub(in crate::route53) struct ChangeAnswer {
    pub(in crate::route53) change_info: ChangeInfo,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
pub(in crate::route53) struct ChangeInfo {
    pub(in crate::route53) id: String,
    pub(in crate::route53) status: &'static str,
    pub(in crate::route53) submitted_at: String,
}
