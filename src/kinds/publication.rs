//! A publication. See <https://www.postgresql.org/docs/current/sql-createpublication.html>.
//!
//! Its tables and schemas are objects of their own.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::part::{is_default, since};
use crate::diagnostic::{Code, Problem};
use crate::kind::{Alter, Cx, Form, Home, Identity, Kind, Misfit, Rules, Under, demands};
use crate::model::{Act, Address, Demand, HazardClass, KindName, PgVersion, State, Step};

/// A publication.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Publication {
    /// Every table, those made later included.
    #[serde(skip_serializing_if = "is_default")]
    pub all_tables: bool,
    /// Which changes.
    #[serde(skip_serializing_if = "is_every")]
    pub publish: Vec<Change>,
    /// Changes to a partition are published as changes to the partitioned table.
    #[serde(skip_serializing_if = "is_default")]
    pub via_root: bool,
    /// Generated columns that are stored are published, too; from PostgreSQL 18 on.
    #[serde(skip_serializing_if = "is_default")]
    pub generated_columns: Generated,
}

impl Default for Publication {
    fn default() -> Self {
        Self { all_tables: false, publish: Change::ALL.to_vec(), via_root: false, generated_columns: Generated::None }
    }
}

/// A sort of change.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Change {
    /// New rows.
    Insert,
    /// Changed rows.
    Update,
    /// Rows that go.
    Delete,
    /// Tables that are emptied.
    Truncate,
}

impl Change {
    const ALL: [Self; 4] = [Self::Insert, Self::Update, Self::Delete, Self::Truncate];

    fn word(self) -> &'static str {
        match self {
            Self::Insert => "insert",
            Self::Update => "update",
            Self::Delete => "delete",
            Self::Truncate => "truncate",
        }
    }
}

/// Which computed columns are published.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Generated {
    /// None.
    #[default]
    None,
    /// Those that are stored.
    Stored,
}

#[expect(clippy::ptr_arg, reason = "serde passes a reference to the field")]
fn is_every(publish: &Vec<Change>) -> bool {
    sorted(publish) == Change::ALL
}

fn sorted(publish: &[Change]) -> Vec<Change> {
    let mut list = publish.to_vec();
    list.sort_unstable();
    list.dedup();
    list
}

impl Kind for Publication {
    const NAME: KindName = KindName("publication");
    const NOUN: &'static str = "publication";
    const HOMES: &'static [Home] = &[Home { under: Under::Root, key: "publications", form: Form::Map }];
    const RULES: Rules = Rules {
        class: 6104,
        identity: Identity::Plain,
        renames: true,
        owner: true,
        comment: true,
        visible: true,
        ..Rules::DEFAULT
    };

    const PRESENT: Option<&'static str> = Some("pg_publication");

    fn catalog(server: PgVersion) -> Option<String> {
        let generated = if server.at_least(18) {
            ", case p.pubgencols when 's' then 'stored' end as generated_columns"
        } else {
            ""
        };
        Some(format!(
            "select p.oid, p.pubname as key, p.pubowner::regrole::text as owner, p.puballtables as all_tables,
                    array_remove(array[case when p.pubinsert then 'insert' end, case when p.pubupdate then 'update' end,
                                       case when p.pubdelete then 'delete' end,
                                       case when p.pubtruncate then 'truncate' end], null) as publish,
                    p.pubviaroot as via_root{generated}
             from pg_publication p order by p.pubname"
        ))
    }

    fn complete(
        desired: &mut State,
        _problems: &mut crate::diagnostic::Diagnostics,
        _register: &'static [crate::kind::Entry],
    ) {
        for at in desired.of_kind(Self::NAME) {
            let Some(mut spec) = desired.spec::<Self>(&at).cloned() else { continue };
            spec.publish = sorted(&spec.publish);
            desired.set(&at, spec);
        }
    }

    fn refuse(&self, cx: &Cx<'_>) -> Option<Misfit> {
        let all = self.generated_columns != Generated::None;
        all.then(|| since(18, "publications of generated columns", "generated_columns", cx))?
    }

    fn demands(&self, act: Act, cx: &Cx<'_>) -> Vec<Demand> {
        match act {
            Act::Make if self.all_tables => vec![Demand::Superuser],
            Act::Make => vec![Demand::OnDatabase("create")],
            Act::Change | Act::Drop => demands::usual(act, cx),
        }
    }

    fn create(&self, cx: &Cx<'_>) -> Vec<Step> {
        let all = if self.all_tables { " for all tables" } else { "" };
        let words = self.words(&Self::default());
        let with = if words.is_empty() { String::new() } else { format!(" with ({})", words.join(", ")) };
        vec![Step::new(format!("create publication {}{all}{with}", cx.name()))]
    }

    fn alter(&self, old: &Self, cx: &Cx<'_>) -> Alter {
        let Self { all_tables, publish: _, via_root: _, generated_columns: _ } = self;
        if *all_tables != old.all_tables {
            return Alter::Replace("PostgreSQL can't change whether a publication is for all tables".to_owned());
        }
        let step = Step::new(format!("alter publication {} set ({})", cx.name(), self.words(old).join(", ")));
        let fewer = old.publish.iter().any(|c| !self.publish.contains(c));
        let lost = "subscribers no longer get some changes";
        Alter::InPlace(vec![if fewer { step.hazard(HazardClass::Breaking, lost) } else { step }])
    }

    fn check(&self, at: &Address, desired: &State) -> Vec<(Problem, &'static str)> {
        if self.all_tables && desired.children(at).iter().any(|c| c.kind().0.starts_with("published")) {
            let problem = Problem::new(Code::WrongType, "a publication is for all tables, or for those it names");
            return vec![(problem.help("remove `all_tables`, or `tables` and `schemas`"), "all_tables")];
        }
        Vec::new()
    }
}

impl Publication {
    /// The parameters that differ from `old`.
    fn words(&self, old: &Self) -> Vec<String> {
        let mut words = Vec::new();
        if self.publish != old.publish {
            let list: Vec<&str> = self.publish.iter().map(|c| c.word()).collect();
            words.push(format!("publish = '{}'", list.join(", ")));
        }
        if self.via_root != old.via_root {
            words.push(format!("publish_via_partition_root = {}", self.via_root));
        }
        if self.generated_columns != old.generated_columns {
            let word = if self.generated_columns == Generated::Stored { "stored" } else { "none" };
            words.push(format!("publish_generated_columns = {word}"));
        }
        words
    }
}
