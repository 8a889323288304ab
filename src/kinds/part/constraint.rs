//! What the constraints of tables have in common.

use super::catalog::{USER_SCHEMA, options, tablespace};
use super::names::object_name;
use super::parameters::{self, Parameters};
use crate::diagnostic::{Code, Problem};
use crate::kind::{Alter, Cx};
use crate::kinds::table::{is_partitioned, sprung_from};
use crate::model::{Address, HazardClass, Lock, Step, Transaction};
use crate::sql::{self, Token};

/// Checks a list of columns: it must not be empty, and not name a column twice.
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

/// Returns `alter table … <what>` with an `access exclusive` lock.
pub fn alter_table(cx: &Cx<'_>, what: &str) -> Step {
    Step::new(format!("alter table {} {what}", cx.parent().identity())).lock(Lock::AccessExclusive)
}

/// Returns `alter table … add constraint … <definition>`. `cost` describes the hazard for a table with rows.
pub fn add(cx: &Cx<'_>, definition: &str, cost: Option<&str>) -> Step {
    let step = alter_table(cx, &format!("add constraint {} {definition}", cx.name()));
    match cost {
        Some(cost) => cx.reads_rows(step, cost),
        None => step,
    }
}

/// Returns [`add`] for a key; `only` makes no parts of it for the partitions.
pub fn add_key(cx: &Cx<'_>, definition: &str, only: bool, cost: &str) -> Step {
    if !only {
        return add(cx, definition, Some(cost));
    }
    let add = format!("alter table only {} add constraint {} {definition}", cx.parent().identity(), cx.name());
    Step::new(add).lock(Lock::AccessExclusive)
}

/// Returns whether an object is new on a table in use, so that it should be created in a way that takes longer but does
/// not make clients wait. What is recreated by a rebuild does not count: it would be missing in between.
pub fn is_new_in_use(cx: &Cx<'_>) -> bool {
    cx.parent_is_in_use() && !cx.live.contains(cx.at)
}

/// Returns whether the new form of an object on a table in use may be built next to the old one before it replaces
/// that: nothing else depends on the old one.
pub fn is_replaced_in_use(cx: &Cx<'_>) -> bool {
    cx.parent_is_in_use() && cx.live.contains(cx.at) && !cx.live.edges().any(|(_, used)| used == cx.at)
}

/// Returns whether the table is or will be partitioned: PostgreSQL cannot build its indexes concurrently.
pub fn is_on_partitioned(cx: &Cx<'_>) -> bool {
    cx.at.parent().is_some_and(|table| is_partitioned(table, cx.live) || is_partitioned(table, cx.desired))
}

/// Adds a constraint that can be validated later. If the table is in use, it is added as `not valid`, and validated in
/// a transaction of its own while readers and writers go on; `unfit` looks for rows that it does not allow.
pub fn add_and_validate(cx: &Cx<'_>, definition: &str, cost: Option<&str>, unfit: Option<String>) -> Vec<Step> {
    if cost.is_none() || !is_new_in_use(cx) {
        return vec![add(cx, definition, cost)];
    }
    let validate = validate(cx).transaction(Transaction::Outside).unfit(unfit);
    vec![add(cx, &format!("{definition} not valid"), None), validate]
}

/// Replaces a constraint that can be validated later; the old one holds until then. Returns `None` if that is
/// impossible while clients are at work.
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
    /// Looks for rows that it does not allow.
    pub unfit: Option<String>,
}

impl Keyed<'_> {
    /// Returns the steps that add it, after its index was built while readers and writers go on. `None` if it is not
    /// new, or the table is not in use or is partitioned.
    pub fn add(&self, cx: &Cx<'_>) -> Option<Vec<Step>> {
        let name = cx.at.key();
        (is_new_in_use(cx) && !is_on_partitioned(cx))
            .then(|| vec![self.build(name, cx), self.adopt(name, cx).completes()])
    }

    /// Returns the steps that replace the old constraint, which holds until then. `None` if something depends on it, or
    /// the table is not in use or is partitioned.
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
            .unfit(self.unfit.clone())
    }

    fn adopt(&self, index: &str, cx: &Cx<'_>) -> Step {
        let (word, index, timing) = (self.word, sql::ident(index), self.timing);
        alter_table(cx, &format!("add constraint {} {word} using index {index}{timing}", cx.name()))
    }
}

/// Returns the end of `create index`, after the keys: ` include (…) nulls not distinct with (…) tablespace …`.
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

/// Returns the constraint as an element of `create table`: `constraint … <definition>`.
pub fn inline(at: &Address, definition: &str) -> String {
    format!("constraint {} {definition}", sql::ident(at.key()))
}

