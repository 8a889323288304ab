//! What the language server knows, and its answers.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use lsp_server::{ErrorCode, ExtractError, Message, Notification, Request, Response};
use lsp_types::notification::{
    DidChangeTextDocument, DidChangeWatchedFiles, DidCloseTextDocument, DidOpenTextDocument, DidSaveTextDocument,
    Notification as _, PublishDiagnostics,
};
use lsp_types::request::{GotoDefinition, HoverRequest, PrepareRenameRequest, Rename, Request as _};
use lsp_types::{
    DiagnosticRelatedInformation, DiagnosticSeverity, GotoDefinitionResponse, Hover, HoverContents,
    HoverProviderCapability, Location, MarkupContent, MarkupKind, NumberOrString, OneOf, PositionEncodingKind,
    PrepareRenameResponse, PublishDiagnosticsParams, Range, RenameOptions, ServerCapabilities,
    TextDocumentPositionParams, TextDocumentSyncCapability, TextDocumentSyncKind, TextEdit, WorkspaceEdit,
};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use super::super::connection::Connection;
use super::super::output::Output;
use super::super::{Files, here};
use super::place::{Unit, changed, path, uri};
use crate::declare::project::{SETTINGS, is_here, root};
use crate::diagnostic::{Diagnostic, Diagnostics, FileId, Span};
use crate::ops::editor::{self, Page, Place};
use crate::plan::Planned;

/// How long a comparison with the database holds.
const FRESH: Duration = Duration::from_secs(10);

/// How long a database that could not be reached is left alone.
const AGAIN: Duration = Duration::from_mins(1);

/// Where messages go.
type Sender = Box<dyn Fn(Message)>;

/// The server.
pub struct Server<'a> {
    files: &'a Files,
    connection: &'a Connection,
    output: &'a Output,
    sender: Sender,
    unit: Unit,
    /// The texts that the editor holds.
    texts: BTreeMap<PathBuf, String>,
    /// Projects as they were read last, by their directories.
    pages: HashMap<PathBuf, Page>,
    /// The same compared with their databases, and when that was.
    compared: HashMap<PathBuf, (Instant, Option<Planned>)>,
    /// The files of each project that problems were told of.
    told: HashMap<PathBuf, BTreeSet<PathBuf>>,
    /// Projects that have changed since.
    changed: BTreeSet<PathBuf>,
}

/// A place in a page.
struct At<'p> {
    directory: PathBuf,
    page: &'p Page,
    file: FileId,
    byte: usize,
}

impl<'a> Server<'a> {
    /// A server that was told of no file yet.
    pub fn new(files: &'a Files, connection: &'a Connection, output: &'a Output, sender: Sender) -> Self {
        Self {
            files,
            connection,
            output,
            sender,
            unit: Unit::Utf16,
            texts: BTreeMap::new(),
            pages: HashMap::new(),
            compared: HashMap::new(),
            told: HashMap::new(),
            changed: BTreeSet::new(),
        }
    }

    /// What it can do, for an editor that says what it can.
    pub fn begin(&mut self, asked: &Value) -> Value {
        let known = &asked["capabilities"]["general"]["positionEncodings"];
        if known.as_array().is_some_and(|list| list.iter().any(|unit| unit == "utf-8")) {
            self.unit = Unit::Utf8;
        }
        let capabilities = ServerCapabilities {
            position_encoding: Some(match self.unit {
                Unit::Utf8 => PositionEncodingKind::UTF8,
                Unit::Utf16 => PositionEncodingKind::UTF16,
            }),
            text_document_sync: Some(TextDocumentSyncCapability::Kind(TextDocumentSyncKind::FULL)),
            hover_provider: Some(HoverProviderCapability::Simple(true)),
            definition_provider: Some(OneOf::Left(true)),
            rename_provider: Some(OneOf::Right(RenameOptions {
                prepare_provider: Some(true),
                work_done_progress_options: lsp_types::WorkDoneProgressOptions::default(),
            })),
            ..ServerCapabilities::default()
        };
        let info = json!({ "name": "dbstate", "version": env!("CARGO_PKG_VERSION") });
        json!({ "capabilities": capabilities, "serverInfo": info })
    }

    /// Takes one message.
    pub async fn take(&mut self, message: Message) {
        match message {
            Message::Request(request) => self.answer(request).await,
            Message::Notification(notification) => self.note(notification),
            Message::Response(_) => {}
        }
    }

    fn note(&mut self, notification: Notification) {
        match notification.method.as_str() {
            DidOpenTextDocument::METHOD => self.noted::<DidOpenTextDocument>(notification, |server, it| {
                server.set(&it.text_document.uri, Some(it.text_document.text));
            }),
            DidChangeTextDocument::METHOD => self.noted::<DidChangeTextDocument>(notification, |server, it| {
                let text = it.content_changes.into_iter().last().map(|change| change.text);
                server.set(&it.text_document.uri, text);
            }),
            DidCloseTextDocument::METHOD => self.noted::<DidCloseTextDocument>(notification, |server, it| {
                server.set(&it.text_document.uri, None);
            }),
            DidSaveTextDocument::METHOD | DidChangeWatchedFiles::METHOD => {
                self.changed.extend(self.pages.keys().cloned());
            }
            _ => {}
        }
    }

