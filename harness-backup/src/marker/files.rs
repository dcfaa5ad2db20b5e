//! Markers as files at the root of a volume, through the engine: images without a shell are no exception.

use std::time::Duration;

use super::act::Deed;
use super::error::MarkerError;
use super::planted::{BROKEN, Marker};
use super::seen::{Bulk, Seen};
use crate::client::settled;
use crate::reach::{Reach, ReachError};

/// Does a deed to one file, and returns what is there then.
pub(super) async fn perform(
    reach: &impl Reach,
    marker: &Marker,
    deed: Deed,
    patience: Duration,
) -> Result<Seen, MarkerError> {
    let (path, service) = (marker.path(), &marker.store.service);
    let act = async || match deed {
        Deed::Plant => reach.write_file(service, &path, &marker.content()).await,
        Deed::Break if marker.goes() => reach.remove_file(service, &path).await,
        Deed::Break => reach.write_file(service, &path, BROKEN.as_bytes()).await,
        Deed::Read => Ok(()),
    };
    let act_and_read = async || {
        act().await?;
        match reach.read_file(service, &path).await {
            Ok(content) => Ok(Some(content)),
            Err(ReachError::NoFile { .. }) => Ok(None),
            Err(error) => Err(error),
        }
    };
    let content = settled(patience, ReachError::may_pass, act_and_read).await;
    let content = content.map_err(|e| MarkerError::of(&marker.store.id(), e))?;
    Ok(content.map_or_else(Seen::nothing, |content| seen(marker, &content)))
}

fn seen(marker: &Marker, content: &[u8]) -> Seen {
    if marker.bulk == 0 {
        return Seen {
            value: Ok(String::from_utf8_lossy(content).into_owned()),
            bulk: Bulk::Whole,
        };
    }
    let planted = marker.content();
    let same = content.iter().zip(&planted).take_while(|(a, b)| a == b).count();
    let first = content.split(|b| *b == b'\n').next().unwrap_or_default();
    // What is longer than it was is not as it was either.
    let right = if same == planted.len() && content.len() > same { same - 1 } else { same };
    let bulk = Bulk::of(right, planted.len(), "bytes");
    Seen { value: Ok(String::from_utf8_lossy(first).into_owned()), bulk }
}

#[cfg(test)]
mod tests {
    use harness_core::ledger::Age;
    use harness_core::store::Product;

    use super::*;
    use crate::marker::sample::marker;
    use crate::marker::seen::fate;

    #[test]
    fn a_file_that_was_cut_or_grew_is_not_as_it_was() {
        let mut marker = marker(Product::Files, Age::BeforeBackup);
        marker.bulk = 4096;
        let whole = marker.content();
        assert_eq!(fate(&marker, &seen(&marker, &whole)).word(), "survived");
        let cut = fate(&marker, &seen(&marker, &whole[..2048]));
        assert!(cut.word() == "altered" && format!("{cut:?}").contains("2048 of"), "{cut:?}");
        let longer = [&whole[..], b"x"].concat();
        assert_eq!(fate(&marker, &seen(&marker, &longer)).word(), "altered");
        assert_eq!(fate(&marker, &seen(&marker, BROKEN.as_bytes())).word(), "altered");
        assert_eq!(fate(&marker, &seen(&marker, b"")).word(), "altered");
    }
}
