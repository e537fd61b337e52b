//! The rules that stop a lender working out who the others are (P1 to P8, P11, P12), each by its name.

use prost::Message as _;
use tallystick::wire::pb;
use tonic::Code;

use super::people::{Person, days_ago, loan, owing, past_due, today, wire};
use super::world::{Actor, World, days, question, refusal, request_id};

/// A market of eight banks, the last of which asks.
async fn market() -> (World, Vec<Actor>, Actor) {
    let world = World::start().await;
    let names = [
        "bank-a", "bank-b", "bank-c", "bank-d", "bank-e", "bank-f", "bank-g", "bank-h",
    ];
    let mut banks = Vec::from(world.banks(names).await);
    let asker = banks.pop().expect("eight banks");
    (world, banks, asker)
}

/// Each of the first `count` lenders reports a loan of that person that owes `amount`.
async fn owed(lenders: &[Actor], person: &Person, account_ref: &str, amounts: &[i64]) {
    for (lender, amount) in lenders.iter().zip(amounts) {
        let tokens = lender.strong(person).await;
        lender
            .report(owing(loan(account_ref, tokens, today()), *amount))
            .await;
    }
}

fn others(answer: &pb::ExposureAnswer) -> &pb::OthersExposure {
    answer
        .others
        .as_ref()
        .expect("an answer without conflict has figures")
}

/// Upper edge and whether it is open.
fn band(band: Option<&pb::AmountBand>) -> (i64, bool) {
    let band = band.expect("every band is there, zero or not");
    (band.up_to, band.open_ended)
}

