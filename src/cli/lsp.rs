//! `dbstate lsp`: the language server, over standard input and output.

mod place;
mod server;

use clap::Args;

use super::connection::Connection;
use super::output::Output;
use super::{Failure, Files, exit};
use crate::diagnostic::{Code, Diagnostic, Result};
use lsp_server::{Message, ProtocolError};
use server::Server;

/// Flags of `dbstate lsp`.
#[derive(Debug, Args)]
pub struct Command {
    #[command(flatten)]
    files: Files,
    #[command(flatten)]
    connection: Connection,
}

impl Command {
    /// Answers an editor until it says that it is done.
    pub async fn run(&self, output: &Output) -> Result<u8, Failure> {
        let (connection, threads) = lsp_server::Connection::stdio();
        let sender = connection.sender.clone();
        // An editor that is gone needs no answer.
        let send = Box::new(move |message| _ = sender.send(message));
        let mut server = Server::new(&self.files, &self.connection, output, send);
        let (id, asked) = connection.initialize_start().map_err(|error| broken(&error))?;
        let answer = server.begin(&asked);
        connection.initialize_finish(id, answer).map_err(|error| broken(&error))?;
        // Messages come from a thread of their own: sessions with the database are driven by this one.
        let (send, mut messages) = tokio::sync::mpsc::unbounded_channel();
        std::thread::spawn(move || {
            for message in &connection.receiver {
                let ends = matches!(&message, Message::Request(request) if connection.handle_shutdown(request).unwrap_or(true));
                if ends || send.send(message).is_err() {
                    break;
                }
            }
        });
        while let Some(message) = messages.recv().await {
            server.take(message).await;
            // What is typed while an answer is made is looked at once.
            while let Ok(message) = messages.try_recv() {
                server.take(message).await;
            }
            server.publish();
        }
        drop(server);
        // A reader that waits for a closed input has nothing more to say.
        drop(threads);
        Ok(exit::OK)
    }
}

/// An editor that does not speak the protocol.
fn broken(error: &ProtocolError) -> Box<Diagnostic> {
    let message = format!("the editor does not speak the language server protocol: {error}");
    Box::new(Diagnostic::new(Code::Usage, message).help("`dbstate lsp` is for editors to start"))
}
