//! Snapshots of a volume beside plain `tar` piped through `zstd`, taking turns in one run: the same level, the same
//! number of threads, and both synced at the end. Every turn is a process of its own, so that its memory is its own.
//!
//! `--large` measures 5 GB too, and says whether memory is flat up to there; `--only MB` measures one size.

use std::fmt::Write as _;
use std::fs;
use std::io::Write as _;
use std::time::{Duration, Instant};

use camino::{Utf8Path, Utf8PathBuf};
use harness_backup::snapshot::{Packing, Shelf, Volume, Witness, restore, take};
use harness_core::name::StackName;
use harness_core::process::{BaseEnv, Cmd, Deadline};
use nix::sys::resource::{UsageWho, getrusage};

/// Sizes in megabytes, and counted turns of each.
const SIZES: [(usize, usize); 3] = [(10, 9), (100, 5), (1000, 3)];

/// The size that is measured only if asked for.
const LARGE: (usize, usize) = (5000, 1);

const MB: usize = 1 << 20;

/// What is measured.
const WAYS: [&str; 4] = ["tar-take", "our-take", "tar-restore", "our-restore"];

type Result<T> = std::result::Result<T, Box<dyn std::error::Error>>;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<()> {
    let args: Vec<String> = std::env::args().skip(1).filter(|arg| arg != "--bench").collect();
    let args: Vec<&str> = args.iter().map(String::as_str).collect();
    match args.as_slice() {
        ["--turn", way, folder] => turn(way, Utf8Path::new(folder)).await,
        ["--only", size] => measure((size.parse()?, 3)).await.map(drop),
        ["--large"] => {
            has_room(LARGE.0)?;
            let mut peaks = Vec::new();
            for size in SIZES.into_iter().chain([LARGE]) {
                peaks.push((size.0, measure(size).await?));
            }
            flat(&peaks);
            Ok(())
        }
        [] => {
            for size in SIZES {
                measure(size).await?;
            }
            Ok(())
        }
        other => Err(format!("unknown arguments {other:?}: expected --large or --only MB").into()),
    }
}

/// Says that nothing runs.
struct Nobody(StackName);

impl Witness for Nobody {
    fn stack(&self) -> &StackName {
        &self.0
    }
    fn tasks(&self) -> std::result::Result<Vec<String>, String> {
        Ok(Vec::new())
    }
}

/// Takes one turn in a folder, and prints how long it took in microseconds and the most memory that it had in KB.
async fn turn(way: &str, folder: &Utf8Path) -> Result<()> {
    let volume = folder.join("volume");
    let archive = folder.join("plain.tar.zst");
    let Packing { level, workers, .. } = Packing::default();
    let plain = match way {
        "tar-take" => Some(format!(
            "tar -C {volume} -cf - . | zstd -{level} -T{workers} -q -f -o {archive} && sync {archive}"
        )),
        "tar-restore" => Some(format!(
            "mkdir {folder}/new && zstd -q -dc {archive} | tar -C {folder}/new -xpf - && sync -f {folder}/new && rm -r {volume} && mv {folder}/new {volume} && sync {folder}"
        )),
        _ => None,
    };
    let began = Instant::now();
    let memory = if let Some(script) = plain {
        let base = BaseEnv::capture();
        let cmd = Cmd::new("sh", &base, Deadline::after(Duration::from_secs(900)));
        cmd.args(["-ec", &script]).run().await?;
        u64::try_from(getrusage(UsageWho::RUSAGE_CHILDREN)?.max_rss())?
    } else {
        let nobody = Nobody(StackName::try_from("bench_example_org".to_owned())?);
        let volumes = [Volume { name: "content".to_owned(), path: volume }];
        let shelf = Shelf::new(folder.join("shelf"));
        if way == "our-take" {
            take(&volumes, &shelf, &nobody)?;
        } else {
            restore(&shelf, &volumes, &nobody)?;
        }
        peak()?
    };
    let took = began.elapsed().as_micros();
    print_line(&format!("{took} {memory}"));
    Ok(())
}

/// Returns the most memory that this program has had, in KB. What it was started by is not counted.
fn peak() -> Result<u64> {
    let status = fs::read_to_string("/proc/self/status")?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    let kb = line.and_then(|line| line.split_whitespace().next()).ok_or("no VmHWM")?;
    Ok(kb.parse()?)
}

/// Fails unless the folder for temporary files has room for so many megabytes: the volume, both archives, the one that a
/// new one takes the place of, and the volume once more while it is restored.
fn has_room(size: usize) -> Result<()> {
    let folder = std::env::temp_dir();
    let stat = nix::sys::statvfs::statvfs(&folder)?;
    let free = stat.blocks_available() * stat.fragment_size() / MB as u64;
    let needed = 4 * size as u64;
    if free < needed {
        let folder = folder.display();
        return Err(format!("{folder} has {free} MB free, and {needed} MB are needed").into());
    }
    Ok(())
}

