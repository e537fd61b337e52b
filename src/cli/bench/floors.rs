//! What the work costs without the product: mapping a token, reading and writing the same rows. On the server's cores.

use std::time::{Duration, Instant};

use super::ground::{Ground, KEY_VERSION};
use super::machine::{Cores, cpu_of_backends, cpu_of_thread, pin};
use super::report::Cost;
use crate::identity::token::SubjectToken;
use crate::store::floor::{Floor, Target, Work};

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
///
/// `seen`: the database's CPU time can be told.
pub(super) fn grouped(
    floor: &mut dyn Floor,
    seen: bool,
    work: Work,
    targets: &mut [Target],
    group: usize,
    cores: &Cores,
) -> anyhow::Result<[Cost; 2]> {
    let run = || -> anyhow::Result<[Cost; 2]> {
        pin(&cores.server)?;
        floor.learn(work)?;
        floor.resolve(work, targets)?;
        if work == Work::Batch {
            Target::sort_windows(targets);
        }
        let count = u32::try_from(targets.len())?;
        let processes: Vec<u32> = floor.process().into_iter().filter(|_| seen).collect();
        let timed = |each: &mut dyn FnMut(&[Target]) -> anyhow::Result<()>| -> anyhow::Result<Cost> {
            let (used, worked, began) = (cpu_of_thread()?, cpu_of_backends(&processes), Instant::now());
            targets.chunks(group).try_for_each(each)?;
            let (wall, cpu) = (began.elapsed(), cpu_of_thread()?.saturating_sub(used));
            let worked = worked.zip(cpu_of_backends(&processes));
            Ok(Cost::of(count, wall, cpu)
                .with_database(count, worked.map(|(before, after)| after.saturating_sub(before))))
        };
        let read = timed(&mut |group| Ok(floor.read_group(work, group).map(drop)?))?;
        let written = timed(&mut |group| Ok(floor.write_group(work, group)?))?;
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
