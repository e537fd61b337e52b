//! A member's own book: positions, versions, deletion, pages.

use tallystick::domain::names::TokenId;
use tallystick::domain::position::{
    AssetClassification, CollectionStage, DeletionReason, HardshipCode, LiabilityRole,
};
use tallystick::domain::unit::Action;
use tallystick::domain::violation::Code;
use tallystick::store::StoredPosition;

use super::engine::Engine;
use super::market::{Loan, Market, account, day, mobile, national_id, passport, today};

async fn found(market: &Market<'_>, name: &str) -> StoredPosition {
    let found = market.store.find_position(market.a, &account(name)).await;
    found.unwrap().expect("the account is on file")
}

pub async fn a_position_comes_back_as_it_was_reported(engine: &dyn Engine) {
    let mut market = Market::on(engine).await;
    let loan =
        Loan::new("A1", &[national_id(1), mobile(1)]).also(LiabilityRole::Guarantor, &[national_id(2)]);
    assert_eq!(market.report(market.a, &loan).await, 1);
    for restarted in [false, true] {
        if restarted {
            market.restart().await;
        }
        let stored = found(&market, "A1").await;
        assert_eq!(stored.account.account_ref, account("A1"));
        assert_eq!(stored.account.versions_made, 1);
        assert_eq!(stored.row.subject_id, stored.account.holder);
        assert_eq!(&stored.row.version.facts, loan.facts());
        assert_eq!(stored.row.version.order, loan.position().order);
        assert_eq!(stored.row.first_received_at, stored.row.version.received_at);
        assert_eq!(stored.row.last_received_at, stored.row.version.received_at);
        let shape: Vec<(LiabilityRole, usize)> = stored
            .row
            .version
            .liabilities
            .iter()
            .map(|liability| (liability.role, liability.tokens.len()))
            .collect();
        assert_eq!(
            shape,
            [(LiabilityRole::Primary, 2), (LiabilityRole::Guarantor, 1)]
        );
    }
}

pub async fn every_optional_fact_comes_back_present_and_absent(engine: &dyn Engine) {
    let market = Market::on(engine).await;
    let full = Loan::new("full", &[national_id(1)]).past_due(5).with(|facts| {
        facts.closed_on = Some(day(2026, 2, 28));
        facts.closure_reason = Some(tallystick::domain::position::ClosureReason::WrittenOff);
        facts.asset_classification = Some(AssetClassification::Loss);
        facts.collection_stage = Some(CollectionStage::Court);
        facts.hardship_code = Some(HardshipCode::Other);
        facts.last_payment_on = Some(day(2026, 2, 1));
        facts.last_payment_amount = i64::MAX;
        facts.funding_group_ref = Some("fund-1".to_owned());
        facts.adverse_notice_reference = Some("notice-1".to_owned());
        facts.adverse_notice_sent_on = Some(day(1969, 12, 31));
        facts.reservation_id = Some("reservation-1".to_owned());
        facts.overdue.interest = 1;
        facts.overdue.penalty = 2;
        facts.overdue.fees = 3;
        facts.extension_count = u32::MAX;
        facts.restructure_count = 4;
    });
    let bare = Loan::new("bare", &[national_id(2)]).with(|facts| {
        facts.matures_on = None;
        facts.next_due_on = None;
        facts.region_code = String::new();
        facts.consent_reference = String::new();
    });
    // A reservation that a new loan names must be there; a later version may say anything.
    let unreserved = full.clone().with(|facts| facts.reservation_id = None);
    let as_of = full.position().order.as_of;
    for (name, loan) in [
        ("full", unreserved),
        ("full", full.said(as_of, 2)),
        ("bare", bare),
    ] {
        market.report(market.a, &loan).await;
        assert_eq!(
            &found(&market, name).await.row.version.facts,
            loan.facts(),
            "{name}"
        );
    }
}

pub async fn an_unchanged_report_advances_in_place(engine: &dyn Engine) {
    let market = Market::on(engine).await;
    let loan = Loan::new("A1", &[national_id(1)]);
    market.report(market.a, &loan).await;
    let first = found(&market, "A1").await;
    market.wait(60);
    let later = loan.clone().said(today(), 2);
    assert_eq!(market.report(market.a, &later).await, 1);
    let second = found(&market, "A1").await;
    assert_eq!(second.row.version.order, later.position().order);
    assert_eq!(second.row.version.received_at, first.row.version.received_at);
    assert!(second.row.last_received_at > first.row.last_received_at);
    let versions = market
        .store
        .list_versions(market.a, &account("A1"), None, 10)
        .await;
    assert_eq!(versions.unwrap().unwrap().len(), 1);
}