/// Returns whether SQL text contains no qualified names, except from `pg_catalog`. With the empty search path of a
/// plan, it can then refer only to columns and to what PostgreSQL itself provides.
pub fn is_closed(text: &str) -> bool {
    let tokens = sql::tokens(text);
    let foreign = |(i, dot): (usize, &Token<'_>)| dot.is(".") && !(i > 0 && tokens[i - 1].is_word("pg_catalog"));
    !tokens.iter().enumerate().any(foreign)
}

/// Returns the live constraints of the same name on tables below that are dropped. A new one of the table takes their place.
pub fn others_below(cx: &Cx<'_>) -> Vec<Address> {
    let heirs = cx.at.parent().map(|table| sprung_from(table, cx.live)).unwrap_or_default();
    let same = heirs.iter().map(|heir| heir.child(cx.at.kind(), cx.at.key()));
    same.filter(|at| cx.live.contains(at) && !cx.desired.contains(at)).collect()
}

/// Returns `alter table … drop constraint …`.
pub fn drop(cx: &Cx<'_>) -> Vec<Step> {
    vec![alter_table(cx, &format!("drop constraint {}", cx.name()))]
}

/// Returns `alter table … rename constraint … to …`.
pub fn rename(to: &str, cx: &Cx<'_>) -> Vec<Step> {
    vec![alter_table(cx, &format!("rename constraint {} to {}", cx.name(), sql::ident(to)))]
}

/// Returns `alter table … validate constraint …`, during which writers go on.
pub fn validate(cx: &Cx<'_>) -> Step {
    alter_table(cx, &format!("validate constraint {}", cx.name())).lock(Lock::ShareUpdateExclusive)
}

/// Returns ` deferrable initially deferred`, starting with a space; empty for a constraint that is not deferrable.
pub fn timing(deferrable: bool, initially_deferred: bool) -> &'static str {
    match (deferrable, initially_deferred) {
        (_, true) => " deferrable initially deferred",
        (true, false) => " deferrable",
        (false, false) => "",
    }
}

/// Returns what follows the columns of a constraint with an index: ` include (…) with (…) using index tablespace …`.
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

/// Returns a replacement if the storage parameters differ but cannot be changed: those of a partitioned index are only
/// used when its parts are created.
pub fn keeps_options(old: &Parameters, new: &Parameters, cx: &Cx<'_>) -> Option<Alter> {
    let why = "PostgreSQL can't change the storage parameters of a partitioned index";
    (old != new && is_on_partitioned(cx)).then(|| Alter::Replace(why.to_owned()))
}

/// Returns the steps that change what does not affect an index's content: storage parameters and tablespace.
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

/// Returns the catalog query for one type of table constraint; `con` is `pg_constraint`, `c` its table, `i` and `ic`
/// its index.
///
/// The additional constraints that PostgreSQL creates for a foreign key that references a partitioned table are left
/// out.
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

/// Returns SQL that says whether the index `ic` of a constraint is part of the parent table's. `end` is the end of the
/// name that PostgreSQL would choose; with `pkey`, the name does not contain the columns.
///
/// A part of an index that is no key (`keyed`) is never plain: PostgreSQL itself would make an index, not a constraint.
pub fn attached(end: &str) -> String {
    let whole = "exists (select from pg_constraint p where p.conindid = pc.oid and p.contype = con.contype)";
    let other = "case when exists (select from pg_inherits h join pg_constraint p on p.conindid = h.inhparent
                                   where h.inhrelid = ic.oid and p.contype in ('p', 'u', 'x'))
                      then 'named' else 'keyed' end";
    index_attached(end, &format!(" and {whole}"), other, "e.classoid = 2606 and e.objoid = con.oid")
}

/// Returns the same SQL for any index; `whole` says further of the index `pc` of the parent table when a part is plain,
/// `other` what it is otherwise, `described` which rows of `pg_description` belong to it.
pub fn index_attached(end: &str, whole: &str, other: &str, described: &str) -> String {
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
                             and pc.reltablespace = ic.reltablespace{whole}
                             and not exists (select from pg_attribute ia join pg_attribute pa using (attnum)
                                             where ia.attrelid = ic.oid and pa.attrelid = pc.oid
                                               and ia.attstattarget is distinct from pa.attstattarget))
               and not exists (select from pg_description e
                               where {described} or e.classoid = 1259 and e.objoid = ic.oid)
              then case when exists (select from pg_inherits h join pg_index pi on pi.indexrelid = h.inhparent
                                     where h.inhrelid = ic.oid and not pi.indisvalid) then 'early' else 'plain' end
              else {other} end as live_attached"
    )
}

