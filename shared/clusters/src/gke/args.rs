//! The flags of GKE.

use super::Gke;

/// Which cluster of GKE is read.
#[derive(Clone, Debug, Default, PartialEq, Eq, clap::Args)]
#[command(next_help_heading = "Kubernetes")]
#[group(skip)]
pub struct GkeArgs {
    /// Name of a cluster of GKE, in place of a kubeconfig: its API server is found by Google's API, and reached with a
    /// token of Google's application default credentials
    #[arg(long, value_name = "NAME", default_value = "", hide_default_value = true)]
    pub gke_cluster: String,

    /// Region or zone of --gke-cluster; without it the cluster is looked for in all of them
    #[arg(long, value_name = "LOCATION", default_value = "", hide_default_value = true)]
    pub gke_location: String,

    /// Project of --gke-cluster [default: that of the machine, of GOOGLE_CLOUD_PROJECT or of the credentials]
    #[arg(long, value_name = "ID", default_value = "", hide_default_value = true)]
    pub gke_project: String,
}

impl GkeArgs {
    pub(crate) fn is_given(&self) -> bool {
        !self.gke_cluster.is_empty()
    }

    /// A flag that would mean nothing is a mistake, and so is a path in place of a name.
    pub(crate) fn validate(&self) -> Vec<String> {
        let others = [("--gke-location", &self.gke_location), ("--gke-project", &self.gke_project)];
        let alone = others.into_iter().filter(|(_, value)| !self.is_given() && !value.is_empty());
        let mut faults: Vec<String> =
            alone.map(|(flag, _)| format!("{flag} needs --gke-cluster")).collect();
        let parts: Vec<&str> = self.gke_cluster.split('/').collect();
        if let ["projects", project, "locations" | "zones", location, "clusters", name] = parts[..]
        {
            faults.push(format!(
                "--gke-cluster takes the name of a cluster and not its path; give --gke-cluster={name} \
                 --gke-location={location} --gke-project={project}"
            ));
        }
        faults
    }

    pub(crate) fn cluster(&self) -> Option<Gke> {
        let given = |text: &String| Some(text.clone()).filter(|text| !text.is_empty());
        Some(Gke {
            name: given(&self.gke_cluster)?,
            location: given(&self.gke_location),
            project: given(&self.gke_project),
        })
    }
}
