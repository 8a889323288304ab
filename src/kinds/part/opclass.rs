//! What operator classes and families have in common: their members, written as in `create operator class`.
//!
//! PostgreSQL assigns some members to the class and some to the family, by rules of each index method. Here every
//! member whose left operand has the type of a class belongs to that class, and the others to the family. See
//! <https://www.postgresql.org/docs/current/sql-createopclass.html>.

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::{QualifiedName, TypeName, refused};
use crate::diagnostic::{Code, Problem};
use crate::kind::{OPERATOR, OPERATOR_FAMILY, ROUTINE, References, Renaming};
use crate::model::Address;
use crate::sql::{self, TokenClass};

/// A member: `1 shop.<(shop.money, shop.money)` after `operator`, `1 (a, b) shop.cmp(a, b)` after `function`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Member {
    /// The number that the index method knows it by.
    pub number: u16,
    /// For which types, for a function.
    pub types: Option<[TypeName; 2]>,
    /// The operator or function: `shop.<`, `shop.cmp`.
    pub name: String,
    /// What it takes.
    pub args: Vec<TypeName>,
    /// The family that orders what an operator gives: `for order by`.
    pub order_by: Option<QualifiedName>,
}

impl Member {
    /// Parses a member as typed in psql.
    pub fn parse(text: &str) -> Result<Self, Problem> {
        let broken = || {
            Problem::new(Code::Sql, format!("`{text}` is no member of an operator class")).help(
                "write the number, then `shop.<(integer, integer)`, or `(integer, integer) shop.cmp(integer, integer)`",
            )
        };
        let tokens = sql::tokens(text);
        let number = tokens.first().filter(|t| t.class == TokenClass::Number).ok_or_else(broken)?;
        let mut rest = text[number.end()..].trim();
        let number = number.text.parse().map_err(|_| broken())?;
        let mut types = None;
        if rest.starts_with('(') {
            let end = closing(rest).ok_or_else(broken)?;
            let [left, right] = list(&rest[1..end])?.try_into().map_err(|_| broken())?;
            types = Some([left, right]);
            rest = rest[end + 1..].trim();
        }
        let tail = sql::tokens(rest);
        let words = tail.windows(3).find(|w| w[0].is_word("for") && w[1].is_word("order") && w[2].is_word("by"));
        let order_by = words.map(|w| QualifiedName::parse(&rest[w[2].end()..])).transpose()?;
        let rest = words.map_or(rest, |w| rest[..w[0].start].trim());
        let open = rest.find('(').ok_or_else(broken)?;
        let args = list(rest[open + 1..].strip_suffix(')').ok_or_else(broken)?)?;
        let name: String = rest[..open].trim().trim_start_matches("pg_catalog.").to_owned();
        if name.is_empty() {
            return Err(broken());
        }
        Ok(Self { number, types, name, args, order_by })
    }

    /// Returns the member as `alter operator family … drop` names it: `1 (integer, integer)`.
    pub fn place(&self) -> String {
        let types = self.types.as_ref().map_or(self.args.as_slice(), |t| t.as_slice());
        format!("{} ({})", self.number, join(types))
    }

    /// Updates the names after a rename.
    pub fn follow(&mut self, renaming: Renaming<'_>) {
        let slot = if self.types.is_some() { ROUTINE } else { OPERATOR };
        self.name = renaming.name(slot, &self.name).unwrap_or_else(|| std::mem::take(&mut self.name));
        self.args.iter_mut().chain(self.types.iter_mut().flatten()).for_each(|t| t.follow(renaming));
        self.order_by.iter_mut().for_each(|family| family.follow(OPERATOR_FAMILY, renaming));
    }

    /// Adds references to the operator or function, and to types.
    pub fn references(&self, out: &mut References, field: &'static str) {
        let slot = if self.types.is_some() { ROUTINE } else { OPERATOR };
        match self.name.rsplit_once('.') {
            Some(_) if slot == ROUTINE => out.name(ROUTINE, &self.name, field),
            Some((schema, symbol)) => out.text(&format!("operator({schema}.{symbol})"), field),
            None => {}
        }
        for data_type in self.args.iter().chain(self.types.iter().flatten()) {
            data_type.reference(out, field);
        }
    }
}

/// Parses types without lengths, as in identities: in a list of columns `bit` means `bit(1)`, here it means any length.
fn list(text: &str) -> Result<Vec<TypeName>, Problem> {
    sql::split_commas(text).into_iter().map(|t| Ok(TypeName::parse(t)?.without_modifier())).collect()
}

/// Returns the position of the parenthesis that closes the one at the start of `text`.
fn closing(text: &str) -> Option<usize> {
    let mut depth = 0_i32;
    sql::tokens(text).into_iter().find_map(|token| {
        depth += i32::from(token.is("(")) - i32::from(token.is(")"));
        (depth == 0).then_some(token.start)
    })
}