    fn noted<N>(&mut self, notification: Notification, take: impl FnOnce(&mut Self, N::Params))
    where
        N: lsp_types::notification::Notification,
        N::Params: DeserializeOwned,
    {
        if let Ok(params) = notification.extract::<N::Params>(N::METHOD) {
            take(self, params);
        }
    }

    /// Takes the text of a file, or lets the file itself count again.
    fn set(&mut self, uri: &lsp_types::Uri, text: Option<String>) {
        let Some(path) = path(uri) else { return };
        self.changed.insert(self.directory(&path));
        match text {
            Some(text) => _ = self.texts.insert(path, text),
            None => _ = self.texts.remove(&path),
        }
    }

    /// Where the project of a file is: where its settings are, else where a project is by its other files.
    fn directory(&self, path: &Path) -> PathBuf {
        let beside = path.parent().unwrap_or(Path::new("/"));
        if !self.files.file.is_empty() {
            return here();
        }
        let with_settings = Some(root(beside)).filter(|directory| directory.join(SETTINGS).is_file());
        let with_files = || beside.ancestors().find(|directory| is_here(directory)).map(Path::to_owned);
        with_settings.or_else(with_files).unwrap_or_else(|| beside.to_owned())
    }

    /// Reads what changed, and says what is wrong there.
    pub fn publish(&mut self) {
        for directory in std::mem::take(&mut self.changed) {
            self.compared.remove(&directory);
            let page = editor::open(self.place(&directory));
            let mut by_file: BTreeMap<PathBuf, Vec<lsp_types::Diagnostic>> = BTreeMap::new();
            for problem in page.problems.iter() {
                if let Some((path, problem)) = self.problem(problem, &page) {
                    by_file.entry(path).or_default().push(problem);
                }
            }
            let now: BTreeSet<PathBuf> = by_file.keys().cloned().collect();
            let before = self.told.insert(directory.clone(), now).unwrap_or_default();
            for path in before {
                by_file.entry(path).or_default();
            }
            for (path, diagnostics) in by_file {
                let Some(uri) = uri(&path) else { continue };
                let params = PublishDiagnosticsParams { uri, diagnostics, version: None };
                self.send(Notification::new(PublishDiagnostics::METHOD.to_owned(), params));
            }
            self.pages.insert(directory, page);
        }
    }

    fn place(&self, directory: &Path) -> Place {
        Place {
            explicit: self.files.file.iter().map(|path| here().join(path)).collect(),
            directory: directory.to_owned(),
            reading: self.files.reading(self.connection.environment()),
            unsaved: self.texts.clone(),
        }
    }

    /// A problem as the protocol has it, and the file that it is in.
    fn problem(&self, diagnostic: &Diagnostic, page: &Page) -> Option<(PathBuf, lsp_types::Diagnostic)> {
        let sources = &page.project.sources;
        let mut labels = diagnostic.labels.iter();
        let (file, range) = match labels.next() {
            Some(label) => (label.span.file, self.range(page, label.span)),
            None => (page.project.settings_file.or_else(|| page.project.files.first().copied())?, Range::default()),
        };
        let related = labels.filter_map(|label| {
            let message = if label.text.is_empty() { "and here".to_owned() } else { label.text.clone() };
            Some(DiagnosticRelatedInformation { location: self.location(page, label.span)?, message })
        });
        let problem = &diagnostic.problem;
        let help = problem.help.as_ref().map(|help| format!("\nhelp: {help}")).unwrap_or_default();
        let told = lsp_types::Diagnostic {
            range,
            severity: Some(DiagnosticSeverity::ERROR),
            code: Some(NumberOrString::String(problem.code.as_str().to_owned())),
            source: Some("dbstate".to_owned()),
            message: format!("{}{help}", problem.message),
            related_information: Some(related.collect()),
            ..lsp_types::Diagnostic::default()
        };
        Some((sources.path(file).to_owned(), told))
    }

    fn range(&self, page: &Page, span: Span) -> Range {
        self.unit.range(&page.project.sources.get(span.file).text, span.start as usize, span.end as usize)
    }

    fn location(&self, page: &Page, span: Span) -> Option<Location> {
        Some(Location { uri: uri(page.project.sources.path(span.file))?, range: self.range(page, span) })
    }

    async fn answer(&mut self, request: Request) {
        self.publish();
        match request.method.as_str() {
            HoverRequest::METHOD => {
                let Some((id, it)) = self.asked::<HoverRequest>(request) else { return };
                let hover = self.hover(&it.text_document_position_params).await;
                self.reply(id, Ok(hover));
            }
            GotoDefinition::METHOD => {
                let Some((id, it)) = self.asked::<GotoDefinition>(request) else { return };
                let found = self.definition(&it.text_document_position_params);
                self.reply(id, Ok(found.map(GotoDefinitionResponse::Scalar)));
            }
            PrepareRenameRequest::METHOD => {
                let Some((id, it)) = self.asked::<PrepareRenameRequest>(request) else { return };
                let answer = self.renamable(&it);
                self.reply(id, answer);
            }
            Rename::METHOD => {
                let Some((id, it)) = self.asked::<Rename>(request) else { return };
                let answer = self.rename(&it.text_document_position, &it.new_name);
                self.reply(id, answer);
            }
            other => {
                let message = format!("`{other}` is not answered");
                self.send(Response::new_err(request.id, ErrorCode::MethodNotFound as i32, message));
            }
        }
    }

