//! What a pack refuses, in plain words.

use crate::cli::output::amount;
use crate::domain::currency::Currency;
use crate::domain::language::Language;
use crate::domain::rules::{
    AmountCap, Condition, Extent, IncomeBracket, Indebtedness, Pause, Rule, RulePack, Scope, Whose, Window,
};
use crate::rule_packs::PackFile;

/// The whole pack.
pub(super) fn explain(file: &PackFile, language: Language) -> String {
    let words = Words {
        language,
        currency: file.pack.currency,
    };
    let mut lines = words.heading(file);
    for (index, rule) in file.pack.rules.iter().enumerate() {
        lines.push(String::new());
        lines.push(format!("{}. {}", index + 1, rule.id));
        lines.extend(words.rule(rule).into_iter().map(|line| format!("   {line}")));
    }
    lines.join("\n")
}

/// Puts things into words of one language.
struct Words {
    language: Language,
    currency: Currency,
}

impl Words {
    /// One of two texts, by the language.
    fn either(&self, english: impl Into<String>, chinese: impl Into<String>) -> String {
        match self.language {
            Language::English => english.into(),
            Language::Chinese => chinese.into(),
        }
    }

    fn heading(&self, file: &PackFile) -> Vec<String> {
        let pack = &file.pack;
        let (name, version) = (&pack.name, pack.version);
        let mut lines = vec![self.either(
            format!("{name}, version {version}: {}", pack.title_en),
            format!("{name}，第 {version} 版：{}", pack.title_zh),
        )];
        lines.push(self.either(
            format!("Status: {}", file.status),
            format!("状态：{}", file.status),
        ));
        lines.push(self.effective(pack));
        let (usual, most) = (pack.lifetime.default_minutes, pack.lifetime.maximum_minutes);
        lines.push(self.either(
            format!("A reservation lives {usual} minutes unless told, and {most} at most."),
            format!("预留默认有效 {usual} 分钟，最长 {most} 分钟。"),
        ));
        if pack.needs_income() {
            lines.push(self.either("An income must be stated.", "必须申报收入。"));
        }
        for source in &file.sources {
            lines.push(self.either(format!("Source: {source}"), format!("来源：{source}")));
        }
        lines
    }

    fn effective(&self, pack: &RulePack) -> String {
        let (first, currency) = (pack.effective.first_day, pack.currency);
        match pack.effective.last_day {
            None => self.either(
                format!("In force from {first}. Amounts are in {currency}."),
                format!("自 {first} 起施行，金额币种为 {currency}。"),
            ),
            Some(last) => self.either(
                format!("In force from {first} to {last}. Amounts are in {currency}."),
                format!("自 {first} 起至 {last} 止施行，金额币种为 {currency}。"),
            ),
        }
    }

    fn rule(&self, rule: &Rule) -> Vec<String> {
        let reason = rule.condition.reason();
        let mut lines = vec![self.condition(&rule.condition)];
        lines.extend(self.scope(&rule.scope, &rule.condition));
        lines.push(self.either(
            format!("Reason {}: {}", reason.as_str(), reason.text(self.language)),
            format!("原因 {}：{}", reason.as_str(), reason.text(self.language)),
        ));
        lines
    }

    fn condition(&self, condition: &Condition) -> String {
        match condition {
            Condition::LenderCount { maximum } => self.either(
                format!("At most {maximum} lenders at once, the one that applies included."),
                format!("同时放贷的机构最多 {maximum} 家，包括本次申请的机构。"),
            ),
            Condition::AccountCount {
                maximum,
                window: None,
                ..
            } => self.either(
                format!("At most {maximum} loans at once, this one and reservations included."),
                format!("同时存续的贷款最多 {maximum} 笔，包括本笔和已预留的贷款。"),
            ),
            Condition::AccountCount {
                maximum,
                window: Some(window),
                count_rescinded,
            } => self.window(*maximum, *window, *count_rescinded),
            Condition::CoolingOff(pause) => self.pause(*pause),
            Condition::AmountCap(cap) => self.cap(cap),
            Condition::ObligationRatio {
                maximum_percent,
                if_income_is_stated,
            } => self.ratio(*maximum_percent, *if_income_is_stated),
            Condition::Delinquency {
                days_past_due_above,
                overdue_amount_above,
            } => self.late(*days_past_due_above, *overdue_amount_above),
            Condition::ConsecutiveIndebtedness(indebtedness) => self.stretch(*indebtedness),
            Condition::InstalmentPlan => self.either(
                "No new loan while another is being repaid by an instalment plan.",
                "有贷款正按分期还款计划偿还时，不得发放新的贷款。",
            ),
            Condition::SelfExclusion => self.either(
                "No loan to somebody who asked not to be lent to.",
                "对申请了禁止借贷的人不得发放贷款。",
            ),
        }
    }

    fn window(&self, maximum: u32, window: Window, count_rescinded: bool) -> String {
        let (english, chinese) = match window {
            Window::Days(days) => (
                format!("{days} days, today included"),
                format!("{days} 日内（含当日）"),
            ),
            Window::Months(months) => (
                format!("the last {months} months"),
                format!("最近 {months} 个月内"),
            ),
        };
        let rescinded = match count_rescinded {
            true => ("counted, too", "也计入"),
            false => ("not counted", "不计入"),
        };
        self.either(
            format!(
                "At most {maximum} loans opened within {english}, this one and reservations included; closed ones \
                 are counted, rescinded ones are {}.",
                rescinded.0
            ),
            format!(
                "{chinese}发放的贷款最多 {maximum} 笔，包括本笔和已预留的贷款；已结清的计入，已撤销的{}。",
                rescinded.1
            ),
        )
    }

