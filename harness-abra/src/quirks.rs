//! What the harness works around on a host, found out once. Main item: [`lacks_ipvs`].

use std::path::Path;

/// What `host_quirks` says about a kernel without IPVS.
pub const NO_IPVS: &str = "the kernel has no IPVS, so Swarm's virtual addresses do not answer: services without \
                           ingress ports get `endpoint_mode: dnsrr` from a generated overlay";

/// Returns whether the engine runs on this host (a Unix socket) and its kernel has no IPVS.
pub fn lacks_ipvs(docker_host: &str) -> bool {
    if !docker_host.starts_with("unix://") && !docker_host.starts_with('/') {
        return false;
    }
    let release = std::fs::read_to_string("/proc/sys/kernel/osrelease").unwrap_or_default();
    let modules = Path::new("/lib/modules").join(release.trim());
    let read = |name: &str| std::fs::read_to_string(modules.join(name)).unwrap_or_default();
    !Path::new("/proc/net/ip_vs").exists()
        && !names_ipvs(&read("modules.dep"))
        && !names_ipvs(&read("modules.builtin"))
}

/// Returns whether a list of modules has `ip_vs` (the scheduler modules beside it do not count).
fn names_ipvs(list: &str) -> bool {
    list.lines().any(|line| {
        let file = line.split(':').next().unwrap_or_default().rsplit('/').next();
        file.is_some_and(|f| f.split(".ko").next() == Some("ip_vs"))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_module_itself_counts() {
        assert!(names_ipvs("kernel/net/netfilter/ipvs/ip_vs.ko.xz: kernel/lib/libcrc32c.ko.xz\n"));
        assert!(names_ipvs("kernel/net/netfilter/ipvs/ip_vs.ko\n"));
        assert!(!names_ipvs("kernel/net/netfilter/ipvs/ip_vs_rr.ko: kernel/x/ip_vs_sh.ko\n"));
        assert!(!names_ipvs(""));
    }

    #[test]
    fn an_engine_elsewhere_is_not_judged_by_this_kernel() {
        assert!(!lacks_ipvs("tcp://192.0.2.1:2376"));
    }
}
