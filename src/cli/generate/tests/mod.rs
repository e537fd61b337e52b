//! Markets, generated and judged: by the reader of files, by the edge and by the rules of the service, without a server.

mod judge;

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use super::*;
use crate::domain::validation::samples::date;
use judge::Service;

/// A market of three members.
fn market(subjects: u64, per_mille: u32) -> Market {
    Market {
        population: Population {
            seed: 11,
            subjects,
            members: 3,
            stacking_percent: 40,
        },
        planting: Planting {
            per_mille,
            mistakes: mistakes::all().collect(),
        },
        format: Format::Csv,
        compression: Compression::None,
        arguments: json!({}),
    }
}

fn months(count: u32) -> Vec<Month> {
    let last = Month::ending(date("2026-10-31")).expect("a month-end");
    last.and_before(count)
}

fn write(market: &Market, folder: &Path, member: u64, month: Month) -> Expected {
    market.write(folder, member, month, &|_| {}).expect("written")
}

/// What the truth file of a file says: by row, the fate and the codes of violations and warnings.
fn truth(folder: &Path, stem: &str) -> BTreeMap<u64, [String; 3]> {
    let rows = csv::Reader::from_path(folder.join(format!("{stem}_truth.csv"))).expect("a truth file");
    rows.into_records()
        .map(|row| {
            let row = row.expect("a row");
            let number = row[1].parse().expect("a number");
            (number, [row[3].to_owned(), row[4].to_owned(), row[5].to_owned()])
        })
        .collect()
}

/// Uploads every file of a market in the order of months and holds each record's fate against the truth file. Returns
/// the codes that came up.
fn judge_all(market: &Market, count: u32) -> BTreeSet<String> {
    let folder = tempfile::tempdir().expect("a folder");
    let mut service = Service::new();
    let mut codes = BTreeSet::new();
    for month in months(count) {
        for member in 0..market.population.members {
            let expected = write(market, folder.path(), member, month);
            let stem = Market::stem(member, month);
            let truth = truth(folder.path(), &stem);
            let file = folder.path().join(format!("{stem}.{}", market.ending()));
            let judged = service.upload(member, month, &file);
            assert_eq!(
                judged.fates.len(),
                usize::try_from(expected.records).expect("few")
            );
            let plain = ["accepted".to_owned(), String::new(), String::new()];
            for ((fate, description), row) in judged.fates.iter().zip(1_u64..) {
                let right = truth.get(&row).unwrap_or(&plain);
                assert_eq!(fate, right, "{stem} row {row}: {description}");
            }
            assert_eq!(judged.missing, Vec::<String>::new(), "{stem}");
            assert_eq!(judged.totals, expected.totals, "{stem}");
            assert_eq!(judged.accepted, expected.of(Fate::Accepted), "{stem}");
            assert_eq!(judged.superseded, expected.of(Fate::Superseded), "{stem}");
            assert_eq!(judged.rejected, expected.of(Fate::Rejected), "{stem}");
            assert_eq!(judged.warnings, expected.warnings, "{stem}");
            codes.extend(
                truth
                    .into_values()
                    .flat_map(|[_, codes, warnings]| [codes, warnings]),
            );
        }
    }
    codes.remove("");
    codes
}

fn plantable() -> BTreeSet<String> {
    mistakes::all()
        .map(|mistake| mistake.code.as_str().to_owned())
        .collect()
}

#[test]
fn every_record_of_three_months_fares_as_its_truth_file_says() {
    assert_eq!(judge_all(&market(250, 400), 3), plantable());
}

#[test]
fn a_market_without_mistakes_is_accepted_without_a_warning_for_a_year() {
    assert!(judge_all(&market(100, 0), 13).is_empty());
}

#[test]
fn parquet_and_json_lines_say_the_same() {
    for (format, compression) in [
        (Format::JsonLines, Compression::Zstd),
        (Format::Parquet, Compression::Gzip),
    ] {
        let market = Market {
            format,
            compression,
            ..market(300, 400)
        };
        assert!(judge_all(&market, 1).len() > 30);
    }
}

#[test]
fn the_same_arguments_make_the_same_bytes() {
    let bytes = |market: &Market| -> Vec<(String, Vec<u8>)> {
        let folder = tempfile::tempdir().expect("a folder");
        write(market, folder.path(), 1, months(1)[0]);
        let mut files: Vec<_> = std::fs::read_dir(folder.path())
            .expect("a folder")
            .map(|entry| {
                let path = entry.expect("an entry").path();
                (
                    path.display()
                        .to_string()
                        .replace(&folder.path().display().to_string(), ""),
                    std::fs::read(&path).expect("a file"),
                )
            })
            .collect();
        files.sort();
        files
    };
    for format in [Format::Csv, Format::JsonLines, Format::Parquet] {
        for compression in [Compression::None, Compression::Gzip, Compression::Zstd] {
            let market = Market {
                format,
                compression,
                ..market(60, 100)
            };
            assert_eq!(bytes(&market), bytes(&market), "{format:?} {compression:?}");
        }
    }
    let other = |seed| {
        let mut market = market(60, 100);
        market.population.seed = seed;
        bytes(&market)
    };
    assert_ne!(other(1), other(2));
}

