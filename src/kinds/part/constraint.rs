//! What the constraints of a table share.

use super::catalog::{USER_SCHEMA, options, tablespace};
use super::names::object_name;
use super::parameters::{self, Parameters};
use crate::diagnostic::{Code, Problem};
use crate::kind::{Alter, Cx};
use crate::kinds::table::is_partitioned;
use crate::model::{Address, HazardClass, Lock, Step, Transaction};
use crate::sql::{self, Token};

/// What is wrong with a list of columns: none, or one of them twice.
pub fn check_columns(columns: &[String], field: &'static str) -> Vec<(Problem, &'static str)> {
    let wrong = |message: String, help: &str| vec![(Problem::new(Code::WrongType, message).help(help), field)];
    if columns.is_empty() {
        return wrong("no column is named".to_owned(), "name at least one: `[id]`");
    }
    match columns.iter().enumerate().find(|(i, c)| columns[..*i].contains(c)) {
        Some((_, column)) => wrong(format!("column `{column}` is named twice"), "name it once"),
        None => Vec::new(),
    }
}

/// `alter table … <what>`, taking the strongest lock.
pub fn alter_table(cx: &Cx<'_>, what: &str) -> Step {
    Step::new(format!("alter table {} {what}", cx.parent().identity())).lock(Lock::AccessExclusive)
}

/// `alter table … add constraint … <definition>`; `cost` is what it costs where the table stands already.
pub fn add(cx: &Cx<'_>, definition: &str, cost: Option<&str>) -> Step {
    let step = alter_table(cx, &format!("add constraint {} {definition}", cx.name()));
    match cost.filter(|_| !cx.parent_is_new()) {
        Some(cost) => step.hazard(HazardClass::Block, cost),
        None => step,
    }
}

/// True where a new object may take longer to be made, so that clients need not wait. What comes back after a rebuild
/// may not: it would be missing in between.
pub fn is_new_in_use(cx: &Cx<'_>) -> bool {
    cx.parent_is_in_use() && !cx.live.contains(cx.at)
}

/// True where the new form of an object may stand beside the old one until it takes its place: nothing else rests on it.
pub fn is_replaced_in_use(cx: &Cx<'_>) -> bool {
    cx.parent_is_in_use() && cx.live.contains(cx.at) && !cx.live.edges().any(|(_, used)| used == cx.at)
}

/// True for a partitioned table, as it is or will be: PostgreSQL builds no index of it while writers go on.
pub fn is_on_partitioned(cx: &Cx<'_>) -> bool {
    cx.at.parent().is_some_and(|table| is_partitioned(table, cx.live) || is_partitioned(table, cx.desired))
}

/// The same for a constraint that can be checked later: where the table is in use, it is added without looking at the
/// rows, and validated in a transaction of its own while readers and writers go on.
pub fn add_and_validate(cx: &Cx<'_>, definition: &str, cost: Option<&str>) -> Vec<Step> {
    if cost.is_none() || !is_new_in_use(cx) {
        return vec![add(cx, definition, cost)];
    }
    vec![add(cx, &format!("{definition} not valid"), None), validate(cx).transaction(Transaction::Outside)]
}

/// The new form of a constraint that can be checked later, in the place of the old one, which holds until then; none
/// where that can't be done while clients are at work.
pub fn replace_validated(cx: &Cx<'_>, definition: &str) -> Option<Vec<Step>> {
    let old = cx.name();
    let new = sql::ident(&object_name(cx.at.key(), "", "new"));
    let validate = alter_table(cx, &format!("validate constraint {new}")).lock(Lock::ShareUpdateExclusive);
    is_replaced_in_use(cx).then(|| {
        vec![
            alter_table(cx, &format!("add constraint {new} {definition} not valid")),
            validate.transaction(Transaction::Outside),
            alter_table(cx, &format!("drop constraint {old}")),
            alter_table(cx, &format!("rename constraint {new} to {old}")).renews(),
        ]
    })
}

/// A constraint that an index keeps: what it is, and what `create unique index` says behind the table.
pub struct Keyed<'a> {
    /// `unique` or `primary key`.
    pub word: &'a str,
    /// ` (id) include (no)`.
    pub index: String,
    /// ` deferrable`.
    pub timing: &'a str,
}

