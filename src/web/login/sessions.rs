//! Sessions that links opened. They live in memory: a restart ends them all.
//!
//! A session's name is random and lies in the browser's cookie alone; here is its SHA-256, so that looking it up compares
//! nothing secret.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use sha2::{Digest as _, Sha256};
use zeroize::Zeroizing;

use crate::domain::clock::Entropy;
use crate::domain::date::Timestamp;
use crate::domain::names::MemberId;

/// Hours that a session lasts.
pub const SESSION_HOURS_MAX: i64 = 8;
/// Sessions at once; the one that ends first makes room.
const SESSIONS_MAX: usize = 1_000;
/// Bytes of a session's name.
const NAME_BYTES: usize = 32;

#[derive(Debug)]
struct Session {
    member_id: MemberId,
    until: Timestamp,
}

/// Who is logged in by a link.
#[derive(Debug, Default)]
pub struct Sessions(Mutex<BTreeMap<[u8; 32], Session>>);

impl Sessions {
    /// Opens one; returns its name for the cookie.
    pub fn open(&self, member_id: MemberId, now: Timestamp, entropy: &dyn Entropy) -> Zeroizing<String> {
        let mut name = Zeroizing::new([0; NAME_BYTES]);
        entropy.fill(name.as_mut_slice());
        let name = Zeroizing::new(URL_SAFE_NO_PAD.encode(name.as_slice()));
        let until = now.plus_seconds(SESSION_HOURS_MAX * 3_600);
        let mut sessions = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        sessions.retain(|_, session| session.until >= now);
        if sessions.len() >= SESSIONS_MAX {
            let first = sessions
                .iter()
                .min_by_key(|(_, session)| session.until)
                .map(|(key, _)| *key);
            first.map(|key| sessions.remove(&key));
        }
        sessions.insert(key_of(&name), Session { member_id, until });
        name
    }

    /// Whose session it is, while it lasts.
    pub fn find(&self, name: &str, now: Timestamp) -> Option<MemberId> {
        let sessions = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let session = sessions
            .get(&key_of(name))
            .filter(|session| session.until >= now)?;
        Some(session.member_id.clone())
    }

    /// Ends it.
    pub fn close(&self, name: &str) {
        let mut sessions = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        sessions.remove(&key_of(name));
    }
}

fn key_of(name: &str) -> [u8; 32] {
    Sha256::digest(name.as_bytes()).into()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::web::login::tests::COUNTING;

    fn start() -> Timestamp {
        Timestamp::from_micros(1_772_452_800_000_000)
    }

    fn member(name: &str) -> MemberId {
        MemberId::parse(name).unwrap()
    }

    #[test]
    fn a_session_lasts_its_hours_and_ends_when_it_is_closed() {
        let sessions = Sessions::default();
        let name = sessions.open(member("regulator"), start(), &COUNTING);
        let end = start().plus_seconds(8 * 3_600);
        assert_eq!(sessions.find(&name, start()), Some(member("regulator")));
        assert_eq!(sessions.find(&name, end), Some(member("regulator")));
        assert_eq!(sessions.find(&name, end.next()), None);
        assert_eq!(sessions.find("another", start()), None);
        sessions.close(&name);
        assert_eq!(sessions.find(&name, start()), None);
    }

    #[test]
    fn one_more_than_there_is_room_for_ends_the_oldest() {
        let sessions = Sessions::default();
        let open = |number: i64| sessions.open(member("regulator"), start().plus_seconds(number), &COUNTING);
        let (first, second) = (open(0), open(1));
        for number in 2..i64::try_from(SESSIONS_MAX).unwrap() {
            open(number);
        }
        assert!(sessions.find(&first, start()).is_some());
        open(i64::try_from(SESSIONS_MAX).unwrap());
        assert!(sessions.find(&first, start()).is_none());
        assert!(sessions.find(&second, start()).is_some());
    }
}
