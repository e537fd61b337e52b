//! What is wrong with a record and how to mend it, for the people who make the files: English and Chinese.
//!
//! One entry for each rule that a record can break. The rule alone says what is meant; what exactly the service saw is in
//! its own words, which are English and stand behind the English text. Nothing here knows a value of a record.

use super::Reason;
pub use crate::domain::language::Language;
use crate::domain::violation::Code;

/// What is wrong and how to mend it, in one language.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Advice {
    /// What is wrong.
    pub text: &'static str,
    /// How to mend it.
    pub fix: &'static str,
}

/// One reason for a reject file. `description` is what the service, or the reader of the file, said of it.
pub fn reason(code: &str, field: &str, description: &str, language: Language) -> Reason {
    let advice = Code::parse(code).and_then(|code| advice(code, language));
    let (text, fix) = match (advice, language) {
        (Some(advice), Language::English) if description.is_empty() => (advice.text.to_owned(), advice.fix),
        (Some(advice), Language::English) => (format!("{}: {description}", advice.text), advice.fix),
        (Some(advice), Language::Chinese) => (advice.text.to_owned(), advice.fix),
        // A rule of a later service: its own words are all there is.
        (None, Language::English) => (description.to_owned(), "mend what the text says"),
        (None, Language::Chinese) => (description.to_owned(), "请按说明修改后重新报送"),
    };
    Reason {
        code: code.to_owned(),
        field: field.to_owned(),
        text,
        fix: fix.to_owned(),
    }
}

/// The advice for a rule; `None` for rules that no record can break.
pub fn advice(code: Code, language: Language) -> Option<Advice> {
    let (_, english, chinese) = ADVICE.iter().find(|(known, _, _)| *known == code)?;
    let [text, fix] = *match language {
        Language::English => english,
        Language::Chinese => chinese,
    };
    Some(Advice { text, fix })
}

/// A rule, then in English and in Chinese what is wrong and how to mend it.
type Entry = (Code, [&'static str; 2], [&'static str; 2]);

