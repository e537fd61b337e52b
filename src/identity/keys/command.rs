//! Keys from a command instead of a file: how a KMS or an HSM is attached.
//!
//! The command is a program and its arguments, run without a shell, with nothing on its input; its standard error goes to
//! ours. It runs at start-up only and may take as long as it needs (a smart card may ask for a touch).

use std::collections::BTreeMap;
use std::io::Read as _;
use std::process::{Command, Stdio};

use zeroize::Zeroizing;

use super::error::CommandProblem;
use super::{KeyError, KeyName, hex};

/// Most bytes read of a command's output: a key's text and some white space.
const OUTPUT_BYTES_MAX: usize = 1_024;

/// Which keys come from which command: program, then arguments.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct KeyCommands(BTreeMap<KeyName, Vec<String>>);

impl KeyCommands {
    /// From the configuration's table of key names (`master-v1`, `tweak`, `seal`, `checkpoint`).
    ///
    /// # Errors
    /// The first name that is no key's.
    pub fn parse(table: BTreeMap<String, Vec<String>>) -> Result<Self, String> {
        let mut commands = BTreeMap::new();
        for (text, command) in table {
            let Some(name) = KeyName::parse(&text) else {
                return Err(text);
            };
            commands.insert(name, command);
        }
        Ok(Self(commands))
    }

    pub(super) fn has(&self, name: KeyName) -> bool {
        self.0.contains_key(&name)
    }

    /// The keys that come from commands.
    pub(super) fn names(&self) -> impl Iterator<Item = KeyName> {
        self.0.keys().copied()
    }

    /// The key that its command prints; `None` when the key has no command.
    pub(super) fn run<const N: usize>(&self, name: KeyName) -> Result<Option<Zeroizing<[u8; N]>>, KeyError> {
        let Some(command) = self.0.get(&name) else {
            return Ok(None);
        };
        ask(command)
            .map(Some)
            .map_err(|problem| KeyError::Command { name, problem })
    }
}

/// The key that a command prints.
pub(super) fn ask<const N: usize>(command: &[String]) -> Result<Zeroizing<[u8; N]>, CommandProblem> {
    hex::parse(&run(command)?).ok_or(CommandProblem::Output)
}

fn run(command: &[String]) -> Result<Zeroizing<Vec<u8>>, CommandProblem> {
    let (program, arguments) = command.split_first().ok_or(CommandProblem::Empty)?;
    let mut child = Command::new(program)
        .args(arguments)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .spawn()
        .map_err(CommandProblem::Start)?;
    let mut output = Zeroizing::new(vec![0; OUTPUT_BYTES_MAX]);
    let mut length = 0;
    let read = child.stdout.take().map_or(Ok(()), |mut pipe| {
        while length < OUTPUT_BYTES_MAX {
            match pipe.read(output.get_mut(length..).unwrap_or_default())? {
                0 => break,
                more => length += more,
            }
        }
        Ok(())
    });
    // The pipe is closed by now: a command that prints on and on ends instead of waiting for us.
    let status = child.wait().map_err(CommandProblem::Start)?;
    read.map_err(CommandProblem::Start)?;
    if length == OUTPUT_BYTES_MAX {
        return Err(CommandProblem::Output);
    }
    if !status.success() {
        return Err(CommandProblem::Status(status));
    }
    output.truncate(length);
    Ok(output)
}
