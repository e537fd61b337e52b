//! What the work costs without the product: mapping a token, reading and writing the same rows. On the server's cores.

use std::time::{Duration, Instant};

use super::ground::{Ground, KEY_VERSION};
use super::machine::{Cores, cpu_of_thread, pin};
use super::report::Cost;
use crate::identity::token::SubjectToken;
use crate::store::sqlite::floor::{Floor, Target, Work};

/// Mapping a caller's token from its 32 bytes to the sealed pseudonym, one call at a time on each core of the server.
pub(super) fn mapping(
    ground: &Ground,
    tokens: &[Vec<SubjectToken>],
    cores: &Cores,
    time: Duration,
) -> anyhow::Result<Cost> {
    let (member, _) = &ground.lenders[0];
    let keys = |token: &SubjectToken| {
        ground
            .ledger
            .member_keys(member, KEY_VERSION, token.identifier_type())
    };
    let Some(keys) = tokens.iter().flatten().next().map(keys) else {
        anyhow::bail!("there is no token to map");
    };
    let work = || -> anyhow::Result<Cost> {
        pin(&cores.server)?;
        let (used, began) = (cpu_of_thread()?, Instant::now());
        let mut mapped = 0_u32;
        for token in tokens.iter().flatten().cycle() {
            if began.elapsed() >= time {
                break;
            }
            let version = token.key_version().0.into();
            let read = SubjectToken::parse(token.identifier_type(), version, token.expose_bytes())?;
            std::hint::black_box(ground.ledger.pseudonyms([(&keys, &read)].into_iter()));
            mapped += 1;
        }
        Ok(Cost::of(
            mapped,
            began.elapsed(),
            cpu_of_thread()?.saturating_sub(used),
        ))
    };
    let threads = cores.server_count.max(1);
    let costs: Vec<anyhow::Result<Cost>> = std::thread::scope(|scope| {
        let started: Vec<_> = (0..threads).map(|_| scope.spawn(work)).collect();
        started
            .into_iter()
            .map(|thread| {
                thread
                    .join()
                    .unwrap_or_else(|_| Err(anyhow::anyhow!("mapping failed")))
            })
            .collect()
    });
    let mut all = Cost::default();
    for cost in costs {
        let cost = cost?;
        all.wall_us += cost.wall_us / f64::from(threads) / f64::from(threads);
        all.cpu_us += cost.cpu_us / f64::from(threads);
    }
    Ok(all)
}

/// Reading and writing what a kind of work needs, in groups; what is read and what is written, apart.
pub(super) fn grouped(
    floor: &mut Floor,
    work: Work,
    targets: &[Target],
    group: usize,
    cores: &Cores,
) -> anyhow::Result<[Cost; 2]> {
    let run = || -> anyhow::Result<[Cost; 2]> {
        pin(&cores.server)?;
        let count = u32::try_from(targets.len())?;
        let (used, began) = (cpu_of_thread()?, Instant::now());
        for group in targets.chunks(group) {
            floor.read_group(work, group)?;
        }
        let read = Cost::of(count, began.elapsed(), cpu_of_thread()?.saturating_sub(used));
        let (used, began) = (cpu_of_thread()?, Instant::now());
        for group in targets.chunks(group) {
            floor.write_group(work, group)?;
        }
        let written = Cost::of(count, began.elapsed(), cpu_of_thread()?.saturating_sub(used));
        // Not measured: the product moves its log on a thread of its own.
        floor.checkpoint()?;
        Ok([read, written])
    };
    std::thread::scope(|scope| {
        let thread = scope.spawn(run);
        thread
            .join()
            .unwrap_or_else(|_| Err(anyhow::anyhow!("the floor failed")))
    })
}
