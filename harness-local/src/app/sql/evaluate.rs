//! What expressions come to. Main type: [`Row`].

#![expect(
    clippy::wildcard_enum_match_arm,
    reason = "the parser knows far more expressions than are played"
)]

use md5::{Digest as _, Md5};
use sqlparser::ast::{
    BinaryOperator, Expr, Function, FunctionArg, FunctionArgExpr, FunctionArguments, UnaryOperator,
    Value,
};

use super::error::{SqlError, not_played};
use super::session::{Flavor, Session};
use super::store::Cell;

/// A row with the names of its columns.
#[derive(Clone, Copy, Debug)]
pub(super) struct Row<'a> {
    pub(super) columns: &'a [String],
    pub(super) cells: &'a [Cell],
}

impl Row<'_> {
    pub(super) const NONE: Self = Row { columns: &[], cells: &[] };
}

impl Session<'_> {
    /// Returns what an expression comes to in a row.
    pub(super) fn value(&mut self, expr: &Expr, row: Row<'_>) -> Result<Cell, SqlError> {
        match expr {
            Expr::Identifier(ident) => self.column(&ident.value, ident.quote_style, row),
            Expr::CompoundIdentifier(parts) => {
                let last = parts.last().map(|i| (i.value.as_str(), i.quote_style));
                let (name, quote) = last.unwrap_or_default();
                self.column(name, quote, row)
            }
            Expr::Value(value) => literal(&value.value),
            Expr::Nested(inner) => self.value(inner, row),
            Expr::Cast { expr, .. } => self.value(expr, row),
            Expr::UnaryOp { op: UnaryOperator::Minus, expr } => {
                Ok(self.value(expr, row)?.map(|v| format!("-{v}")))
            }
            Expr::UnaryOp { op: UnaryOperator::Not, expr } => {
                let holds = self.holds(expr, row)?;
                Ok(Some(self.flag(!holds)))
            }
            Expr::IsNull(inner) => {
                let none = self.value(inner, row)?.is_none();
                Ok(Some(self.flag(none)))
            }
            Expr::IsNotNull(inner) => {
                let some = self.value(inner, row)?.is_some();
                Ok(Some(self.flag(some)))
            }
            Expr::InList { expr, list, negated } => {
                let wanted = self.value(expr, row)?;
                let mut found = false;
                for one in list {
                    found |= same(&wanted, &self.value(one, row)?);
                }
                Ok(wanted.map(|_| self.flag(found != *negated)))
            }
            Expr::Like { expr, pattern, negated, .. } => {
                let (text, pattern) = (self.value(expr, row)?, self.value(pattern, row)?);
                let (Some(text), Some(pattern)) = (text, pattern) else { return Ok(None) };
                Ok(Some(self.flag(like(&pattern, &text) != *negated)))
            }
            Expr::Exists { subquery, negated } => {
                let (_, rows) = self.rows(subquery)?;
                Ok(Some(self.flag(rows.is_empty() == *negated)))
            }
            Expr::Subquery(query) => {
                let (_, rows) = self.rows(query)?;
                Ok(rows.into_iter().next().and_then(|r| r.into_iter().next()).flatten())
            }
            Expr::BinaryOp { left, op, right } => self.binary(left, op, right, row),
            Expr::Function(function) => self.function(function, row),
            other => Err(not_played(format!("the expression `{other}`"))),
        }
    }

    /// Returns whether a condition holds; an unknown one does not.
    pub(super) fn holds(&mut self, expr: &Expr, row: Row<'_>) -> Result<bool, SqlError> {
        Ok(self.value(expr, row)?.is_some_and(|v| is_true(&v)))
    }

    /// Writes a truth value as the database does.
    pub(super) fn flag(&self, holds: bool) -> String {
        let (yes, no) = match self.flavor {
            Flavor::Postgres => ("t", "f"),
            Flavor::MySql | Flavor::Sqlite => ("1", "0"),
        };
        if holds { yes } else { no }.to_owned()
    }

    fn column(&self, name: &str, quote: Option<char>, row: Row<'_>) -> Result<Cell, SqlError> {
        let at = row.columns.iter().position(|c| c.eq_ignore_ascii_case(name));
        if let Some(cell) = at.and_then(|at| row.cells.get(at)) {
            return Ok(cell.clone());
        }
        match name.to_ascii_lowercase().as_str() {
            "current_timestamp" => Ok(Some(self.now.clone())),
            "current_user" | "session_user" | "user" => Ok(Some(self.user.clone())),
            "default" => Ok(None),
            // MySQL and SQLite take double quotes around texts too.
            _ if quote == Some('"') && self.flavor != Flavor::Postgres => Ok(Some(name.to_owned())),
            _ if name.starts_with("@@") => self.setting(name),
            _ => Err(SqlError::NoColumn(name.to_owned())),
        }
    }

    fn setting(&self, name: &str) -> Result<Cell, SqlError> {
        match name.to_ascii_lowercase().as_str() {
            "@@version" => Ok(Some(self.version.clone())),
            "@@hostname" => Ok(Some("stand-in".to_owned())),
            _ => Err(not_played(name)),
        }
    }

    fn binary(
        &mut self,
        left: &Expr,
        op: &BinaryOperator,
        right: &Expr,
        row: Row<'_>,
    ) -> Result<Cell, SqlError> {
        match op {
            BinaryOperator::And => {
                let both = self.holds(left, row)? && self.holds(right, row)?;
                return Ok(Some(self.flag(both)));
            }
            BinaryOperator::Or => {
                let any = self.holds(left, row)? || self.holds(right, row)?;
                return Ok(Some(self.flag(any)));
            }
            _ => {}
        }
        let (Some(a), Some(b)) = (self.value(left, row)?, self.value(right, row)?) else {
            return Ok(None);
        };
        let order = compare(&a, &b);
        Ok(Some(match op {
            BinaryOperator::Eq => self.flag(order.is_eq()),
            BinaryOperator::NotEq => self.flag(order.is_ne()),
            BinaryOperator::Lt => self.flag(order.is_lt()),
            BinaryOperator::LtEq => self.flag(order.is_le()),
            BinaryOperator::Gt => self.flag(order.is_gt()),
            BinaryOperator::GtEq => self.flag(order.is_ge()),
            BinaryOperator::StringConcat => a + &b,
            BinaryOperator::Plus => number(&a, &b, i64::checked_add)?,
            BinaryOperator::Minus => number(&a, &b, i64::checked_sub)?,
            BinaryOperator::Multiply => number(&a, &b, i64::checked_mul)?,
            other => return Err(not_played(format!("the operator {other}"))),
        }))
    }

    fn function(&mut self, function: &Function, row: Row<'_>) -> Result<Cell, SqlError> {
        let name = function.name.to_string().to_ascii_lowercase();
        let name = name.trim_start_matches("pg_catalog.");
        let mut given = Vec::new();
        for arg in arguments(function) {
            let FunctionArg::Unnamed(FunctionArgExpr::Expr(expr)) = arg else {
                return Err(not_played(format!("the function {function}")));
            };
            given.push(self.value(expr, row)?);
        }
        let first = given.first().cloned().flatten();
        Ok(match name {
            "version" | "sqlite_version" => Some(self.version.clone()),
            "now" | "current_timestamp" | "utc_timestamp" | "sysdate" => Some(self.now.clone()),
            "database" | "schema" | "current_database" => self.database.clone(),
            "current_user" | "user" | "session_user" => Some(self.user.clone()),
            "current_schema" => Some("public".to_owned()),
            "coalesce" | "ifnull" => given.into_iter().flatten().next(),
            "concat" => Some(given.into_iter().flatten().collect()),
            "lower" => first.map(|v| v.to_lowercase()),
            "upper" => first.map(|v| v.to_uppercase()),
            "length" | "char_length" => first.map(|v| v.chars().count().to_string()),
            "md5" => first.map(|v| digits(&Md5::digest(v.as_bytes()))),
            "hex" => first.map(|v| digits(v.as_bytes()).to_uppercase()),
            "zeroblob" => first.and_then(|v| v.parse().ok()).map(|n| "\0".repeat(n)),
            "replace" => match given.as_slice() {
                [Some(text), Some(from), Some(to)] => Some(text.replace(from.as_str(), to)),
                _ => None,
            },
            "pg_backend_pid" | "connection_id" => Some("1".to_owned()),
            "pg_terminate_backend" => Some(self.flag(true)),
            "pg_is_in_recovery" => Some(self.flag(false)),
            "to_regclass" => match &first {
                Some(table) => self.regclass(table),
                None => None,
            },
            _ => return Err(not_played(format!("the function {name}()"))),
        })
    }

    fn regclass(&self, table: &str) -> Cell {
        let name = table.trim_start_matches("public.");
        let database = self.server.databases.get(self.database.as_ref()?)?;
        database.tables.contains_key(name).then(|| name.to_owned())
    }
}

