//! One-time links for people whose browser holds no certificate.
//!
//! A link is a secret of 256 bits. The data folder keeps its SHA-256 as the name of a file, which says whom it lets in and
//! until when; the secret itself is kept nowhere. To spend a link is to take that file away, which the file system lets one
//! do only once, whatever happens at the same time or restarts in between.
//!
//! Why not a signed token: it needs a key that can be stolen and makes links for ever, and a list of spent ones besides. Here
//! there is nothing to steal, nothing can be forged without writing to the data folder (where the keys of the whole service
//! are), a link can be taken back by removing its file, and no secret is ever compared: a guess names a file that is not there.

use std::fs::{self, DirBuilder, File, OpenOptions};
use std::io::{self, Read as _, Write as _};
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _};
use std::path::PathBuf;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use sha2::{Digest as _, Sha256};
use zeroize::Zeroizing;

use crate::domain::clock::Entropy;
use crate::domain::date::Timestamp;
use crate::domain::names::MemberId;

/// Minutes that a link is good for at most.
pub const LINK_MINUTES_MAX: u32 = 15;
/// Links that may wait to be spent.
const WAITING_MAX: usize = 100;
/// Bytes of a link's secret.
const SECRET_BYTES: usize = 32;
/// Letters of a link's secret as it is written.
const SECRET_LETTERS: usize = 43;
/// The most bytes of a link's file.
const FILE_BYTES_MAX: u64 = 256;
/// What follows the name of a file that is being spent.
const SPENT: &str = "spent";

/// Why a link is not made, or lets nobody in.
#[derive(Debug, thiserror::Error)]
pub enum LinkError {
    /// The folder does not do what it should.
    #[error(
        "the folder of login links {folder} cannot be used ({reason}): run as the service's own user, with its data folder"
    )]
    Folder {
        /// Which one.
        folder: PathBuf,
        /// The system's word for it.
        reason: io::ErrorKind,
    },
    /// Too many wait.
    #[error(
        "{WAITING_MAX} links wait to be used already: wait {LINK_MINUTES_MAX} minutes, then make another"
    )]
    TooMany,
    /// Spent before, forged, or taken back: nobody knows which.
    #[error("the link was used before, or never made")]
    Unknown,
    /// Its time is over.
    #[error("the link's time is over")]
    Expired,
}

/// The links of a data folder.
#[derive(Debug, Clone)]
pub struct Links {
    folder: PathBuf,
}

impl Links {
    /// Those of a service with this data folder.
    pub fn of(data: &std::path::Path) -> Self {
        Self {
            folder: data.join("web-links"),
        }
    }

    /// Makes a link for a member and returns its secret. Whether the member may look is judged when it is spent.
    ///
    /// # Errors
    /// The folder cannot be written, or too many links wait.
    pub fn make(
        &self,
        member_id: &MemberId,
        minutes: u32,
        now: Timestamp,
        entropy: &dyn Entropy,
    ) -> Result<Zeroizing<String>, LinkError> {
        let minutes = i64::from(minutes.clamp(1, LINK_MINUTES_MAX));
        let made = self.put(member_id, now, now.plus_seconds(minutes * 60), entropy);
        made.map_err(|error| self.broken(&error))?
    }

    fn put(
        &self,
        member_id: &MemberId,
        now: Timestamp,
        until: Timestamp,
        entropy: &dyn Entropy,
    ) -> io::Result<Result<Zeroizing<String>, LinkError>> {
        DirBuilder::new()
            .recursive(true)
            .mode(0o700)
            .create(&self.folder)?;
        if self.sweep(now)? >= WAITING_MAX {
            return Ok(Err(LinkError::TooMany));
        }
        let mut secret = Zeroizing::new([0; SECRET_BYTES]);
        entropy.fill(secret.as_mut_slice());
        let secret = Zeroizing::new(URL_SAFE_NO_PAD.encode(secret.as_slice()));
        let path = self.folder.join(name_of(&secret));
        let mut file = OpenOptions::new()
            .write(true)
            .create_new(true)
            .mode(0o600)
            .open(path)?;
        file.write_all(format!("{}\n{}\n", member_id.as_str(), until.micros()).as_bytes())?;
        file.sync_all()?;
        File::open(&self.folder)?.sync_all()?;
        Ok(Ok(secret))
    }

