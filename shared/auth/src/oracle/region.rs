//! Regions, and the domains of their realms.

use serde::Deserialize;

use super::OracleVariables;

/// A short code, a region and its domain on each line, of <https://docs.oracle.com/iaas/Content/General/Concepts/regions.htm>.
const REGIONS: &str = include_str!("regions.txt");

/// The domain of regions that are not known: new ones are mostly of the commercial realm.
const DOMAIN: &str = "oraclecloud.com";

/// A region.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OracleRegion {
    /// Its name: `us-ashburn-1`.
    pub name: String,
    /// The domain of its realm: `oraclecloud.com`.
    pub domain: String,
}

/// A region that is in no table, as a variable, a file or a machine describes it.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Described {
    realm_domain_component: String,
    region_key: String,
    region_identifier: String,
}

impl Described {
    /// The region, if its name or code is the one that is asked for, in lower case.
    pub(super) fn region(self, asked: &str) -> Option<OracleRegion> {
        let names = [&self.region_key, &self.region_identifier];
        names.iter().any(|name| name.to_lowercase() == asked).then(|| OracleRegion {
            name: self.region_identifier.to_lowercase(),
            domain: self.realm_domain_component.to_lowercase(),
        })
    }
}

impl OracleRegion {
    /// The region of this name or short code. One that nobody knows is taken for one of the commercial realm.
    pub(super) fn find(asked: &str, variables: &OracleVariables) -> Self {
        Self::known(asked, variables).unwrap_or_else(|| Self::new(&lower(asked), DOMAIN))
    }

    /// The region, if it is in the table, in `OCI_REGION_METADATA`, or in `~/.oci/regions-config.json`.
    pub(super) fn known(asked: &str, variables: &OracleVariables) -> Option<Self> {
        let asked = lower(asked);
        let of_table = REGIONS.lines().find_map(|line| {
            let [code, name, domain] = line.split(' ').collect::<Vec<_>>()[..] else { return None };
            [code, name].contains(&asked.as_str()).then(|| Self::new(name, domain))
        });
        let of_variable = || {
            let text = variables.get("OCI_REGION_METADATA")?;
            serde_json::from_str::<Described>(text).ok()?.region(&asked)
        };
        let of_file = || {
            let path = variables.file("HOME")?.join(".oci/regions-config.json");
            let all: Vec<Described> = serde_json::from_slice(&std::fs::read(path).ok()?).ok()?;
            all.into_iter().find_map(|it| it.region(&asked))
        };
        of_table.or_else(of_variable).or_else(of_file)
    }

    fn new(name: &str, domain: &str) -> Self {
        Self { name: name.to_owned(), domain: domain.to_owned() }
    }
}

pub(super) fn lower(text: &str) -> String {
    text.trim().to_lowercase()
}