/// Writes bytes in hexadecimal digits.
fn digits(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Returns a function's arguments.
pub(super) fn arguments(function: &Function) -> &[FunctionArg] {
    match &function.args {
        FunctionArguments::List(list) => &list.args,
        FunctionArguments::None | FunctionArguments::Subquery(_) => &[],
    }
}

fn literal(value: &Value) -> Result<Cell, SqlError> {
    match value {
        Value::Null => Ok(None),
        Value::Boolean(value) => Ok(Some(if *value { "1" } else { "0" }.to_owned())),
        Value::Number(text, _) => Ok(Some(text.clone())),
        Value::SingleQuotedString(text)
        | Value::DoubleQuotedString(text)
        | Value::EscapedStringLiteral(text)
        | Value::NationalStringLiteral(text) => Ok(Some(text.clone())),
        Value::HexStringLiteral(text) => Ok(Some(format!("\\x{text}"))),
        Value::DollarQuotedString(text) => Ok(Some(text.value.clone())),
        Value::Placeholder(name) if name.starts_with("@@") => Err(not_played(name.as_str())),
        other => Err(not_played(format!("the value {other}"))),
    }
}

fn number(a: &str, b: &str, compute: impl Fn(i64, i64) -> Option<i64>) -> Result<String, SqlError> {
    let both = a.parse().ok().zip(b.parse().ok());
    let result = both.and_then(|(a, b)| compute(a, b));
    result.map(|n| n.to_string()).ok_or_else(|| not_played(format!("arithmetic with {a} and {b}")))
}

fn is_true(value: &str) -> bool {
    match value {
        "t" | "true" => true,
        other => other.parse::<i64>().is_ok_and(|n| n != 0),
    }
}

/// Returns whether two values are equal; `NULL` equals nothing.
pub(super) fn same(a: &Cell, b: &Cell) -> bool {
    matches!((a, b), (Some(a), Some(b)) if compare(a, b).is_eq())
}

/// Compares numbers as numbers, all else as text.
pub(super) fn compare(a: &str, b: &str) -> std::cmp::Ordering {
    let truth = |v: &str| match v {
        "t" | "true" => Some(1),
        "f" | "false" => Some(0),
        other => other.parse::<i64>().ok(),
    };
    match (truth(a), truth(b)) {
        (Some(a), Some(b)) => a.cmp(&b),
        _ => a.cmp(b),
    }
}

/// Returns whether a text fits a pattern of `LIKE`.
pub(super) fn like(pattern: &str, text: &str) -> bool {
    let (Some(p), rest) = (pattern.chars().next(), text) else { return text.is_empty() };
    let tail = &pattern[p.len_utf8()..];
    match p {
        '%' => rest
            .char_indices()
            .map(|(at, _)| at)
            .chain([rest.len()])
            .any(|at| like(tail, &rest[at..])),
        '\\' if tail.chars().next().is_some_and(|c| rest.starts_with(c)) => {
            let c = tail.chars().next().map_or(0, char::len_utf8);
            like(&tail[c..], &rest[c..])
        }
        p => rest.chars().next().is_some_and(|c| {
            (p == '_' || p.eq_ignore_ascii_case(&c)) && like(tail, &rest[c.len_utf8()..])
        }),
    }
}
