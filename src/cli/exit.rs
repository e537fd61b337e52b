//! Exit codes, stable for scripts, and how errors are told.

use std::process::ExitCode;

use crate::client::{ClientError, Code};

/// Why a command ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Exit {
    /// Done.
    Done = 0,
    /// Refused or failed: trying again changes nothing.
    Failed = 1,
    /// The command line was wrong (clap's own code).
    Usage = 2,
    /// The service cannot be reached or is busy: try again later.
    Unavailable = 3,
    /// The service does not let you: certificate, role or consent.
    NotAllowed = 4,
    /// Done in part: some of what was given was not taken, and is told apart.
    Partly = 5,
}

/// An end that is no error of a call, with its code.
#[derive(Debug, thiserror::Error)]
#[error("{message}")]
pub struct Ending {
    /// The code.
    pub exit: Exit,
    /// For people.
    pub message: String,
}

impl Exit {
    /// The code of an error.
    pub fn of(error: &anyhow::Error) -> Self {
        if let Some(ending) = error.downcast_ref::<Ending>() {
            return ending.exit;
        }
        match error.downcast_ref::<ClientError>() {
            Some(ClientError::Refused(refusal)) => match refusal.code {
                Code::Unavailable | Code::DeadlineExceeded | Code::ResourceExhausted | Code::Aborted => {
                    Self::Unavailable
                }
                Code::Unauthenticated | Code::PermissionDenied => Self::NotAllowed,
                _ => Self::Failed,
            },
            Some(ClientError::Connection(_)) => Self::Unavailable,
            Some(_) | None => Self::Failed,
        }
    }
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        match exit {
            Exit::Done => Self::from(0),
            Exit::Failed => Self::from(1),
            Exit::Usage => Self::from(2),
            Exit::Unavailable => Self::from(3),
            Exit::NotAllowed => Self::from(4),
            Exit::Partly => Self::from(5),
        }
    }
}

/// Tells an error to a person, with every broken rule of a refusal.
pub fn tell(error: &anyhow::Error) {
    eprintln!("error: {error}");
    for cause in error.chain().skip(1) {
        eprintln!("  because: {cause}");
    }
    if let Some(ClientError::Refused(refusal)) = error.downcast_ref::<ClientError>() {
        for (field, reason, description) in &refusal.violations {
            eprintln!("  {reason} at {field}: {description}");
        }
        if let Some(after) = refusal.retry_after {
            eprintln!("  try again in {} s", after.as_secs().max(1));
        }
        if let Some(id) = &refusal.request_id {
            eprintln!("  the operator finds this call as {id}");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::client::Refusal;

    #[test]
    fn statuses_have_the_exit_codes_that_the_documentation_says() {
        let cases = [
            (Code::InvalidArgument, Exit::Failed),
            (Code::FailedPrecondition, Exit::Failed),
            (Code::NotFound, Exit::Failed),
            (Code::Unavailable, Exit::Unavailable),
            (Code::ResourceExhausted, Exit::Unavailable),
            (Code::Unauthenticated, Exit::NotAllowed),
            (Code::PermissionDenied, Exit::NotAllowed),
        ];
        for (code, exit) in cases {
            let refusal = Refusal::of_code(code);
            let error = anyhow::Error::from(ClientError::Refused(Box::new(refusal)));
            assert_eq!(Exit::of(&error), exit, "{code:?}");
        }
    }

    #[test]
    fn an_ending_has_its_own_code_whatever_is_said_around_it() {
        let ending = Ending {
            exit: Exit::Partly,
            message: "3 of 10 records were not taken".to_owned(),
        };
        let error = anyhow::Error::from(ending).context("the upload");
        assert_eq!(Exit::of(&error), Exit::Partly);
    }
}
