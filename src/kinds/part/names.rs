//! Names that PostgreSQL makes up itself, and names of what was renamed.

use super::Sql;
use crate::kind::Cx;
use crate::model::Address;
use crate::sql;

/// `orders_id_seq`: the parts joined by `_`, the longer of the first two cut so that 63 bytes suffice.
///
/// As `makeObjectName` in PostgreSQL's `indexcmds.c` does it.
pub fn object_name(first: &str, second: &str, label: &str) -> String {
    let overhead = label.len() + 1 + usize::from(!second.is_empty());
    let room = 63_usize.saturating_sub(overhead);
    let (mut a, mut b) = (first.len(), second.len());
    while a + b > room {
        if a > b { a -= 1 } else { b -= 1 }
    }
    let (first, second) = (&first[..first.floor_char_boundary(a)], &second[..second.floor_char_boundary(b)]);
    if second.is_empty() { format!("{first}_{label}") } else { format!("{first}_{second}_{label}") }
}

/// True where anything in a schema has that name, or will.
pub fn is_taken(name: &str, schema: &Address, cx: &Cx<'_>) -> bool {
    [cx.whole, cx.desired].into_iter().any(|state| state.descendants(schema).iter().any(|at| at.key() == name))
}

/// A dotted name (`shop.orders`) once `from` is `to`; `None` where it names something else.
pub fn renamed_name(dotted: &str, from: &Address, to: &Address) -> Option<String> {
    let parts = sql::split_name(dotted)?;
    let old = from.path();
    let names_it = old.len() <= 2 && parts.len() == 2 && old.iter().zip(&parts).all(|(a, b)| a == b);
    let changed = to.path().into_iter().map(str::to_owned).chain(parts.into_iter().skip(old.len()));
    names_it.then(|| sql::dotted(changed.collect::<Vec<_>>().iter().map(String::as_str)))
}

/// True when a column of the table `at` stands under is what is renamed.
pub fn is_sibling_column(at: &Address, from: &Address) -> bool {
    from.parent().is_some_and(|table| table.parent().is_some() && at.parent() == Some(table))
}

/// Column names of a table once the column `from` is `to`; `None` where it is not among them.
pub fn renamed_columns(columns: &[String], from: &Address, to: &Address) -> Option<Vec<String>> {
    let swap = |c: &String| if c == from.key() { to.key().to_owned() } else { c.clone() };
    columns.iter().any(|c| c == from.key()).then(|| columns.iter().map(swap).collect())
}

/// SQL text over the columns of a table once the column `from` is `to`; `None` where no such name stands in it.
///
/// It serves to compare: where it errs, the object is made again.
pub fn renamed_text(text: &Sql, from: &Address, to: &Address) -> Option<Sql> {
    let tokens = sql::tokens(text.as_str());
    let mut out = String::new();
    let mut copied = 0;
    for (i, token) in tokens.iter().enumerate() {
        let called = tokens.get(i + 1).is_some_and(|t| t.is("("));
        if token.name().as_deref() == Some(from.key()) && !called {
            out += &text.as_str()[copied..token.start];
            out += &sql::ident(to.key());
            copied = token.end();
        }
    }
    (copied > 0).then(|| Sql::new(&(out + &text.as_str()[copied..])))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_names_are_cut_as_postgresql_cuts_them() {
        assert_eq!(object_name("orders", "id", "seq"), "orders_id_seq");
        assert_eq!(object_name("orders", "", "pkey"), "orders_pkey");
        let long = "x".repeat(63);
        assert_eq!(object_name(&long, "id", "seq").len(), 63);
        assert_eq!(object_name(&long, &long, "seq"), format!("{}_{}_seq", "x".repeat(29), "x".repeat(29)));
    }
}