#[tokio::test(flavor = "multi_thread")]
async fn p1_no_name_reference_exact_date_or_exact_amount_of_others_is_in_an_answer() {
    let (_world, banks, asker) = market().await;
    let person = Person::number(1);
    for (index, bank) in banks.iter().enumerate().take(2) {
        let tokens = bank.strong(&person).await;
        let mut position = past_due(
            loan(&format!("REF-{index}-XYZ"), tokens, today()),
            47,
            3_217,
            today(),
        );
        position = owing(position, 7_654_321);
        position.original_amount = 9_876_543;
        position.scheduled_payment = 543_211;
        position.funding_group_ref = format!("GROUP-OF-LENDERS-{index}");
        position.region_code = "CN-44".to_owned();
        position.opened_on = wire(days_ago(53));
        position.consent_reference = "CONSENT-XYZ".to_owned();
        bank.report(position).await;
    }
    let mut answer = asker.query(asker.strong(&person).await).await;
    assert_eq!(others(&answer).active_lenders, 2);
    // Random, and may hold any digits.
    answer.answer_id.clear();
    answer.audit_leaf.clear();
    answer.audit_salt.clear();

    let text = format!("{answer:?}");
    let bytes = answer.encode_to_vec();
    for secret in [
        "bank-a",
        "bank-b",
        "Institution",
        "REF-",
        "GROUP-OF",
        "CN-44",
        "CONSENT-XYZ",
        "N-2026-1",
    ] {
        assert!(!text.contains(secret), "{secret} is told");
        assert!(
            !bytes
                .windows(secret.len())
                .any(|window| window == secret.as_bytes())
        );
    }
    for amount in ["7654321", "15308642", "9876543", "543211", "3217", "6434"] {
        assert!(!text.contains(amount), "{amount} is told");
    }
    let oldest = others(&answer).oldest_open_month.expect("there is one");
    assert_eq!(
        (oldest.year, oldest.month, oldest.day),
        (2026, 4, 0),
        "the month only"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn p1_a_refusal_does_not_tell_whether_another_lender_has_an_account() {
    let (_world, banks, asker) = market().await;
    let person = Person::number(1);
    owed(&banks[..1], &person, "SAME-NAME", &[100_000]).await;
    let mut reporting = asker.client.reporting();
    let ask = |account_ref: &str| pb::GetPositionRequest {
        account_ref: account_ref.to_owned(),
    };
    let theirs = refusal(reporting.get_position(ask("SAME-NAME")).await);
    let nobodys = refusal(reporting.get_position(ask("OTHER-NAME")).await);
    assert_eq!(theirs.code, Code::NotFound);
    assert_eq!(
        (theirs.code, &theirs.message, &theirs.reason, &theirs.violations),
        (
            nobodys.code,
            &nobodys.message,
            &nobodys.reason,
            &nobodys.violations
        )
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn p2_the_callers_own_positions_change_nothing_that_is_told_of_others() {
    let (_world, banks, asker) = market().await;
    let person = Person::number(1);
    owed(&banks[..3], &person, "A-1", &[120_000, 130_000, 140_000]).await;
    let tokens = asker.strong(&person).await;
    // The soft answer of a day and its hard one are frozen apart: what happens between them would show.
    let before = asker.look(tokens.clone()).await;
    let own = past_due(loan("OWN-1", tokens.clone(), today()), 95, 50_000, today());
    asker.report(owing(own, 88_888_800)).await;
    let after = asker.query(tokens).await;
    assert_eq!(before.others, after.others);
    assert_eq!(before.signals, after.signals);
    let own = after.own.expect("the own part is there");
    assert_eq!((own.active_accounts, own.outstanding), (1, 88_888_800));
}

#[tokio::test(flavor = "multi_thread")]
async fn p3_amounts_are_upper_edges_of_the_1_2_5_grid_and_the_same_amount_is_always_the_same_band() {
    let (world, banks, asker) = market().await;
    // 1,000.00 yuan and up, in fen.
    let edges = [1, 2, 5, 10, 20, 50, 100, 200, 500, 1_000].map(|edge| edge * 100_000);
    let mut cases = vec![(3, (edges[0], false))];
    for (edge, next) in edges.iter().zip(edges.iter().skip(1)) {
        cases.push((*edge, (*edge, false)));
        cases.push((*edge + 1, (*next, false)));
    }
    cases.push((100_000_000, (100_000_000, false)));
    cases.push((100_000_001, (100_000_000, true)));
    for (number, (amount, expected)) in (100..).zip(cases) {
        let person = Person::number(number);
        // Three lenders, since two would use the coarse grid.
        owed(&banks[..3], &person, &format!("A-{number}"), &[amount - 2, 1, 1]).await;
        let tokens = asker.strong(&person).await;
        let answer = asker.query(tokens.clone()).await;
        assert_eq!(band(others(&answer).outstanding.as_ref()), expected, "{amount}");
        let again = banks[4].query(banks[4].strong(&person).await).await;
        assert_eq!(
            band(others(&again).outstanding.as_ref()),
            expected,
            "{amount} for another asker"
        );
    }
    let nobody = asker.query(asker.strong(&Person::number(99)).await).await;
    assert_eq!(band(others(&nobody).outstanding.as_ref()), (0, false));

    world.clock.advance(days(1));
    let person = Person::number(100);
    let tomorrow = asker.query(asker.strong(&person).await).await;
    assert_eq!(
        band(others(&tomorrow).outstanding.as_ref()),
        (edges[0], false),
        "the next day too"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn p4_with_two_other_lenders_bands_are_coarse_and_groups_and_days_are_not_told() {
    let (_world, banks, asker) = market().await;
    for (number, lenders, expected) in [(1, 1, 200_000), (2, 2, 200_000), (3, 3, 100_000)] {
        let person = Person::number(number);
        owed(
            &banks[..lenders],
            &person,
            &format!("A-{number}"),
            &[30_000, 20_000, 10_000],
        )
        .await;
        let answer = asker.query(asker.strong(&person).await).await;
        let others = others(&answer);
        assert_eq!(others.active_lenders, u32::try_from(lenders).expect("small"));
        assert_eq!(band(others.outstanding.as_ref()).0, expected, "{lenders} lenders");
        assert_eq!(
            others.active_lenders_by_group.is_empty(),
            lenders <= 2,
            "{lenders} lenders"
        );
        assert_eq!(others.oldest_open_month.map(|month| month.day), Some(0));
    }
    // The grid follows how many contribute to the amount, not how many lend.
    let person = Person::number(4);
    owed(&banks[..4], &person, "A-4", &[30_000, 30_000, 0, 0]).await;
    let answer = asker.query(asker.strong(&person).await).await;
    assert_eq!(others(&answer).active_lenders, 4);
    assert_eq!(band(others(&answer).outstanding.as_ref()).0, 200_000);
}

#[tokio::test(flavor = "multi_thread")]
async fn p5_a_group_of_fewer_than_five_members_counts_as_other() {
    let world = World::start().await;
    let mut banks = Vec::from(world.banks(["bank-a", "bank-b", "bank-c", "bank-d"]).await);
    let small = world.lender("small-a", pb::LenderGroup::Microloan).await;
    let person = Person::number(1);
    owed(&banks[..2], &person, "A-1", &[100_000, 100_000]).await;
    owed(std::slice::from_ref(&small), &person, "A-1", &[100_000]).await;
    let groups = |answer: &pb::ExposureAnswer| -> Vec<(pb::LenderGroup, u32)> {
        others(answer)
            .active_lenders_by_group
            .iter()
            .map(|count| (count.group(), count.lenders))
            .collect()
    };
    let asker = banks.pop().expect("four banks");
    let four = asker.query(asker.strong(&person).await).await;
    assert_eq!(groups(&four), [(pb::LenderGroup::Other, 3)]);

    world.lender("bank-e", pb::LenderGroup::Bank).await;
    world.clock.advance(days(1));
    let five = asker.query(asker.strong(&person).await).await;
    assert_eq!(
        groups(&five),
        [(pb::LenderGroup::Bank, 2), (pb::LenderGroup::Other, 1)]
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn p6_counts_are_exact_to_nine_and_ten_stands_for_more() {
    let world = World::start().await;
    let mut lenders = Vec::new();
    for number in 0..12 {
        lenders.push(
            world
                .lender(&format!("bank-{number}"), pb::LenderGroup::Bank)
                .await,
        );
    }
    let asker = lenders.pop().expect("twelve banks");
    for count in [8, 9, 10, 11] {
        let person = Person::number(u32::try_from(count).expect("small"));
        for lender in &lenders[..count] {
            let tokens = lender.strong(&person).await;
            let mut position = past_due(
                loan(&format!("A-{count}"), tokens.clone(), today()),
                40,
                1_000,
                today(),
            );
            position.opened_on = wire(days_ago(3));
            position.first_delinquent_on = wire(days_ago(2));
            position.days_past_due = 2;
            lender.report(position).await;
            lender.query(tokens).await;
        }
        let answer = asker.query(asker.strong(&person).await).await;
        let others = others(&answer);
        let shown = u32::try_from(count.min(10)).expect("small");
        assert_eq!(others.active_lenders, shown);
        assert_eq!(others.active_accounts, shown);
        assert_eq!(others.past_due_accounts, shown);
        assert_eq!(others.active_lenders_by_group[0].lenders, shown);
        let month = &others.velocity[4];
        assert_eq!(month.window, Some(pb::window_count::Window::Days(30)));
        let shown_in_window = [
            month.hard_inquiries,
            month.inquiring_lenders,
            month.new_accounts,
            month.new_lenders,
        ];
        assert_eq!(shown_in_window, [shown; 4], "{count} inside a window");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn p7_the_first_answer_of_a_day_is_repeated_whatever_else_changed() {
    let (world, banks, asker) = market().await;
    let person = Person::number(1);
    owed(&banks[..3], &person, "A-1", &[120_000, 130_000, 140_000]).await;
    let tokens = asker.strong(&person).await;
    let first = asker.query(tokens.clone()).await;

    owed(
        &banks[3..6],
        &person,
        "A-1",
        &[90_000_000, 90_000_000, 90_000_000],
    )
    .await;
    banks[3].query(banks[3].strong(&person).await).await;
    let mut other_currency = question(asker.tokens(&person).await, pb::Purpose::CreditCard);
    other_currency.currency = "USD".to_owned();
    other_currency.consent.as_mut().expect("it has one").purposes = vec![pb::Purpose::CreditCard.into()];
    let second = asker.try_ask(other_currency).await.expect("answered");
    let frozen = |answer: &pb::ExposureAnswer| {
        let answer = answer.clone();
        (
            answer.state,
            answer.match_level,
            answer.coverage_percent,
            answer.currency,
            answer.others,
            answer.signals,
            answer.figures_as_of,
        )
    };
    assert_eq!(frozen(&first), frozen(&second));
    assert_ne!(
        first.answer_id, second.answer_id,
        "each look has a name of its own"
    );
    assert_ne!(first.audit_leaf, second.audit_leaf, "and a leaf of its own");

    world.clock.advance(days(1));
    let tomorrow = asker.query(tokens).await;
    assert_eq!(others(&tomorrow).active_lenders, 6);
}

#[tokio::test(flavor = "multi_thread")]
async fn p8_reasons_are_typed_and_signals_say_the_same_sentence_whoever_is_behind_them() {
    let (_world, banks, asker) = market().await;
    let (mut sentences, mut reasons) = (Vec::new(), Vec::new());
    for (number, ago, amount) in [(1_u32, 1_u64, 1_111_100), (2, 5, 99_999_900)] {
        let person = Person::number(number);
        for bank in &banks[..3] {
            let tokens = bank.strong(&person).await;
            bank.query(tokens.clone()).await;
            let mut position = owing(loan(&format!("A-{number}"), tokens, today()), amount);
            position.opened_on = wire(days_ago(ago));
            bank.report(position).await;
        }
        let answer = asker.query(asker.strong(&person).await).await;
        assert!(answer.signals.len() >= 2, "{:?}", answer.signals);
        sentences.push(answer.signals);
        // More than the whole market may lend to one person.
        let check = crate::checks::application(&asker, &format!("app-{number}"), &person).await;
        let mut exposure = asker.client.exposure();
        let answer = exposure.check_and_reserve(pb::CheckAndReserveRequest {
            amount: 20_000_100,
            ..check
        });
        let decision = answer.await.unwrap().into_inner().decision.unwrap();
        let codes: Vec<&str> = decision
            .reasons
            .iter()
            .map(|reason| reason.code.as_str())
            .collect();
        assert_eq!(codes, ["AMOUNT_CAP"]);
        assert!(
            !decision.reasons[0]
                .description
                .contains(|c: char| c.is_ascii_digit())
        );
        reasons.push(decision.reasons);
    }
    assert_eq!(sentences[0], sentences[1]);
    assert_eq!(reasons[0], reasons[1]);
}

#[tokio::test(flavor = "multi_thread")]
async fn p11_where_a_borrower_lives_changes_nothing_in_an_answer() {
    let (_world, banks, asker) = market().await;
    let mut told = Vec::new();
    for (number, region) in [(1, "CN-44"), (2, "CN-BJ"), (3, "440305")] {
        let person = Person::number(number);
        for bank in &banks[..3] {
            let tokens = bank.strong(&person).await;
            let mut position = loan(&format!("A-{number}"), tokens, today());
            position.region_code = region.to_owned();
            bank.report(position).await;
        }
        let answer = asker.query(asker.strong(&person).await).await;
        told.push((answer.state, answer.match_level, answer.others, answer.signals));
    }
    assert_eq!(told[0], told[1]);
    assert_eq!(told[0], told[2]);
}

#[tokio::test(flavor = "multi_thread")]
async fn p12_only_operators_see_the_names_of_members() {
    let (world, _banks, asker) = market().await;
    let regulator = world
        .member("regulator", pb::LenderGroup::Other, pb::Role::Regulator)
        .await;
    let collector = world
        .member("collector", pb::LenderGroup::Other, pb::Role::Collector)
        .await;
    for (actor, allowed) in [
        (&asker, false),
        (&regulator, false),
        (&collector, false),
        (&world.operator, true),
    ] {
        let mut admin = actor.client.admin();
        let listed = admin.list_members(pb::ListMembersRequest::default()).await;
        let got = admin
            .get_member(pb::GetMemberRequest {
                member_id: "bank-a".to_owned(),
            })
            .await;
        if allowed {
            assert_eq!(
                got.expect("operators may")
                    .into_inner()
                    .member
                    .expect("a member")
                    .member_id,
                "bank-a"
            );
            assert!(listed.expect("operators may").into_inner().members.len() >= 10);
            continue;
        }
        for refused in [refusal(listed), refusal(got)] {
            assert_eq!(refused.code, Code::PermissionDenied, "{}", actor.member_id);
            assert_eq!(refused.reason, "ROLE_MISSING");
            assert!(!refused.message.contains("bank-"), "{}", refused.message);
        }
    }
    // And those who may see names may not see subjects.
    for actor in [&world.operator, &regulator, &collector] {
        let asked = pb::QueryExposureRequest {
            request_id: request_id(),
            ..pb::QueryExposureRequest::default()
        };
        let refused = refusal(actor.client.exposure().query_exposure(asked).await);
        assert_eq!(
            (refused.code, refused.reason.as_str()),
            (Code::PermissionDenied, "ROLE_MISSING")
        );
    }
}
