//! How much memory each container takes at most, as far as looking now and then shows it. Main items: [`Peaks`],
//! [`watched`].

use std::collections::BTreeMap;
use std::time::Duration;

use crate::docker::Docker;
use crate::machine::Machine;

/// How often is looked. The client itself looks for about two seconds each time.
const PAUSE: Duration = Duration::from_millis(500);

/// The most memory that was seen, by container.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Peaks {
    bytes: BTreeMap<String, u64>,
}

/// Does something and looks meanwhile at what containers take.
pub(super) async fn watched<T>(machine: &Machine, work: impl Future<Output = T>) -> (T, Peaks) {
    let docker = Docker::new(machine);
    let mut peaks = Peaks::default();
    let mut ticks = tokio::time::interval(PAUSE);
    ticks.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    let mut work = std::pin::pin!(work);
    loop {
        let look = async {
            ticks.tick().await;
            docker.quick(["stats", "--no-stream", "--format", "{{.Name}}\t{{.MemUsage}}"]).await
        };
        tokio::select! {
            biased;
            done = &mut work => return (done, peaks),
            // What cannot be seen just now may be seen the next time.
            seen = look => seen.iter().for_each(|text| peaks.hear(text)),
        }
    }
}

impl Peaks {
    fn hear(&mut self, text: &str) {
        for line in text.lines() {
            let Some((name, usage)) = line.split_once('\t') else { continue };
            let Some(bytes) = usage.split('/').next().and_then(|used| bytes(used.trim())) else {
                continue;
            };
            let peak = self.bytes.entry(name.to_owned()).or_default();
            *peak = (*peak).max(bytes);
        }
    }

    /// Returns the peak of each service of a stack. Swarm names containers `STACK_SERVICE.SLOT.TASK`.
    pub(super) fn of_stack(&self, stack: &str) -> Vec<(String, u64)> {
        let mut services: BTreeMap<&str, u64> = BTreeMap::new();
        for (name, bytes) in &self.bytes {
            let own = name.strip_prefix(stack).and_then(|rest| rest.strip_prefix('_'));
            let Some(service) = own.and_then(|rest| rest.split('.').next()) else { continue };
            let peak = services.entry(service).or_default();
            *peak = (*peak).max(*bytes);
        }
        services.into_iter().map(|(service, peak)| (service.to_owned(), peak)).collect()
    }
}

/// Reads `12.5MiB`.
fn bytes(text: &str) -> Option<u64> {
    let at = text.find(|c: char| c.is_ascii_alphabetic())?;
    let (number, unit) = text.split_at(at);
    let unit = match unit {
        "B" => 1,
        "KiB" | "kiB" => 1024,
        "MiB" => 1024 * 1024,
        "GiB" => 1024 * 1024 * 1024,
        _ => return None,
    };
    let (whole, part) = number.split_once('.').unwrap_or((number, ""));
    let mut bytes = whole.parse::<u64>().ok()? * unit;
    let mut place = unit;
    for digit in part.bytes() {
        place /= 10;
        bytes += u64::from(char::from(digit).to_digit(10)?) * place;
    }
    Some(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn usage_is_read_as_the_client_prints_it() {
        assert_eq!(bytes("0B"), Some(0));
        assert_eq!(bytes("1.5KiB"), Some(1024 + 510));
        assert_eq!(bytes("12MiB"), Some(12 * 1024 * 1024));
        assert_eq!(bytes("1.2GiB").map(|b| b >> 20), Some(1228));
        assert_eq!(bytes("--"), None);
        assert_eq!(bytes("3MB"), None);
    }

    #[test]
    fn the_most_of_all_tasks_of_a_service_counts() {
        let mut peaks = Peaks::default();
        peaks.hear("a_app.1.x\t10MiB / 1GiB\na_db.1.y\t3MiB / 1GiB\nb_app.1.z\t99MiB / 1GiB");
        peaks.hear("a_app.1.new\t20MiB / 1GiB\na_db.1.y\t2MiB / 1GiB\n--\t--");
        let of: Vec<_> = peaks.of_stack("a").into_iter().map(|(s, b)| (s, b >> 20)).collect();
        assert_eq!(of, [("app".to_owned(), 20), ("db".to_owned(), 3)]);
    }
}