/// Says whether an index, or a constraint of the type `sort` with the index `i`, stands beside one of the same table that is
/// defined alike and a part of one above.
pub fn beside_part(sort: &str) -> String {
    let alike = match sort {
        "" => {
            "not exists (select from pg_constraint k where k.conindid = pi.indexrelid and k.contype in ('p', 'u', 'x'))"
                .to_owned()
        }
        _ => format!(
            "exists (select from pg_constraint k
                     where k.conindid = pi.indexrelid and k.contype = '{sort}'
                       and (k.condeferrable, k.condeferred) = (con.condeferrable, con.condeferred))"
        ),
    };
    format!(
        "(c.relispartition and not ic.relispartition and exists (
            select from pg_index pi join pg_class pc on pc.oid = pi.indexrelid
            where pi.indrelid = i.indrelid and pi.indexrelid <> i.indexrelid and pc.relispartition and pc.relam = ic.relam
              and (pi.indnkeyatts, pi.indisunique, pi.indkey::text, pi.indclass::text, pi.indcollation::text, pi.indoption::text)
                  = (i.indnkeyatts, i.indisunique, i.indkey::text, i.indclass::text, i.indcollation::text, i.indoption::text)
              and to_jsonb(pi) -> 'indnullsnotdistinct' is not distinct from to_jsonb(i) -> 'indnullsnotdistinct'
              and pg_get_expr(pi.indexprs, pi.indrelid) is not distinct from pg_get_expr(i.indexprs, i.indrelid)
              and pg_get_expr(pi.indpred, pi.indrelid) is not distinct from pg_get_expr(i.indpred, i.indrelid)
              and {alike}))"
    )
}

/// Says whether a key of a partition stands beside the part of an index above that is no key. A part of a key of its own sort is
/// not asked.
pub const APART: &str = "c.relispartition and not ic.relispartition and i.indisunique and not i.indisexclusion and exists (
    select from pg_inherits h join pg_index pi on pi.indrelid = h.inhparent
    where h.inhrelid = c.oid and pi.indisunique and pi.indpred is null and pi.indexprs is null
      and (pi.indnatts, pi.indnkeyatts, pi.indclass, pi.indcollation)
          = (i.indnatts, i.indnkeyatts, i.indclass, i.indcollation)
      and to_jsonb(pi) -> 'indnullsnotdistinct' is not distinct from to_jsonb(i) -> 'indnullsnotdistinct'
      and array(select a.attname from unnest(pi.indkey) with ordinality k(n, i)
                     join pg_attribute a on a.attrelid = pi.indrelid and a.attnum = k.n order by k.i)
          = array(select a.attname from unnest(i.indkey) with ordinality k(n, i)
                       join pg_attribute a on a.attrelid = i.indrelid and a.attnum = k.n order by k.i)
      and not exists (select from pg_constraint p where p.conindid = pi.indexrelid and p.contype in ('p', 'u', 'x'))
      and not exists (select from pg_constraint k join pg_index ki on ki.indexrelid = k.conindid
                      where k.conrelid = h.inhparent and k.contype = con.contype
                        and (k.contype = 'p' or ki.indkey::text = pi.indkey::text and ki.indnkeyatts = pi.indnkeyatts
                                                and (k.condeferrable, k.condeferred) = (con.condeferrable, con.condeferred))))";

/// Says whether a constraint without an index comes from a parent table.
pub const FROM_ABOVE: &str =
    "case when con.conparentid <> 0 or not con.conislocal then 'plain' else 'no' end as live_attached";

/// Returns SQL for the names of the columns whose numbers are in `array`; `table` is the oid of their table.
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

/// Returns the fields of a deferrable constraint that has an index.
pub fn index_fields() -> String {
    format!(
        "{INCLUDED} as include, not i.indisvalid and ic.relkind = 'I' as only,
         con.condeferrable as deferrable, con.condeferred as initially_deferred,
         {} as options, {} as tablespace,
         (select e.description from pg_description e
          where e.classoid = 1259 and e.objoid = ic.oid and e.objsubid = 0) as index_comment",
        options("ic.reloptions"),
        tablespace("ic")
    )
}

/// The names of the non-key columns that the index `i` includes; null if there are none.
pub const INCLUDED: &str = "case when i.indnatts > i.indnkeyatts then
    array(select ca.attname::text from unnest(i.indkey) with ordinality k(n, i)
               join pg_attribute ca on ca.attrelid = i.indrelid and ca.attnum = k.n
          where k.i > i.indnkeyatts order by k.i) end";
