//! The template as it is deployed when nobody says otherwise.

use std::collections::BTreeMap;

use anyhow::Result;
use recado_local::aws::{ACCOUNT, REGION};
use recado_local::functions::workspace_root;
use recado_local::template::{self, Addresses, Deployment, Template};

/// `infra/template.yaml` with its parameters' defaults and the local stack's names and ARNs.
///
/// # Errors
/// When it cannot be read, or holds what the local stack cannot evaluate.
pub fn template() -> Result<Template> {
    let deployment = Deployment {
        region: REGION.to_owned(),
        account_id: ACCOUNT.to_owned(),
        stack_name: "recado".to_owned(),
        parameters: BTreeMap::new(),
    };
    let addresses = Addresses::new(&deployment, "https://queues", "https://front.door");
    let path = workspace_root().join("infra/template.yaml");
    template::read(&path, &deployment, &|reference| {
        addresses.resolve(reference)
    })
}