    /// Spends a link, for good on return: whom it lets in.
    ///
    /// # Errors
    /// It lets nobody in.
    pub fn spend(&self, secret: &str, now: Timestamp) -> Result<MemberId, LinkError> {
        if !is_secret(secret) {
            return Err(LinkError::Unknown);
        }
        let path = self.folder.join(name_of(secret));
        let taken = path.with_extension(SPENT);
        // Of several that try at once the file system lets one succeed.
        match fs::rename(&path, &taken) {
            Ok(()) => {}
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Err(LinkError::Unknown),
            Err(error) => return Err(self.broken(&error)),
        }
        let found = read(&taken);
        let gone = fs::remove_file(&taken).and_then(|()| File::open(&self.folder)?.sync_all());
        gone.map_err(|error| self.broken(&error))?;
        let (member_id, until) = found
            .map_err(|error| self.broken(&error))?
            .ok_or(LinkError::Unknown)?;
        let latest = now.plus_seconds(i64::from(LINK_MINUTES_MAX) * 60);
        if now > until || until > latest {
            return Err(LinkError::Expired);
        }
        Ok(member_id)
    }

    /// Removes what nobody can spend any more; returns how many wait.
    fn sweep(&self, now: Timestamp) -> io::Result<usize> {
        let mut waiting = 0;
        for entry in fs::read_dir(&self.folder)? {
            let path = entry?.path();
            let is_spent = path.extension().is_some_and(|extension| extension == SPENT);
            let until = read(&path).ok().flatten().map(|(_, until)| until);
            if is_spent || until.is_none_or(|until| now > until) {
                // The server may have been quicker.
                let _ = fs::remove_file(&path);
            } else {
                waiting += 1;
            }
        }
        Ok(waiting)
    }

    fn broken(&self, error: &io::Error) -> LinkError {
        LinkError::Folder {
            folder: self.folder.clone(),
            reason: error.kind(),
        }
    }
}

/// Whether a text looks like the secret of a link: only then it is ever shown or looked for.
pub fn is_secret(text: &str) -> bool {
    text.len() == SECRET_LETTERS
        && text
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || b"-_".contains(&byte))
}

fn name_of(secret: &str) -> String {
    let digest = Sha256::new()
        .chain_update(b"tallystick/v1/web-link")
        .chain_update(secret.as_bytes())
        .finalize();
    URL_SAFE_NO_PAD.encode(digest)
}