    /// What a request asks; nothing where it asks in a shape that it does not have, which is answered.
    fn asked<R>(&self, request: Request) -> Option<(lsp_server::RequestId, R::Params)>
    where
        R: lsp_types::request::Request,
        R::Params: DeserializeOwned,
    {
        let id = request.id.clone();
        match request.extract::<R::Params>(R::METHOD) {
            Ok(asked) => Some(asked),
            Err(ExtractError::MethodMismatch(_)) => None,
            Err(ExtractError::JsonError { error, .. }) => {
                self.send(Response::new_err(id, ErrorCode::InvalidParams as i32, error.to_string()));
                None
            }
        }
    }

    fn reply<T: Serialize>(&self, id: lsp_server::RequestId, answer: Result<T, Diagnostics>) {
        self.send(match answer {
            Ok(answer) => Response::new_ok(id, answer),
            Err(problems) => {
                let list: Vec<&str> = problems.iter().map(|d| d.problem.message.as_str()).collect();
                Response::new_err(id, ErrorCode::RequestFailed as i32, list.join("; "))
            }
        });
    }

    /// Sends a message.
    fn send(&self, message: impl Into<Message>) {
        (self.sender)(message.into());
    }

    /// The page of a place, and where it is in it.
    fn at(&self, it: &TextDocumentPositionParams) -> Option<At<'_>> {
        let path = path(&it.text_document.uri)?;
        let directory = self.directory(&path);
        let page = self.pages.get(&directory)?;
        let file = page.file(&path)?;
        let byte = self.unit.byte(&page.project.sources.get(file).text, it.position);
        Some(At { directory, page, file, byte })
    }

    async fn hover(&mut self, it: &TextDocumentPositionParams) -> Option<Hover> {
        let directory = self.at(it)?.directory;
        Box::pin(self.compare(&directory)).await;
        let At { page, file, byte, .. } = self.at(it)?;
        let live = self.compared.get(&directory).and_then(|(_, planned)| planned.as_ref());
        let value = page.hover(file, byte, live)?;
        let contents = HoverContents::Markup(MarkupContent { kind: MarkupKind::Markdown, value });
        Some(Hover { contents, range: None })
    }

    /// Compares a project with its database, where something says which that is and the last time is some time ago.
    async fn compare(&mut self, directory: &Path) {
        let Some(page) = self.pages.get(directory) else { return };
        let is_fresh = self
            .compared
            .get(directory)
            .is_some_and(|(then, planned)| then.elapsed() < if planned.is_some() { FRESH } else { AGAIN });
        let settings = &page.project.settings;
        if is_fresh || !page.problems.is_empty() || !self.connection.is_said(settings) {
            return;
        }
        let planned = match self.connection.open(settings, self.output).await {
            Ok(session) => page.compare(&session).await.ok(),
            Err(_) => None,
        };
        self.compared.insert(directory.to_owned(), (Instant::now(), planned));
    }

    fn definition(&self, it: &TextDocumentPositionParams) -> Option<Location> {
        let At { page, file, byte, .. } = self.at(it)?;
        self.location(page, page.definition(file, byte)?)
    }

    fn renamable(&self, it: &TextDocumentPositionParams) -> Result<Option<PrepareRenameResponse>, Diagnostics> {
        let Some(At { page, file, byte, .. }) = self.at(it) else { return Ok(None) };
        let Some((_, placeholder)) = page.renamable(file, byte)? else { return Ok(None) };
        let text = &page.project.sources.get(file).text;
        let (start, end) = editor::word(text, byte);
        Ok(Some(PrepareRenameResponse::RangeWithPlaceholder { range: self.unit.range(text, start, end), placeholder }))
    }

    fn rename(&self, it: &TextDocumentPositionParams, name: &str) -> Result<Option<WorkspaceEdit>, Diagnostics> {
        let Some(At { page, file, byte, .. }) = self.at(it) else { return Ok(None) };
        let sources = &page.project.sources;
        #[expect(clippy::mutable_key_type, reason = "the protocol's own type has URIs for keys, which nobody changes")]
        let mut changes = HashMap::new();
        for (path, new) in page.rename(file, byte, name)? {
            let old = page.file(&path).map(|file| sources.get(file).text.clone()).unwrap_or_default();
            let (start, end, text) = changed(&old, &new);
            let edit = TextEdit { range: self.unit.range(&old, start, end), new_text: text.to_owned() };
            changes.extend(uri(&path).map(|uri| (uri, vec![edit])));
        }
        Ok(Some(WorkspaceEdit { changes: Some(changes), ..WorkspaceEdit::default() }))
    }
}