#[rustfmt::skip]
const ADVICE: &[Entry] = &[
    // Fields by themselves.
    (Code::FieldRequired,
        ["a required field is empty",
         "fill the field in"],
        ["必填字段为空", "请填写该字段"]),
    (Code::EnumUnknown,
        ["the value is not one of the list",
         "take one of the names in the list of docs/files.md"],
        ["取值不在代码表内", "请使用代码表中的名称，见 docs/files.md"]),
    (Code::Format,
        ["the value has the wrong length, characters or range, or does not belong here",
         "write it as the text says"],
        ["格式、长度、字符或取值范围不符，或该字段不应填写", "请按字段说明的格式填写"]),
    (Code::DateInFuture,
        ["the date is later than today",
         "give the day on which it happened, and an as_of of today or before"],
        ["日期晚于今天", "请填写实际发生的日期，报告日期不得晚于今天"]),
    (Code::AmountNegative,
        ["the amount is negative",
         "report a credit balance as 0"],
        ["金额为负数", "贷方余额请填 0"]),
    (Code::AmountOverflow,
        ["the amount is above 10^15 minor units",
         "check the unit: an amount may have been multiplied twice"],
        ["金额超过 10^15 最小货币单位", "请检查金额单位，是否重复换算"]),
    (Code::Currency,
        ["the currency is not an ISO 4217 code in use",
         "write its three letters, such as CNY"],
        ["币种不是有效的 ISO 4217 代码", "请填写三位字母代码，如 CNY"]),
    (Code::PiiInFreeText,
        ["a reference or reason looks like a telephone number, an identity number or an e-mail address",
         "take a reference that names nobody"],
        ["编号或说明中疑似含有手机号、证件号或电子邮箱", "请改用不含个人信息的编号或说明"]),
    (Code::ProhibitedAttribute,
        ["a text names what the law forbids to collect",
         "remove what is said of religion, genes, fingerprints, blood type or illness"],
        ["文本涉及法律禁止采集的信息", "请删除有关宗教信仰、基因、指纹、血型、疾病的内容"]),
    // Fields against each other.
    (Code::DateOrder,
        ["dates contradict each other",
         "opened_on comes before matures_on and closed_on, next_due_on not before as_of"],
        ["日期先后矛盾", "开户日期应早于到期日和结清日，下一还款日不得早于报告日期"]),
    (Code::DpdAmountMismatch,
        ["days past due and overdue amounts do not go together",
         "give both, or leave both at 0"],
        ["逾期天数与逾期金额不一致", "两者应同时大于 0 或同时为 0"]),
    (Code::ClosedWithBalance,
        ["the account is closed and still owes",
         "report the balance as 0, or give the closure reason that leaves one"],
        ["账户已关闭但仍有余额", "请将余额填 0，或填写允许保留余额的关闭原因"]),
    (Code::BadDebtZeroOverdue,
        ["the account is bad debt and nothing of it is past due",
         "give the overdue amounts, or another status"],
        ["账户状态为呆账但逾期金额为 0", "请填写逾期金额，或更正账户状态"]),
    (Code::GuarantorMissing,
        ["the guarantee type needs a guarantor and none is liable",
         "add a liability with the role GUARANTOR, or correct the guarantee type"],
        ["担保方式需要保证人，但未填写", "请增加角色为 GUARANTOR 的责任人，或更正担保方式"]),
    (Code::GuarantorIsBorrower,
        ["the guarantor is one of the borrowers",
         "name who guarantees, or take the liability away"],
        ["保证人与借款人为同一人", "请填写真实的保证人，或删除该责任人"]),
    (Code::AdverseWithoutNotice,
        ["the account is overdue beyond its grace and no notice was sent",
         "send the notice, then give its reference and a day before as_of"],
        ["超过宽限期的逾期信息未事先告知借款人", "请先告知本人，再填写告知编号和早于报告日期的告知日期"]),
    (Code::LiabilityRoles,
        ["there is not exactly one PRIMARY, or it is not the first",
         "name the primary borrower first, and once"],
        ["主借款人应有且仅有一个，且排在第一位", "请将主借款人列为第一责任人，且只列一次"]),
    (Code::ClassDpd,
        ["the asset class is better than the days past due allow",
         "check the classification"],
        ["五级分类优于逾期天数对应的级别", "请核对资产分类"]),
    (Code::BalanceOverLimit,
        ["more is outstanding than the credit limit",
         "check limit and balance"],
        ["余额超过授信额度", "请核对额度和余额"]),
    (Code::BalanceOverOriginal,
        ["more is outstanding than was lent",
         "check the amount lent and the balance"],
        ["余额超过借款金额", "请核对借款金额和余额"]),
    // Who is liable, and under which consent.
    (Code::TokenTypeRepeated,
        ["one liability has two identifiers of one type",
         "keep the one that is valid, or use two liabilities"],
        ["同一责任人有两个同类标识", "请保留有效的一个，或拆分为两个责任人"]),
    (Code::TokenInvalid,
        ["the token is not what the service made",
         "give the identifier instead, or the token as it was made"],
        ["令牌无效", "请改填标识号码，或填写原始令牌"]),
    (Code::KeyVersionUnknown,
        ["the token's key version was never in use",
         "give the version that the token was made with"],
        ["令牌的密钥版本不存在", "请填写生成令牌时的密钥版本"]),
    (Code::KeyVersionRetired,
        ["the token's key version is not in use any more",
         "give the identifier instead: it is tokenised anew"],
        ["令牌的密钥版本已停用", "请改填标识号码，系统将重新生成令牌"]),
    (Code::IdentityKindMixed,
        ["an enterprise code stands together with a person's identifier",
         "use two liabilities"],
        ["企业代码与个人标识填在同一责任人下", "请拆分为两个责任人"]),
    (Code::IdentityConflict,
        ["the identifiers belong to different people on file",
         "look at the documents and give those of one person, or ask the operator if they are right"],
        ["所填标识在库中属于不同的人", "请核对证件，只填同一人的标识；如确认无误请联系运营方"]),
    (Code::IdentityChanged,
        ["the account has other people on file",
         "give those on file, or send a correction with correction_reason"],
        ["责任人标识与库中记录不同", "请填写库中的标识，或填写 correction_reason 作更正"]),
    (Code::ConsentMissing,
        ["the consent is missing",
         "give the reference under which the position may be shared"],
        ["缺少授权", "请填写信息共享授权的编号"]),
    (Code::ConsentExpired,
        ["the consent is not valid on this day",
         "obtain a new one and give its reference"],
        ["授权已过期或尚未生效", "请重新取得授权并填写编号"]),
    (Code::ConsentPurpose,
        ["the consent does not cover this purpose",
         "obtain one that does and give its reference"],
        ["授权范围不包括该用途", "请取得相应授权并填写编号"]),
    (Code::TokensNotEvaluated,
        ["more unknown people than tokens were evaluated",
         "give the identifiers instead of tokens"],
        ["令牌未经服务生成", "请改填标识号码"]),
    // Against what is on file.
    (Code::AccountUnknown,
        ["you have no account of this name",
         "check account_ref: only accounts on file can be corrected or deleted"],
        ["本机构没有该账户", "请核对账户编号，只能更正或删除已报送的账户"]),
    (Code::AccountTypeChanged,
        ["the account type differs from the one on file",
         "give the type on file: another kind of account has another account_ref"],
        ["账户类型与库中不同", "请填写原账户类型；不同类型请使用新的账户编号"]),
    (Code::TypeEventMismatch,
        ["the account type does not allow this change",
         "check what grew: extensions, or the principal of a collection"],
        ["账户类型不允许此变化", "请检查展期次数或催收账户的本金是否增加"]),
    (Code::ExtensionMonths,
        ["an extension was counted and the maturity did not move",
         "give the later matures_on, or the old extension_count"],
        ["展期次数增加但到期日未推后", "请填写新的到期日，或恢复原展期次数"]),
    (Code::StaleSequence,
        ["the record is older than what is on file",
         "nothing need be done, unless the past was wrong: then send a correction"],
        ["记录早于库中版本", "无需处理；如需更改历史请作更正报送"]),
    (Code::PairReused,
        ["the same as_of and sequence were sent with another content",
         "raise the sequence, or send a correction with correction_reason"],
        ["相同的报告日期和序号已有不同内容", "请增大序号，或填写 correction_reason 作更正"]),
    (Code::PairChanged,
        ["a correction carries another as_of and sequence than what it corrects",
         "give those of the version that was wrong"],
        ["更正记录的报告日期和序号与原版本不同", "请填写被更正版本的报告日期和序号"]),
    (Code::StatusTransition,
        ["a closed account cannot be open again",
         "check the status, and if the closure was wrong, send a correction with correction_reason"],
        ["已关闭的账户不能重新变为活动状态", "请核对状态；如关闭有误请填写 correction_reason 作更正"]),
    (Code::DpdJump,
        ["days past due grew faster than the calendar",
         "count from the oldest unpaid due date"],
        ["逾期天数增长快于日历天数", "请从最早未还款的应还日起计算"]),
    (Code::DofdReaged,
        ["the first delinquency moved later without a cure",
         "give the first day of this delinquency"],
        ["未结清逾期但首次逾期日期推后", "请填写本次逾期的首日"]),
    (Code::AccountDeleted,
        ["the account was deleted",
         "a correction of its last version restores it, and a new account has a new account_ref"],
        ["账户已被删除", "可更正其最后版本以恢复；新账户请使用新的编号"]),
    (Code::VersionSuperseded,
        ["the version was corrected already",
         "look at what is on file and correct the latest"],
        ["该版本已被更正", "请查看库中记录，更正最新版本"]),
    (Code::VersionUnknown,
        ["the account has no version with this as_of and sequence",
         "give those of the version that was wrong"],
        ["账户没有该报告日期和序号的版本", "请填写被更正版本的报告日期和序号"]),
];

#[cfg(test)]
mod tests;
