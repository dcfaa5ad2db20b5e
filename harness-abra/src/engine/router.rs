//! The local server's router as containers reach it. Main type: [`Router`].

use std::net::IpAddr;

use bollard::models::ContainerSummary;

use harness_core::platform::ROUTER_LABEL;

use super::connect::Engine;
use super::error::EngineError;
use super::lists::filters;

/// A router that containers must be led to, as the names of apps lead nowhere else.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Router {
    /// The network.
    pub network: String,
    /// Its address there.
    pub address: IpAddr,
}

impl Engine {
    /// Returns the local server's router; none: names of apps are those of the public DNS.
    ///
    /// # Errors
    /// The engine does not answer.
    pub async fn router(&self) -> Result<Option<Router>, EngineError> {
        let labeled = filters(&[("label", ROUTER_LABEL), ("status", "running")]);
        Ok(self.containers_where(&labeled).await?.iter().find_map(router))
    }
}

fn router(container: &ContainerSummary) -> Option<Router> {
    let network = container.labels.as_ref()?.get(ROUTER_LABEL)?;
    let networks = container.network_settings.as_ref()?.networks.as_ref()?;
    let address = networks.get(network)?.ip_address.as_deref()?.parse().ok()?;
    Some(Router { network: network.clone(), address })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn container(text: &str) -> ContainerSummary {
        serde_json::from_str(text).unwrap()
    }

    #[test]
    fn a_router_is_found_on_the_network_that_its_label_names() {
        let text = |network: &str| {
            format!(
                r#"{{"Labels":{{"cc-ci.router":"{network}"}},"NetworkSettings":{{"Networks":{{"proxy":{{"IPAddress":"10.0.1.2"}}}}}}}}"#
            )
        };
        let found = router(&container(&text("proxy"))).unwrap();
        assert_eq!(
            (found.network.as_str(), found.address.to_string()),
            ("proxy", "10.0.1.2".to_owned())
        );
        assert_eq!(router(&container(&text("other"))), None);
        assert_eq!(router(&container("{}")), None);
    }
}