pub async fn a_changed_report_keeps_the_version_before(engine: &dyn Engine) {
    let mut market = Market::on(engine).await;
    let first = Loan::new("A1", &[national_id(1)]);
    let second = first.clone().said(today(), 2).past_due(2);
    let third = first.clone().said(today(), 3);
    market.report(market.a, &first).await;
    assert_eq!(market.report(market.a, &second).await, 2);
    market.restart().await;
    assert_eq!(market.report(market.a, &third).await, 3);
    let versions = market
        .store
        .list_versions(market.a, &account("A1"), None, 10)
        .await;
    let versions = versions.unwrap().unwrap();
    let told: Vec<(u64, bool, u32, Option<u64>)> = versions
        .iter()
        .map(|stored| {
            let version = &stored.past.version;
            let corrected_by = stored.past.corrected_by;
            (
                version.number,
                stored.current,
                version.facts.days_past_due,
                corrected_by,
            )
        })
        .collect();
    assert_eq!(
        told,
        [(3, true, 0, None), (2, false, 2, None), (1, false, 0, None)]
    );
    // Past versions count for the delinquency look-back of others.
    let answer = market.query(market.b, &[national_id(1)]).await;
    let others = answer.figures.others.expect("no conflict");
    let worst = tallystick::domain::exposure::DelinquencyBucket::of(2);
    assert_eq!(others.worst_bucket_24_months, worst);
}

pub async fn a_corrected_version_stays_readable_and_names_its_successor(engine: &dyn Engine) {
    let mut market = Market::on(engine).await;
    let first = Loan::new("A1", &[national_id(1)]).past_due(3);
    let second = first.clone().said(today(), 2).past_due(5);
    market.report(market.a, &first).await;
    market.report(market.a, &second).await;
    market
        .accept(
            market.a,
            first.clone().with(|facts| facts.grace_days = 9).correct(1),
        )
        .await;
    market.restart().await;
    let versions = market
        .store
        .list_versions(market.a, &account("A1"), None, 10)
        .await;
    let told: Vec<(u64, bool, Option<u64>, u32)> = versions
        .unwrap()
        .unwrap()
        .iter()
        .map(|stored| {
            let version = &stored.past.version;
            (
                version.number,
                stored.current,
                stored.past.corrected_by,
                version.facts.grace_days,
            )
        })
        .collect();
    assert_eq!(
        told,
        [(3, false, None, 9), (2, true, None, 3), (1, false, Some(3), 3)]
    );
    let again = first.clone().owing(5).correct(1);
    assert_eq!(market.refuse(market.a, again).await, Code::VersionSuperseded);
    let third = first.owing(5).correct(3);
    market.accept(market.a, third).await;
    assert_eq!(found(&market, "A1").await.account.versions_made, 4);
}

pub async fn a_deleted_account_is_found_and_not_listed(engine: &dyn Engine) {
    let market = Market::on(engine).await;
    let loan = Loan::new("A1", &[national_id(1)]);
    market.report(market.a, &loan).await;
    market.report(market.a, &Loan::new("A2", &[national_id(1)])).await;
    let reason = DeletionReason::ReportedInError;
    let deletion = Action::Delete {
        account_ref: account("A1"),
        reason,
    };
    market.accept(market.a, deletion.clone()).await;
    assert_eq!(found(&market, "A1").await.row.deleted, Some(reason));
    let listed = market
        .store
        .list_positions(market.a, None, 10, false)
        .await
        .unwrap();
    assert_eq!(listed.len(), 1);
    assert_eq!(listed[0].account.account_ref, account("A2"));
    assert_eq!(market.accounts_seen(market.b, &[national_id(1)]).await, 1);
    assert_eq!(market.refuse(market.a, deletion).await, Code::AccountDeleted);
    assert_eq!(market.refuse(market.a, loan.report()).await, Code::AccountDeleted);
    market.accept(market.a, loan.correct(1)).await;
    assert_eq!(found(&market, "A1").await.row.deleted, None);
}

