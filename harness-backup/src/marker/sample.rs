//! Markers to test with.

use harness_core::ledger::Age;
use harness_core::name::{RunId, ServiceName};
use harness_core::store::{Coverage, Product, Store};

use super::planted::Marker;

/// Returns a marker without bulk in a store of a product.
pub(super) fn marker(product: Product, age: Age) -> Marker {
    let store = Store {
        product,
        service: ServiceName::try_from("db".to_owned()).expect("a name"),
        at: "/data".to_owned(),
        volume: Some("data".to_owned()),
        coverage: Coverage::Whole,
    };
    let run = RunId::try_from("r1".to_owned()).expect("a run's name");
    Marker::new(&run, &store, age, format!("original-{}", age.word()), 0)
}