#[test]
fn a_month_says_the_same_however_many_months_are_written() {
    let folder = tempfile::tempdir().expect("a folder");
    let market = market(60, 0);
    let [early, late] = months(2)[..] else {
        panic!("two months");
    };
    write(&market, folder.path(), 0, late);
    let path = folder.path().join(format!("{}.csv", Market::stem(0, late)));
    let alone = std::fs::read(&path).expect("a file");
    write(&market, folder.path(), 0, early);
    write(&market, folder.path(), 0, late);
    assert_eq!(std::fs::read(&path).expect("a file"), alone);
}

#[test]
fn twenty_mistakes_in_a_thousand_show_every_code_over_twenty_thousand_records() {
    let folder = tempfile::tempdir().expect("a folder");
    let mut market = market(0, 20);
    market.population.members = 1;
    market.population.subjects = market.population.subjects_for(20_000);
    let month = months(1)[0];
    let expected = write(&market, folder.path(), 0, month);
    let records = expected.records;
    assert!((19_000..22_500).contains(&records), "{records}");
    let truth = truth(folder.path(), &Market::stem(0, month));
    let planted = u64::try_from(truth.len()).expect("few");
    assert!((300..500).contains(&planted), "{planted}");
    let codes: BTreeSet<String> = truth
        .into_values()
        .flat_map(|[_, codes, warnings]| [codes, warnings])
        .filter(|code| !code.is_empty())
        .collect();
    assert_eq!(codes, plantable());
}

#[test]
fn accounts_ascend_and_borrowers_stack_as_asked() {
    let market = market(3_000, 0);
    let month = months(1)[0];
    let mut lenders: BTreeMap<u64, u32> = BTreeMap::new();
    for member in 0..3 {
        let book = book::Book {
            population: &market.population,
            planting: &market.planting,
            member,
            month,
        };
        let mut last = String::new();
        for number in 0..3_000 {
            let subject = market.population.subject(number);
            let mut rows = 0;
            let mut each = |row: mistakes::Scripted| {
                let account = row.record.account_ref().as_str().to_owned();
                assert!(account > last, "{account} behind {last}");
                last = account;
                rows += 1;
                Ok(())
            };
            book.rows_of(&subject, &mut 0, &mut each).expect("rows");
            if rows > 0 {
                *lenders.entry(number).or_default() += 1;
            }
        }
    }
    assert_eq!(lenders.len(), 3_000);
    let stacked = lenders.values().filter(|count| **count > 1).count();
    assert!((1_100..1_300).contains(&stacked), "{stacked}");
}

#[test]
fn every_code_can_be_planted_or_is_told_why_not() {
    let codes: Vec<Code> = every_code().collect();
    assert!(codes.contains(&Code::FieldRequired) && codes.contains(&Code::ResumePoint));
    let plantable = plantable();
    for code in codes {
        let listed = why_not(code).is_some();
        assert_ne!(listed, plantable.contains(code.as_str()), "{}", code.as_str());
    }
}

#[test]
fn mistakes_can_be_chosen_by_their_codes() {
    let of = |code: &str| mistakes_of(&[code.to_owned()]);
    let chosen = of("DPD_JUMP").expect("it can be planted");
    assert_eq!(chosen.len(), 2);
    for (code, why) in [("PAGE_SIZE", "of lists"), ("dpd_jump", "no such code")] {
        let error = of(code).expect_err("refused").to_string();
        assert!(error.contains(why), "{error}");
    }
    assert_eq!(mistakes_of(&[]).expect("all").len(), mistakes::all().count());
}

#[test]
fn arguments_that_mean_nothing_are_refused() {
    use clap::Parser as _;
    #[derive(clap::Parser)]
    struct Line {
        #[command(flatten)]
        generate: Generate,
    }
    let run = |arguments: &[&str]| {
        let folder = tempfile::tempdir().expect("a folder");
        let out = folder.path().join("market");
        let out = out.to_str().expect("UTF-8");
        let fixed = ["generate", "--out", out, "--seed", "1"];
        let line = Line::try_parse_from(fixed.iter().chain(arguments).copied());
        line.map_err(|error| error.to_string())
            .and_then(|line| line.generate.run().map_err(|error| error.to_string()))
    };
    assert_eq!(
        run(&["--subjects", "5", "--as-of", "2026-10-31", "--months", "2"]),
        Ok(())
    );
    for (arguments, why) in [
        (vec!["--subjects", "0"], "invalid value"),
        (vec!["--subjects", "99999001"], "invalid value"),
        (vec!["--subjects", "5", "--as-of", "2026-10-30"], "no month-end"),
        (vec!["--subjects", "5", "--as-of", "2004-12-31"], "begins on"),
        (vec!["--subjects", "5", "--errors", "151"], "invalid value"),
        (vec!["--subjects", "5", "--stacking", "101"], "invalid value"),
    ] {
        let error = run(&arguments).expect_err("refused");
        assert!(error.contains(why), "{error}");
    }
}