    fn pause(&self, pause: Pause) -> String {
        match pause {
            Pause::Hours(hours) => self.either(
                format!(
                    "Not before {hours} hours after the last loan was closed; a closing that is reported later than \
                     its day counts from the end of that day."
                ),
                format!("上一笔贷款结清后须满 {hours} 小时；结清信息晚于结清当日报送的，自当日结束时起算。"),
            ),
            Pause::Days(days) => self.either(
                format!("Not before {days} days after the day on which the last loan was closed."),
                format!("上一笔贷款结清之日起须满 {days} 日。"),
            ),
        }
    }

    fn cap(&self, cap: &AmountCap) -> String {
        let share = cap.income_percent.map(|percent| {
            self.either(
                format!("{percent} % of the gross monthly income"),
                format!("税前月收入的 {percent}%"),
            )
        });
        let maximum = cap.maximum.map(|minor| self.money(minor));
        let limit = match (maximum, share) {
            (Some(maximum), Some(share)) => self.either(
                format!("{maximum} or {share}, whichever is less"),
                format!("{maximum} 或{share}，以较低者为准"),
            ),
            (maximum, share) => maximum.or(share).unwrap_or_default(),
        };
        let measured = match cap.extent {
            Extent::Total => self.either(
                format!("All debt that counts and this loan together: at most {limit}."),
                format!("应计入的全部债务加上本笔贷款不得超过 {limit}。"),
            ),
            Extent::PerLoan => self.either(
                format!("This loan alone: at most {limit}."),
                format!("单笔贷款不得超过 {limit}。"),
            ),
        };
        match cap.bracket {
            Some(bracket) => format!("{}{measured}", self.bracket(bracket)),
            None => measured,
        }
    }

    fn bracket(&self, bracket: IncomeBracket) -> String {
        let from = bracket.from.map(|minor| {
            let money = self.money(minor);
            self.either(format!("from {money}"), format!("不低于 {money} "))
        });
        let below = bracket.below.map(|minor| {
            let money = self.money(minor);
            self.either(format!("below {money}"), format!("低于 {money} "))
        });
        let both: Vec<String> = from.into_iter().chain(below).collect();
        self.either(
            format!("Gross annual income {}: ", both.join(" and ")),
            format!("税前年收入{}的：", both.join("且")),
        )
    }

    fn ratio(&self, maximum_percent: u32, if_income_is_stated: bool) -> String {
        let left_out = if if_income_is_stated {
            self.either(
                " Left out when no income is stated.",
                "未申报收入的，不适用本条。",
            )
        } else {
            String::new()
        };
        let limit = self.either(
            format!(
                "All monthly payments that count and those of this loan together: at most {maximum_percent} % of the \
                 gross monthly income."
            ),
            format!("应计入的全部月还款额加上本笔贷款的月还款额，不得超过税前月收入的 {maximum_percent}%。"),
        );
        limit + &left_out
    }

    fn late(&self, days: u32, overdue: Option<i64>) -> String {
        match overdue.map(|minor| self.money(minor)) {
            None => self.either(
                format!("No new loan while another is more than {days} days past due."),
                format!("有贷款逾期超过 {days} 天的，不得发放新的贷款。"),
            ),
            Some(money) => self.either(
                format!(
                    "No new loan while another is more than {days} days past due with more than {money} overdue."
                ),
                format!("有贷款逾期超过 {days} 天且逾期金额超过 {money} 的，不得发放新的贷款。"),
            ),
        }
    }

    fn stretch(&self, rule: Indebtedness) -> String {
        let Indebtedness {
            days_above,
            wait_days,
            gap_days_at_most: gap,
        } = rule;
        self.either(
            format!(
                "After more than {days_above} days in debt without a break, no new loan until {wait_days} days after \
                 the debt ended; a loan made within {gap} days after all others were closed goes on with the count."
            ),
            format!(
                "连续负债超过 {days_above} 天的，在债务全部结清后 {wait_days} 日内不得发放新的贷款；全部结清后 {gap} \
                 日内又借款的，视为连续负债。"
            ),
        )
    }

    /// What counts; nothing where the condition looks at no loan, or at all of them.
    fn scope(&self, scope: &Scope, condition: &Condition) -> Option<String> {
        if matches!(condition, Condition::SelfExclusion) || *scope == Scope::default() {
            return None;
        }
        let mut parts = Vec::new();
        match scope.whose {
            Whose::All => {}
            Whose::Others => parts.push(self.either("of other lenders", "其他机构的")),
            Whose::Own => parts.push(self.either("of the lender itself", "本机构自己的")),
        }
        if scope.unsecured_only {
            parts.push(self.either("unsecured", "无担保的"));
        }
        if !scope.product_types.is_empty() {
            let names: Vec<&str> = scope
                .product_types
                .iter()
                .map(|product| product.as_str())
                .collect();
            let names = names.join(", ");
            parts.push(self.either(format!("products {names}"), format!("产品类型 {names}")));
        }
        if !scope.lender_groups.is_empty() {
            let names: Vec<&str> = scope.lender_groups.iter().map(|group| group.as_str()).collect();
            let names = names.join(", ");
            parts.push(self.either(format!("lenders of {names}"), format!("机构类别 {names}")));
        }
        Some(self.either(
            format!("Only loans that count: {}.", parts.join("; ")),
            format!("仅计入：{}。", parts.join("；")),
        ))
    }

    fn money(&self, minor: i64) -> String {
        format!("{} {}", amount(minor, self.currency.exponent()), self.currency)
    }
}
