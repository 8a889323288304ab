//! Splits a row of a catalog query into the fixed columns and the fields of the spec.

use tokio_postgres::Row;

use tokio_postgres::types::Type;

use crate::diagnostic::{Code, Problem};
use crate::kind::{FacetRow, Shared};
use crate::model::ObjectId;
use crate::model::node::{Key, Node, Value};
use crate::session::Sound;

/// The columns that are not fields.
#[derive(Debug, Default)]
pub struct Fixed {
    /// The object's oid.
    pub oid: u32,
    /// The object's sub-id, such as a column number.
    pub sub: i32,
    /// The parent's class, oid and sub-id.
    pub parent: Option<ObjectId>,
    /// The object's key.
    pub key: String,
    /// The object's position among its siblings.
    pub ordinal: Option<u32>,
    /// The columns that facets are made from.
    pub facets: FacetRow,
}

/// What a column of a query is.
#[derive(Debug, Clone, Copy)]
pub enum Column {
    Oid,
    Sub,
    ParentClass,
    Parent,
    ParentSub,
    Key,
    Ordinal,
    Owner,
    Acl,
    Field,
}

/// Returns what each column of a row is, as in every other row of the query.
pub fn columns(row: &Row) -> Vec<Column> {
    let column = |name: &str| match name {
        "oid" => Column::Oid,
        "sub" => Column::Sub,
        "parent_class" => Column::ParentClass,
        "parent" => Column::Parent,
        "parent_sub" => Column::ParentSub,
        "key" => Column::Key,
        "ordinal" => Column::Ordinal,
        FacetRow::OWNER => Column::Owner,
        FacetRow::ACL => Column::Acl,
        _ => Column::Field,
    };
    row.columns().iter().map(|c| column(c.name())).collect()
}

/// Returns the fixed columns of a row.
pub fn fixed(row: &Row, columns: &[Column]) -> Result<Fixed, Problem> {
    let mut fixed = Fixed::default();
    let (mut parent_class, mut parent, mut parent_sub) = (None, None, 0);
    for (i, (column, what)) in row.columns().iter().zip(columns).enumerate() {
        let value = || value(row, i, column.type_());
        match what {
            Column::Oid => fixed.oid = number(row, i)?.unwrap_or_default(),
            Column::Sub => fixed.sub = number(row, i)?.unwrap_or_default(),
            Column::ParentClass => parent_class = number(row, i)?,
            Column::Parent => parent = number(row, i)?,
            Column::ParentSub => parent_sub = number(row, i)?.unwrap_or_default(),
            Column::Key => value()?.as_text().unwrap_or_default().clone_into(&mut fixed.key),
            Column::Ordinal => fixed.ordinal = number(row, i)?,
            Column::Owner => fixed.facets.owner = value()?.as_text().map(unquote),
            Column::Acl => fixed.facets.acl = Some(items(&value()?)),
            Column::Field => {}
        }
    }
    if let (Some(class), Some(oid)) = (parent_class, parent) {
        fixed.parent = Some((class, oid, parent_sub));
    }
    Ok(fixed)
}

/// Returns the columns of a row that are fields, with their positions.
fn field_columns<'r>(row: &'r Row, columns: &[Column]) -> impl Iterator<Item = (usize, &'r tokio_postgres::Column)> {
    let is_field = |i: &usize| matches!(columns[*i], Column::Field);
    (0..columns.len()).filter(is_field).map(|i| (i, &row.columns()[i]))
}

/// Returns the fields of a row as a map. Those that are null are left out.
pub fn fields(row: &Row, columns: &[Column]) -> Result<Node, Problem> {
    let mut fields = Vec::with_capacity(row.len());
    for (i, column) in field_columns(row, columns) {
        let value = value(row, i, column.type_())?;
        if value.value != Value::Null {
            fields.push((Key::from(column.name()), value));
        }
    }
    Ok(Node::new(Value::Map(fields)))
}

/// Adds the fields of a row, as they were sent, to the text of a spec.
pub fn add(row: &Row, columns: &[Column], text: &mut Shared) -> Result<(), Problem> {
    for (i, _) in field_columns(row, columns) {
        let sent: Option<Sent<'_>> = row.try_get(i).map_err(|e| unreadable(row, i, &e))?;
        text.add(sent.map(|sent| sent.0));
    }
    Ok(())
}

/// A value of any type as it was sent.
struct Sent<'a>(&'a [u8]);

impl<'a> tokio_postgres::types::FromSql<'a> for Sent<'a> {
    fn from_sql(_kind: &Type, raw: &'a [u8]) -> Result<Self, Box<dyn std::error::Error + Sync + Send>> {
        Ok(Self(raw))
    }

    fn accepts(_kind: &Type) -> bool {
        true
    }
}