fn join(types: &[TypeName]) -> String {
    types.iter().map(TypeName::as_str).collect::<Vec<_>>().join(", ")
}

impl std::fmt::Display for Member {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} ", self.number)?;
        if let Some(types) = &self.types {
            write!(f, "({}) ", join(types))?;
        }
        write!(f, "{}({})", self.name, join(&self.args))?;
        match &self.order_by {
            Some(family) => write!(f, " for order by {family}"),
            None => Ok(()),
        }
    }
}

impl Serialize for Member {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Member {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Self::parse(&String::deserialize(deserializer)?).map_err(refused)
    }
}

/// Deserializes members and sorts them, as their order has no meaning.
pub fn sorted<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<Member>, D::Error> {
    let mut members = Vec::<Member>::deserialize(deserializer)?;
    members.sort();
    Ok(members)
}

/// Returns the identity in SQL: `shop.abs_ops using btree`.
pub fn identity(at: &Address) -> String {
    let (name, method) = parts(at.key());
    format!("{}.{} using {}", sql::ident(at.top().key()), sql::ident(name), sql::ident(method))
}

/// Splits a key into name and index method.
pub fn parts(key: &str) -> (&str, &str) {
    key.rsplit_once(" using ").unwrap_or((key, "btree"))
}

/// Returns the canonical key, `abs_ops using btree`, of a key as written; the method defaults to `btree`.
pub fn key(written: &str) -> Result<String, Problem> {
    let (name, method) = parts(written);
    let [name, method] = [crate::kind::plain_key(name.trim())?, crate::kind::plain_key(method.trim())?];
    Ok(format!("{name} using {method}"))
}

/// Returns members with their keywords: `operator 1 …`, `function 1 …`.
pub fn members(operators: &[Member], functions: &[Member]) -> Vec<String> {
    let operators = operators.iter().map(|m| format!("operator {m}"));
    operators.chain(functions.iter().map(|m| format!("function {m}"))).collect()
}

/// Returns SQL for the operators of the family `family` that satisfy `test` on `m`, as an ordered `jsonb` list.
pub fn operators(family: &str, test: &str) -> String {
    let operand = |oid: &str| format!("case when {oid} = 0 then 'none' else format_type({oid}, null) end");
    format!(
        "(select jsonb_agg(m.amopstrategy || ' ' || case when mn.nspname = 'pg_catalog' then '' else quote_ident(mn.nspname) || '.' end
                || mo.oprname || '(' || {} || ', ' || {} || ')'
                || coalesce(' for order by ' || {}, '') order by m.amoplefttype, m.amoprighttype, m.amopstrategy)
          from pg_amop m join pg_operator mo on mo.oid = m.amopopr join pg_namespace mn on mn.oid = mo.oprnamespace
          where m.amopfamily = {family} and {test})",
        operand("mo.oprleft"),
        operand("mo.oprright"),
        super::catalog::qualified("pg_opfamily", "opfname", "opfnamespace", "m.amopsortfamily"),
    )
}

/// Returns SQL for the functions of the family `family` that satisfy `test` on `m`, as an ordered `jsonb` list.
pub fn functions(family: &str, test: &str) -> String {
    format!(
        "(select jsonb_agg(m.amprocnum || ' (' || format_type(m.amproclefttype, null) || ', '
                || format_type(m.amprocrighttype, null) || ') ' || {}
                || (select '(' || coalesce(string_agg(format_type(t, null), ', ' order by o), '') || ')'
                    from pg_proc p, unnest(p.proargtypes) with ordinality a(t, o) where p.oid = m.amproc)
                order by m.amproclefttype, m.amprocrighttype, m.amprocnum)
          from pg_amproc m where m.amprocfamily = {family} and {test})",
        super::catalog::function("m.amproc")
    )
}

crate::kinds::part::text_schema!(Member, "A member of an operator class or family, as in `create operator class`.");

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn members_have_one_spelling() {
        for (typed, printed, place) in [
            ("1 shop.<(int, int8)", "1 shop.<(integer, bigint)", "1 (integer, bigint)"),
            (
                "1 (int, int) pg_catalog.btint4cmp(int4,int4)",
                "1 (integer, integer) btint4cmp(integer, integer)",
                "1 (integer, integer)",
            ),
            (
                "1 (bit(1), \"odd)\") public.f(bit(3), character(4))",
                "1 (bit, \"odd)\") public.f(bit, character)",
                "1 (bit, \"odd)\")",
            ),
            (
                "15 <->(point,point) FOR ORDER BY pg_catalog.float_ops",
                "15 <->(point, point) for order by float_ops",
                "15 (point, point)",
            ),
        ] {
            let member = Member::parse(typed).expect(typed);
            assert_eq!(member.to_string(), printed);
            assert_eq!(member.place(), place);
            assert_eq!(Member::parse(printed).expect(printed), member);
        }
        assert!(Member::parse("shop.<(int, int)").is_err());
    }
}
