//! The answer, figure by figure: each test puts a few rows on file and asks for one thing.

mod amounts;
mod counts;
mod coverage;
mod delinquency;
mod disclosure;
mod funding;
mod numbers;
mod own;
mod resolution;
mod signals;
mod velocity;

use super::answer::{self, Asked};
use super::resolve::About;
use super::{AmountBand, Figures, OthersExposure, OwnExposure, SignalType, Window, WindowFigures};
use crate::domain::currency::Currency;
use crate::domain::date::Timestamp;
use crate::domain::member::{LenderGroup, MemberState};
use crate::domain::names::{AccountNo, MemberNo, SubjectId};
use crate::domain::testing::{self, PositionBuilder, ago};
use crate::domain::unit::rows::{HistoryRow, InquiryRow};
use crate::domain::unit::working_set::{MarketRules, MemberStanding, Network, SubjectRows};

/// The member that asks in every test.
const CALLER: i64 = 1;

/// What is on file about one subject, its number, and the market.
#[derive(Clone)]
struct Scene {
    rules: MarketRules,
    network: Network,
    subject: SubjectRows,
    number: SubjectRows,
    about: About,
    currency: Currency,
    now: Timestamp,
    accounts: i64,
}

impl Scene {
    /// A subject found by a strong token, without rows, in a market without members.
    fn empty() -> Self {
        let about = About {
            subject: Some(SubjectId(1)),
            joined: None,
            mobile_verified_on: None,
            strong: true,
            linked: false,
            shared_mobile: false,
        };
        Self {
            rules: MarketRules::default(),
            network: Network::default(),
            subject: SubjectRows::default(),
            number: SubjectRows::default(),
            about,
            currency: Currency::CNY,
            now: testing::now(),
            accounts: 0,
        }
    }

    fn of<const N: usize>(positions: [PositionBuilder; N]) -> Self {
        positions.into_iter().fold(Self::empty(), Self::and)
    }

    fn and(mut self, position: PositionBuilder) -> Self {
        let row = self.numbered(position).build();
        self.subject
            .positions
            .insert((row.member_no, row.account_no), row);
        self
    }

    fn and_number(mut self, position: PositionBuilder) -> Self {
        let row = self.numbered(position).build();
        self.number.positions.insert((row.member_no, row.account_no), row);
        self
    }

    fn numbered(&mut self, position: PositionBuilder) -> PositionBuilder {
        self.accounts += 1;
        let account_no = AccountNo(self.accounts);
        position.row(|row| {
            if row.account_no == AccountNo(0) {
                row.account_no = account_no;
            }
        })
    }

    /// A past version of an account, last true so many days ago.
    fn past(
        mut self,
        member_no: i64,
        account_no: i64,
        days_ago: u32,
        days_past_due: u32,
        due: Option<u32>,
    ) -> Self {
        let version = u64::try_from(self.subject.history.len()).expect("few") + 1;
        self.subject.history.push(HistoryRow {
            subject_id: SubjectId(1),
            member_no: MemberNo(member_no),
            account_no: AccountNo(account_no),
            version,
            as_of: ago(days_ago),
            days_past_due,
            next_due_on: due.map(ago),
        });
        self
    }

    /// A hard look so many microseconds before now.
    fn looked(mut self, member_no: i64, micros_before: i64) -> Self {
        let at = Timestamp::from_micros(self.now.micros() - micros_before);
        self.subject.inquiries.push(testing::look(member_no, at));
        self
    }

    fn look(mut self, look: InquiryRow) -> Self {
        self.subject.inquiries.push(look);
        self
    }

    fn member(mut self, member_no: i64, lender_group: LenderGroup) -> Self {
        let standing = MemberStanding {
            lender_group,
            state: MemberState::Active,
            is_lender: true,
            latest_as_of: None,
            latest_batch: None,
        };
        self.network.members.insert(MemberNo(member_no), standing);
        self
    }

    fn standing(mut self, member_no: i64, change: impl FnOnce(&mut MemberStanding)) -> Self {
        change(
            self.network
                .members
                .get_mut(&MemberNo(member_no))
                .expect("a member"),
        );
        self
    }

    fn asked(&self) -> Asked<'_> {
        Asked {
            caller: MemberNo(CALLER),
            currency: self.currency,
            now: self.now,
            rules: &self.rules,
            network: &self.network,
        }
    }

    fn number(&self) -> Option<&SubjectRows> {
        self.about.joined.map(|_| &self.number)
    }

    fn figures(&self) -> Figures {
        answer::figures(&self.asked(), &self.about, &self.subject, self.number())
    }

    fn others(&self) -> OthersExposure {
        self.figures().others.expect("not a conflict")
    }

    fn signals(&self) -> Vec<SignalType> {
        self.figures().signals
    }

    fn own(&self) -> OwnExposure {
        answer::own(
            &self.asked(),
            &self.about,
            &self.subject,
            self.number(),
            self.currency,
        )
    }

    fn window(&self, window: Window) -> WindowFigures {
        let all = self.others().velocity;
        all.into_iter()
            .find(|figures| figures.window == window)
            .expect("always all of them")
    }
}

fn band(up_to: i64) -> AmountBand {
    AmountBand {
        up_to,
        open_ended: false,
    }
}