impl Keyed<'_> {
    /// The steps that add it, with its index built beforehand while readers and writers go on; none where the table is
    /// not in use, or is partitioned.
    pub fn add(&self, cx: &Cx<'_>) -> Option<Vec<Step>> {
        let name = cx.at.key();
        (is_new_in_use(cx) && !is_on_partitioned(cx))
            .then(|| vec![self.build(name, cx), self.adopt(name, cx).completes()])
    }

    /// The steps that put it in the place of the old one, which holds until then.
    pub fn replace(&self, cx: &Cx<'_>) -> Option<Vec<Step>> {
        let index = object_name(cx.at.key(), "", "new");
        (is_replaced_in_use(cx) && !is_on_partitioned(cx)).then(|| {
            let drop = alter_table(cx, &format!("drop constraint {}", cx.name()));
            vec![self.build(&index, cx), drop, self.adopt(&index, cx).renews()]
        })
    }

    fn build(&self, index: &str, cx: &Cx<'_>) -> Step {
        let (index, table) = (sql::ident(index), cx.parent().identity());
        Step::new(format!("create unique index concurrently {index} on {table}{}", self.index))
            .lock(Lock::ShareUpdateExclusive)
            .transaction(Transaction::Outside)
    }

    fn adopt(&self, index: &str, cx: &Cx<'_>) -> Step {
        let (word, index, timing) = (self.word, sql::ident(index), self.timing);
        alter_table(cx, &format!("add constraint {} {word} using index {index}{timing}", cx.name()))
    }
}

/// What `create index` says behind its keys: ` include (…) nulls not distinct with (…) tablespace …`.
pub fn index_tail(
    include: &[String],
    nulls_not_distinct: bool,
    options: &Parameters,
    tablespace: Option<&str>,
) -> String {
    let mut tail = String::new();
    if !include.is_empty() {
        tail += &format!(" include ({})", sql::idents(include));
    }
    if nulls_not_distinct {
        tail += " nulls not distinct";
    }
    tail += &parameters::with(options);
    if let Some(tablespace) = tablespace {
        tail += &format!(" tablespace {}", sql::ident(tablespace));
    }
    tail
}

/// What stands in the brackets of `create table`: `constraint … <definition>`.
pub fn inline(at: &Address, definition: &str) -> String {
    format!("constraint {} {definition}", sql::ident(at.key()))
}

/// True when SQL text names nothing of a schema: with the empty search path of a plan it can then mean only columns and
/// what PostgreSQL has itself.
pub fn is_closed(text: &str) -> bool {
    let tokens = sql::tokens(text);
    let foreign = |(i, dot): (usize, &Token<'_>)| dot.is(".") && !(i > 0 && tokens[i - 1].is_word("pg_catalog"));
    !tokens.iter().enumerate().any(foreign)
}

/// `alter table … drop constraint …`.
pub fn drop(cx: &Cx<'_>) -> Vec<Step> {
    vec![alter_table(cx, &format!("drop constraint {}", cx.name()))]
}

/// `alter table … rename constraint … to …`.
pub fn rename(to: &str, cx: &Cx<'_>) -> Vec<Step> {
    vec![alter_table(cx, &format!("rename constraint {} to {}", cx.name(), sql::ident(to)))]
}

/// `alter table … validate constraint …`, while writers go on.
pub fn validate(cx: &Cx<'_>) -> Step {
    alter_table(cx, &format!("validate constraint {}", cx.name())).lock(Lock::ShareUpdateExclusive)
}

/// ` deferrable initially deferred`, with a blank before it; empty for a constraint that can't wait.
pub fn timing(deferrable: bool, initially_deferred: bool) -> &'static str {
    match (deferrable, initially_deferred) {
        (_, true) => " deferrable initially deferred",
        (true, false) => " deferrable",
        (false, false) => "",
    }
}

/// What stands behind the columns of a constraint that has an index: ` include (…) with (…) using index tablespace …`.
pub fn index_words(include: &[String], options: &Parameters, tablespace: Option<&str>) -> String {
    let mut words = String::new();
    if !include.is_empty() {
        words += &format!(" include ({})", sql::idents(include));
    }
    words += &parameters::with(options);
    if let Some(tablespace) = tablespace {
        words += &format!(" using index tablespace {}", sql::ident(tablespace));
    }
    words
}

/// Why an index with other storage parameters must be made anew, where it must: on a partitioned table they are only
/// what its parts were made with.
pub fn keeps_options(old: &Parameters, new: &Parameters, cx: &Cx<'_>) -> Option<Alter> {
    let why = "PostgreSQL can't change the storage parameters of a partitioned index";
    (old != new && is_on_partitioned(cx)).then(|| Alter::Replace(why.to_owned()))
}

