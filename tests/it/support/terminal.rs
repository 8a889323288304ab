//! The program at a pseudo terminal.

use std::fs::File;
use std::io::{Read, Write};
use std::path::Path;
use std::process::{Command, ExitStatus};

use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};

use super::binary::command;

/// The program at a pseudo terminal.
pub struct Terminal;

impl Terminal {
    /// Runs it, types `answer` once it has said `prompt`, and returns how it ended and what was shown.
    pub fn run(dir: &Path, args: &[&str], prompt: &str, answer: &str) -> (ExitStatus, String) {
        let control = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY).expect("a pseudo terminal");
        grantpt(&control).expect("granted");
        unlockpt(&control).expect("unlocked");
        let name = ptsname(&control, Vec::new()).expect("it has a name").into_string().expect("UTF-8");
        let open = || File::options().read(true).write(true).open(&name).expect("the terminal opens");
        let home = tempfile::tempdir().expect("a directory");
        // `setsid -c` makes the terminal the one that an interrupt comes from.
        let mut program = command(home.path());
        let mut session = Command::new("setsid");
        session.args(["-c", "-w"]).arg(program.get_program()).args(args).current_dir(dir);
        session.env_clear().envs(program.get_envs().filter_map(|(k, v)| Some((k, v?))));
        program = session;
        let mut child = program.stdin(open()).stdout(open()).stderr(open()).spawn().expect("the program starts");
        drop(program);
        let mut control = File::from(control);
        let mut shown = String::new();
        let mut buffer = [0; 4096];
        let mut answered = false;
        // Reading fails once the program has ended and nobody holds the terminal.
        while let Ok(count @ 1..) = control.read(&mut buffer) {
            shown += &String::from_utf8_lossy(&buffer[..count]);
            if !answered && shown.contains(prompt) {
                control.write_all(answer.as_bytes()).expect("it can be typed");
                answered = true;
            }
        }
        (child.wait().expect("it ends"), shown)
    }
}