/// `regrole::text` quotes where needed; addresses hold the bare name.
fn unquote(text: &str) -> String {
    text.strip_prefix('"')
        .and_then(|t| t.strip_suffix('"'))
        .map_or_else(|| text.to_owned(), |t| t.replace("\"\"", "\""))
}

fn items(value: &Node) -> Option<Vec<String>> {
    match &value.value {
        Value::List(items) => Some(items.iter().filter_map(|i| i.as_text().map(str::to_owned)).collect()),
        Value::Null | Value::Scalar(_) | Value::Map(_) => None,
    }
}

/// Reads an integer of any type. Returns `None` if it is null or out of range.
fn number<T: TryFrom<i64>>(row: &Row, i: usize) -> Result<Option<T>, Problem> {
    let read = match *row.columns()[i].type_() {
        Type::OID => row.try_get::<_, Option<u32>>(i).map(|n| n.map(i64::from)),
        Type::INT2 => row.try_get::<_, Option<i16>>(i).map(|n| n.map(i64::from)),
        Type::INT8 => row.try_get(i),
        _ => row.try_get::<_, Option<i32>>(i).map(|n| n.map(i64::from)),
    };
    Ok(read.map_err(|e| unreadable(row, i, &e))?.and_then(|n| T::try_from(n).ok()))
}

fn unreadable(row: &Row, i: usize, error: &tokio_postgres::Error) -> Problem {
    Problem::new(Code::Internal, format!("column `{}`: {error}", row.columns()[i].name()))
}

fn value(row: &Row, i: usize, kind: &Type) -> Result<Node, Problem> {
    let null = || Node::new(Value::Null);
    let unreadable = |e: tokio_postgres::Error| unreadable(row, i, &e);
    let text = |v: Option<&str>| v.map_or_else(null, Node::text);
    let plain = |v: Option<String>| v.map_or_else(null, Node::plain);
    Ok(match *kind {
        Type::BOOL => plain(row.try_get::<_, Option<bool>>(i).map_err(unreadable)?.map(|v| v.to_string())),
        Type::INT2 => plain(row.try_get::<_, Option<i16>>(i).map_err(unreadable)?.map(|v| v.to_string())),
        Type::INT4 => plain(row.try_get::<_, Option<i32>>(i).map_err(unreadable)?.map(|v| v.to_string())),
        Type::INT8 => plain(row.try_get::<_, Option<i64>>(i).map_err(unreadable)?.map(|v| v.to_string())),
        Type::OID => plain(row.try_get::<_, Option<u32>>(i).map_err(unreadable)?.map(|v| v.to_string())),
        Type::FLOAT4 => plain(row.try_get::<_, Option<f32>>(i).map_err(unreadable)?.map(|v| v.to_string())),
        Type::FLOAT8 => plain(row.try_get::<_, Option<f64>>(i).map_err(unreadable)?.map(|v| v.to_string())),
        Type::TEXT_ARRAY | Type::NAME_ARRAY => {
            match row.try_get::<_, Sound<Option<Vec<Option<String>>>>>(i).map_err(unreadable)?.0 {
                None => null(),
                Some(list) => {
                    let item = |v: Option<String>| v.map_or_else(null, Node::text);
                    Node::new(Value::List(list.into_iter().map(item).collect()))
                }
            }
        }
        Type::JSONB | Type::JSON => {
            row.try_get::<_, Option<Json>>(i).map_err(unreadable)?.map_or_else(null, |j| json(j.0))
        }
        _ => text(row.try_get::<_, Option<&str>>(i).map_err(unreadable)?),
    })
}

/// A `json` or `jsonb` value.
struct Json(serde_json::Value);

impl<'a> tokio_postgres::types::FromSql<'a> for Json {
    fn from_sql(kind: &Type, raw: &'a [u8]) -> Result<Self, Box<dyn std::error::Error + Sync + Send>> {
        // `jsonb` is sent as a version byte and the text.
        let text = if *kind == Type::JSONB { raw.get(1..).unwrap_or_default() } else { raw };
        Ok(Self(serde_json::from_slice(text)?))
    }

    fn accepts(kind: &Type) -> bool {
        matches!(*kind, Type::JSON | Type::JSONB)
    }
}

/// Converts JSON to a node: strings become text, numbers and booleans plain scalars; nulls in maps are left out.
fn json(value: serde_json::Value) -> Node {
    match value {
        serde_json::Value::Null => Node::new(Value::Null),
        serde_json::Value::Bool(b) => Node::plain(b.to_string()),
        serde_json::Value::Number(n) => Node::plain(n.to_string()),
        serde_json::Value::String(s) => Node::text(s),
        serde_json::Value::Array(items) => Node::new(Value::List(items.into_iter().map(json).collect())),
        serde_json::Value::Object(map) => {
            let pairs = map.into_iter().filter(|(_, v)| !v.is_null()).map(|(k, v)| (Key::from(k.as_str()), json(v)));
            Node::new(Value::Map(pairs.collect()))
        }
    }
}