/// Says how much memory each size took, in KB, and how much more the largest took than the smallest.
fn flat(peaks: &[(usize, [u64; 4])]) {
    for (nth, what) in [(1, "snapshot"), (3, "restore")] {
        let each: Vec<String> = peaks
            .iter()
            .map(|(size, peak)| format!("{size} MB {:.1} MB", peak[nth] as f64 / 1024.0))
            .collect();
        let (first, last) = (peaks[0].1[nth], peaks[peaks.len() - 1].1[nth]);
        let ratio = last as f64 / first as f64;
        print_line(&format!(
            "bench    peak memory of a {what}: {}; the last is {ratio:.2} times the first",
            each.join(", ")
        ));
    }
}

/// Measures one size, and returns the most memory that each way had, in KB.
async fn measure((size, turns): (usize, usize)) -> Result<[u64; 4]> {
    let dir = tempfile::tempdir()?;
    let folder = Utf8PathBuf::try_from(dir.path().to_owned())?;
    fill(&folder.join("volume"), size)?;
    let mut took: [Vec<u64>; 4] = Default::default();
    let mut memory = [0_u64; 4];
    let exe = std::env::current_exe()?;
    // The first round warms caches and is not counted.
    for round in 0..=turns {
        for (nth, way) in WAYS.into_iter().enumerate() {
            let base = BaseEnv::capture();
            let cmd = Cmd::new(&exe, &base, Deadline::after(Duration::from_secs(900)));
            let said = cmd.args(["--turn", way, folder.as_str()]).run().await?.stdout;
            let (micros, kb) = said.trim().split_once(' ').ok_or("a turn said nothing")?;
            memory[nth] = memory[nth].max(kb.parse()?);
            if round > 0 {
                took[nth].push(micros.parse()?);
            }
        }
    }
    let median = |nth: usize| {
        let mut all = took[nth].clone();
        all.sort_unstable();
        all[all.len() / 2]
    };
    for (plain, ours, what) in [(0, 1, "snapshot"), (2, 3, "restore")] {
        let mut line = format!("bench    {what} of {size} MB ({turns} turns):");
        for (nth, who) in [(ours, "ours"), (plain, "tar | zstd")] {
            let seconds = Duration::from_micros(median(nth)).as_secs_f64();
            let speed = size as f64 / seconds;
            write!(
                line,
                " {who} {seconds:.2} s, {speed:.0} MB/s, peak {} MB;",
                memory[nth] / 1024
            )?;
        }
        let ratio = median(plain) as f64 / median(ours) as f64;
        print_line(&format!("{line} ratio {ratio:.2} (goal 0.9)"));
    }
    Ok(memory)
}

/// Fills a volume: of ten megabytes, one file of eight and half of them such as no compressor makes smaller, the rest
/// smaller files with text.
fn fill(volume: &Utf8Path, size: usize) -> Result<()> {
    fs::create_dir(volume)?;
    let mut noise = blake3::Hasher::new().update(b"noise").finalize_xof();
    let mut random = vec![0; 4 * MB];
    for unit in 0..size.div_ceil(10) {
        let folder = volume.join(format!("part {unit}"));
        fs::create_dir(&folder)?;
        noise.fill(&mut random);
        let mut big = fs::File::create(folder.join("big"))?;
        big.write_all(&random)?;
        big.write_all(text(&random, 4 * MB).as_bytes())?;
        fs::write(folder.join("middle"), text(&random[MB..], MB))?;
        for small in 0..32 {
            let from = &random[2 * MB + small * 4096..];
            fs::write(folder.join(format!("small {small}")), text(from, MB / 32))?;
        }
    }
    Ok(())
}

/// Returns words in the order that some bytes give.
fn text(order: &[u8], length: usize) -> String {
    const WORDS: [&str; 16] = [
        "INSERT INTO ",
        "values ",
        "(1, ",
        "'post'",
        "NULL, ",
        "2026-11-21",
        "content",
        "\n",
        "user ",
        "title: ",
        "12345",
        "</p>",
        "<p>",
        "the ",
        "volume ",
        "snapshot ",
    ];
    let mut all = String::with_capacity(length + 16);
    for byte in order.iter().cycle() {
        if all.len() >= length {
            break;
        }
        all.push_str(WORDS[usize::from(byte % 16)]);
    }
    all.truncate(length);
    all
}

fn print_line(line: &str) {
    // A reader that has gone away is no error of the benchmark.
    drop(writeln!(std::io::stdout(), "{line}"));
}