/// Changes to an index that leave its content alone: storage parameters and tablespace.
pub fn index_steps(
    index: &str,
    options: (&Parameters, &Parameters),
    tablespace: (Option<&str>, Option<&str>),
) -> Vec<Step> {
    let changes = parameters::changes(options.0, options.1).into_iter();
    let mut steps: Vec<Step> = changes
        .map(|change| Step::new(format!("alter index {index} {change}")).lock(Lock::ShareUpdateExclusive))
        .collect();
    if tablespace.0 != tablespace.1 {
        let place = tablespace.1.unwrap_or("pg_default");
        let sql = format!("alter index {index} set tablespace {}", sql::ident(place));
        let step = Step::new(sql).lock(Lock::AccessExclusive);
        steps.push(step.hazard(HazardClass::Block, "copies the index while readers and writers wait"));
    }
    steps
}

/// The catalog query of one sort of table constraint; `con` is `pg_constraint`, `c` its table, `i` and `ic` its index.
///
/// What PostgreSQL makes besides for a foreign key at a partitioned table is left out.
pub fn catalog(sort: char, fields: &str) -> String {
    format!(
        "select con.oid, 1259 as parent_class, con.conrelid as parent, con.conname as key, {fields}
         from pg_constraint con
              join pg_class c on c.oid = con.conrelid
              join pg_namespace n on n.oid = c.relnamespace
              left join pg_index i on i.indexrelid = con.conindid and con.contype <> 'f'
              left join pg_class ic on ic.oid = i.indexrelid
         where con.contype = '{sort}' and {USER_SCHEMA}
           and not exists (select from pg_constraint p where p.oid = con.conparentid and p.conrelid = con.conrelid)
         order by con.conrelid, con.conname"
    )
}

/// Whether the index `ic` of a constraint is a part of the parent table's, by the end of the name that PostgreSQL would
/// choose; where it ends in `pkey`, that has no columns in it.
pub fn attached(end: &str) -> String {
    index_attached(end, "e.classoid = 2606 and e.objoid = con.oid")
}

/// The same for any index; `described` says which rows of `pg_description` are its.
pub fn index_attached(end: &str, described: &str) -> String {
    let columns = match end {
        "pkey" => "",
        _ => {
            "(select string_agg(pa.attname, '_' order by pa.attnum) from pg_attribute pa where pa.attrelid = pc.oid) || '_' ||"
        }
    };
    format!(
        "case when ic.relispartition is not true then 'no'
              when exists (select from pg_inherits h join pg_class pc on pc.oid = h.inhparent
                           where h.inhrelid = ic.oid and ic.relname = c.relname || '_' || {columns} '{end}'
                             and pc.reloptions is not distinct from ic.reloptions
                             and pc.reltablespace = ic.reltablespace)
               and not exists (select from pg_description e
                               where {described} or e.classoid = 1259 and e.objoid = ic.oid) then 'plain'
              else 'named' end as live_attached"
    )
}

/// Whether a constraint without an index comes from a table above.
pub const FROM_ABOVE: &str =
    "case when con.conparentid <> 0 or not con.conislocal then 'plain' else 'no' end as live_attached";

/// The names of columns, from their numbers in `array` of the table `table`.
pub fn columns(array: &str, table: &str) -> String {
    let name = |n: &str| {
        format!("(select ca.attname::text from pg_attribute ca where ca.attrelid = {table} and ca.attnum = {n})")
    };
    format!(
        "case cardinality({array}) when 1 then array[{}]
              else array(select {} from unnest({array}) with ordinality k(n, i) order by k.i) end",
        name(&format!("({array})[1]")),
        name("k.n")
    )
}

/// Fields of a constraint that has an index and can wait.
pub fn index_fields() -> String {
    format!(
        "{INCLUDED} as include, con.condeferrable as deferrable, con.condeferred as initially_deferred,
         {} as options, {} as tablespace,
         (select e.description from pg_description e
          where e.classoid = 1259 and e.objoid = ic.oid and e.objsubid = 0) as index_comment",
        options("ic.reloptions"),
        tablespace("ic")
    )
}

/// The names of the columns that the index `i` contains besides its keys; null where there are none.
pub const INCLUDED: &str = "case when i.indnatts > i.indnkeyatts then
    array(select ca.attname::text from unnest(i.indkey) with ordinality k(n, i)
               join pg_attribute ca on ca.attrelid = i.indrelid and ca.attnum = k.n
          where k.i > i.indnkeyatts order by k.i) end";