pub async fn accounts_are_listed_newest_first_in_pages(engine: &dyn Engine) {
    let market = Market::on(engine).await;
    // Names in another order than they are opened in, with another member's accounts in between.
    for number in 0..25_u32 {
        let name = format!("A{}", number * 7 % 25);
        market
            .report(market.a, &Loan::new(&name, &[national_id(number)]))
            .await;
        market
            .report(market.b, &Loan::new(&name, &[national_id(number)]))
            .await;
    }
    for limit in [1, 10, 24, 25, 26] {
        let (mut names, mut before) = (Vec::new(), None);
        loop {
            let page = market
                .store
                .list_positions(market.a, before, limit, false)
                .await
                .unwrap();
            assert!(page.len() <= usize::try_from(limit).unwrap());
            let Some(last) = page.last() else { break };
            before = Some(last.account.account_no);
            names.extend(
                page.iter()
                    .map(|stored| stored.account.account_ref.as_str().to_owned()),
            );
        }
        let wanted: Vec<String> = (0..25_u32)
            .rev()
            .map(|number| format!("A{}", number * 7 % 25))
            .collect();
        assert_eq!(names, wanted, "pages of {limit}");
    }
}

pub async fn closed_accounts_are_left_out_when_only_open_ones_are_asked_for(engine: &dyn Engine) {
    let market = Market::on(engine).await;
    market
        .report(market.a, &Loan::new("open", &[national_id(1)]))
        .await;
    market
        .report(market.a, &Loan::new("closed", &[national_id(1)]).closed())
        .await;
    for (open_only, wanted) in [(false, 2), (true, 1)] {
        let page = market
            .store
            .list_positions(market.a, None, 10, open_only)
            .await
            .unwrap();
        assert_eq!(page.len(), wanted, "open_only {open_only}");
    }
}

pub async fn versions_are_listed_newest_first_in_pages(engine: &dyn Engine) {
    let market = Market::on(engine).await;
    for sequence in 1..=9_u32 {
        let loan = Loan::new("A1", &[national_id(1)]).said(today(), u64::from(sequence));
        market.report(market.a, &loan.owing(i64::from(sequence))).await;
    }
    for limit in [1, 4, 9, 10] {
        let (mut numbers, mut before) = (Vec::new(), None);
        loop {
            let page = market
                .store
                .list_versions(market.a, &account("A1"), before, limit)
                .await;
            let page = page.unwrap().unwrap();
            let Some(last) = page.last() else { break };
            before = Some(last.past.version.number);
            numbers.extend(page.iter().map(|stored| stored.past.version.number));
        }
        assert_eq!(numbers, (1..=9).rev().collect::<Vec<u64>>(), "pages of {limit}");
    }
    let none = market
        .store
        .list_versions(market.a, &account("A2"), None, 10)
        .await;
    assert_eq!(none.unwrap(), None);
}

pub async fn nobody_sees_the_accounts_of_another(engine: &dyn Engine) {
    let market = Market::on(engine).await;
    market.report(market.a, &Loan::new("A1", &[national_id(1)])).await;
    let name = account("A1");
    assert_eq!(market.store.find_position(market.b, &name).await.unwrap(), None);
    assert_eq!(
        market
            .store
            .list_versions(market.b, &name, None, 10)
            .await
            .unwrap(),
        None
    );
    assert_eq!(
        market
            .store
            .list_positions(market.b, None, 10, false)
            .await
            .unwrap(),
        []
    );
    let deletion = Action::Delete {
        account_ref: name,
        reason: DeletionReason::Fraud,
    };
    assert_eq!(market.refuse(market.b, deletion).await, Code::AccountUnknown);
}

pub async fn sealed_tokens_are_shown_as_they_came(engine: &dyn Engine) {
    let market = Market::on(engine).await;
    let tokens = [national_id(1), passport(1), mobile(1)];
    market.report(market.a, &Loan::new("A1", &tokens)).await;
    let stored = found(&market, "A1").await;
    let ids: Vec<TokenId> = stored.row.version.liabilities[0]
        .tokens
        .iter()
        .map(|shown| shown.token.token_id)
        .collect();
    let sealed = market.store.sealed_tokens(&ids).await.unwrap();
    let shown: Vec<_> = ids.iter().map(|id| sealed[id].clone()).collect();
    assert_eq!(shown, tokens);
    assert!(market.store.sealed_tokens(&[]).await.unwrap().is_empty());
}