fn read(path: &std::path::Path) -> io::Result<Option<(MemberId, Timestamp)>> {
    let mut text = String::new();
    File::open(path)?.take(FILE_BYTES_MAX).read_to_string(&mut text)?;
    let mut lines = text.lines();
    let member_id = lines.next().and_then(MemberId::parse);
    let until = lines
        .next()
        .and_then(|line| line.parse().ok())
        .map(Timestamp::from_micros);
    Ok(member_id.zip(until))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::clock::{Clock as _, SystemClock};
    use crate::web::login::tests::COUNTING;

    fn start() -> Timestamp {
        Timestamp::from_micros(1_772_452_800_000_000)
    }

    fn made(links: &Links, minutes: u32) -> Zeroizing<String> {
        let member_id = MemberId::parse("regulator").unwrap();
        links.make(&member_id, minutes, start(), &COUNTING).unwrap()
    }

    #[test]
    fn a_link_is_spent_once() {
        let folder = tempfile::tempdir().unwrap();
        let links = Links::of(folder.path());
        let secret = made(&links, 15);
        assert!(is_secret(&secret));
        assert_eq!(links.spend(&secret, start()).unwrap().as_str(), "regulator");
        for _ in 0..2 {
            assert!(matches!(links.spend(&secret, start()), Err(LinkError::Unknown)));
        }
        assert_eq!(fs::read_dir(&links.folder).unwrap().count(), 0);
    }

    #[test]
    fn of_many_that_spend_a_link_at_once_one_succeeds() {
        let folder = tempfile::tempdir().unwrap();
        let links = Links::of(folder.path());
        let secret = made(&links, 15);
        let winners = std::thread::scope(|scope| {
            let spenders: Vec<_> = (0..8)
                .map(|_| scope.spawn(|| links.spend(&secret, start()).is_ok()))
                .collect();
            spenders
                .into_iter()
                .map(|spender| spender.join().unwrap())
                .filter(|won| *won)
                .count()
        });
        assert_eq!(winners, 1);
    }

    #[test]
    fn a_link_is_good_until_its_last_microsecond() {
        let folder = tempfile::tempdir().unwrap();
        let links = Links::of(folder.path());
        for (minutes, good) in [(1, 60), (15, 900), (1_000, 900)] {
            let end = start().plus_seconds(good);
            assert!(links.spend(&made(&links, minutes), end).is_ok());
            let late = links.spend(&made(&links, minutes), end.next());
            assert!(matches!(late, Err(LinkError::Expired)), "{late:?}");
        }
    }

    #[test]
    fn what_is_no_secret_is_never_looked_for() {
        let folder = tempfile::tempdir().unwrap();
        let links = Links::of(folder.path());
        let secret = made(&links, 15);
        let near = [
            String::new(),
            secret[1..].to_owned(),
            format!("{}=", *secret),
            format!("../{}", &secret[3..]),
            format!("{}\u{e9}", &secret[2..]),
        ];
        for text in near {
            assert!(
                matches!(links.spend(&text, start()), Err(LinkError::Unknown)),
                "{text}"
            );
        }
        assert!(links.spend(&secret, start()).is_ok());
    }

    #[test]
    fn the_secret_is_kept_nowhere_and_files_are_for_their_owner_alone() {
        use std::os::unix::fs::PermissionsExt as _;
        let folder = tempfile::tempdir().unwrap();
        let links = Links::of(folder.path());
        let secret = made(&links, 15);
        let mode = |path: &std::path::Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
        assert_eq!(mode(&links.folder), 0o700);
        for entry in fs::read_dir(&links.folder).unwrap() {
            let path = entry.unwrap().path();
            assert_eq!(mode(&path), 0o600);
            let text = format!("{}{}", path.display(), fs::read_to_string(&path).unwrap());
            assert!(!text.contains(&**secret));
        }
    }

    #[test]
    fn links_that_wait_are_limited_and_swept_when_their_time_is_over() {
        let folder = tempfile::tempdir().unwrap();
        let links = Links::of(folder.path());
        let member_id = MemberId::parse("regulator").unwrap();
        for _ in 0..WAITING_MAX {
            made(&links, 15);
        }
        let more = |now| links.make(&member_id, 15, now, &COUNTING);
        assert!(matches!(more(start()), Err(LinkError::TooMany)));
        assert!(more(start().plus_seconds(901)).is_ok());
        assert_eq!(fs::read_dir(&links.folder).unwrap().count(), 1);
    }

    #[test]
    fn a_file_that_claims_more_than_a_link_may_last_lets_nobody_in() {
        let folder = tempfile::tempdir().unwrap();
        let links = Links::of(folder.path());
        let member_id = MemberId::parse("regulator").unwrap();
        let now = SystemClock.now();
        let later = now.plus_seconds(3_600);
        let secret = links.put(&member_id, now, later, &COUNTING).unwrap().unwrap();
        assert!(matches!(links.spend(&secret, now), Err(LinkError::Expired)));
    }
}
