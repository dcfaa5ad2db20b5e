//! `SELECT`.

#![expect(
    clippy::wildcard_enum_match_arm,
    reason = "the parser knows far more queries than are played"
)]

use std::cmp::Ordering;

use sqlparser::ast::{
    Distinct, Expr, FunctionArg, FunctionArgExpr, GroupByExpr, LimitClause, OrderBy, OrderByExpr,
    OrderByKind, OrderBySort, Query, Select, SelectItem, SetExpr, SetOperator, SetQuantifier,
    TableFactor, Value,
};

use super::error::{SqlError, not_played};
use super::evaluate::{Row, arguments, compare};
use super::session::{Done, Outcome, Session};
use super::store::Cell;

/// Columns and rows.
pub(super) type Found = (Vec<String>, Vec<Vec<Cell>>);

impl Session<'_> {
    pub(super) fn query(&mut self, query: &Query) -> Outcome {
        let (columns, rows) = self.rows(query)?;
        Ok(Done::Rows { columns, rows })
    }

    /// Returns what a query finds.
    pub(super) fn rows(&mut self, query: &Query) -> Result<Found, SqlError> {
        if query.with.is_some() {
            return Err(not_played("WITH"));
        }
        let (columns, mut rows) = match &*query.body {
            SetExpr::Select(select) => self.select(select, query.order_by.as_ref())?,
            SetExpr::Query(inner) => self.rows(inner)?,
            SetExpr::Values(values) => {
                let mut rows = Vec::new();
                for row in &values.rows {
                    let cells = row.iter().map(|expr| self.value(expr, Row::NONE));
                    rows.push(cells.collect::<Result<_, _>>()?);
                }
                (Vec::new(), rows)
            }
            SetExpr::SetOperation {
                op: SetOperator::Union,
                set_quantifier: SetQuantifier::All,
                left,
                right,
            } if query.order_by.is_none() => self.both(left, right)?,
            SetExpr::SetOperation { op, .. } => return Err(not_played(op.to_string())),
            other => return Err(not_played(format!("the query `{other}`"))),
        };
        if let Some(limit) = &query.limit_clause {
            self.limit(limit, &mut rows)?;
        }
        Ok((columns, rows))
    }

    /// Returns the rows of one query and then of another, under the names of the first's columns.
    fn both(&mut self, left: &SetExpr, right: &SetExpr) -> Result<Found, SqlError> {
        let mut one = |side: &SetExpr| match side {
            SetExpr::Select(select) => self.select(select, None),
            SetExpr::Query(query) => self.rows(query),
            SetExpr::SetOperation {
                op: SetOperator::Union,
                set_quantifier: SetQuantifier::All,
                left,
                right,
            } => self.both(left, right),
            other => Err(not_played(format!("UNION ALL of `{other}`"))),
        };
        let ((columns, mut rows), (_, more)) = (one(left)?, one(right)?);
        rows.extend(more);
        Ok((columns, rows))
    }

    fn limit(&mut self, clause: &LimitClause, rows: &mut Vec<Vec<Cell>>) -> Result<(), SqlError> {
        let (limit, offset) = match clause {
            LimitClause::LimitOffset { limit, offset, .. } => {
                (limit.as_ref(), offset.as_ref().map(|o| &o.value))
            }
            LimitClause::OffsetCommaLimit { offset, limit } => (Some(limit), Some(offset)),
        };
        let mut read = |expr: Option<&Expr>, all: usize| match expr {
            Some(expr) => {
                let value = self.value(expr, Row::NONE)?.unwrap_or_default();
                value.parse::<usize>().map_err(|_| SqlError::Syntax(format!("LIMIT {value}")))
            }
            None => Ok(all),
        };
        let (limit, offset) = (read(limit, usize::MAX)?, read(offset, 0)?);
        rows.drain(..offset.min(rows.len()));
        rows.truncate(limit);
        Ok(())
    }

    fn select(&mut self, select: &Select, order: Option<&OrderBy>) -> Result<Found, SqlError> {
        self.plain(select)?;
        let (names, rows) = self.source(select)?;
        let mut kept = Vec::new();
        for cells in rows {
            let row = Row { columns: &names, cells: &cells };
            let fits = match &select.selection {
                Some(condition) => self.holds(condition, row)?,
                None => true,
            };
            if fits {
                kept.push(cells);
            }
        }
        if select.projection.iter().any(|item| counts(item).is_some()) {
            return self.totals(select, &names, &kept);
        }
        if let Some(order) = order {
            self.sort(order, select, &names, &mut kept)?;
        }
        let columns = self.headings(&select.projection, &names);
        let mut found: Vec<Vec<Cell>> = Vec::new();
        for cells in &kept {
            let mut out = Vec::new();
            for item in &select.projection {
                let row = Row { columns: &names, cells };
                match item {
                    SelectItem::Wildcard(_) | SelectItem::QualifiedWildcard(..) => {
                        out.extend(cells.clone());
                    }
                    SelectItem::UnnamedExpr(expr) | SelectItem::ExprWithAlias { expr, .. } => {
                        out.push(self.value(expr, row)?);
                    }
                    SelectItem::ExprWithAliases { expr, .. } => {
                        return Err(not_played(format!("`{expr}` under several names")));
                    }
                }
            }
            if select.distinct.is_none() || !found.contains(&out) {
                found.push(out);
            }
        }
        Ok((columns, found))
    }

    /// Refuses what is beyond one table.
    fn plain(&self, select: &Select) -> Result<(), SqlError> {
        let joins = select.from.len() > 1 || select.from.iter().any(|f| !f.joins.is_empty());
        let groups = match &select.group_by {
            GroupByExpr::All(_) => true,
            GroupByExpr::Expressions(exprs, _) => !exprs.is_empty(),
        };
        let refused = [
            (joins, "JOIN"),
            (groups, "GROUP BY"),
            (select.having.is_some(), "HAVING"),
            (select.into.is_some(), "SELECT INTO"),
            (matches!(select.distinct, Some(Distinct::On(_))), "DISTINCT ON"),
        ];
        match refused.iter().find(|(is, _)| *is) {
            Some((_, what)) => Err(not_played(*what)),
            None => Ok(()),
        }
    }

    fn source(&mut self, select: &Select) -> Result<Found, SqlError> {
        let Some(from) = select.from.first() else { return Ok((Vec::new(), vec![Vec::new()])) };
        match &from.relation {
            TableFactor::Table { name, args: None, .. } => {
                if let Some(found) = self.virtual_table(name) {
                    return Ok(found);
                }
                let table = self.table(name)?;
                Ok((table.names(), table.rows.clone()))
            }
            TableFactor::Derived { subquery, .. } => self.rows(subquery),
            other => Err(not_played(format!("FROM {other}"))),
        }
    }

    fn headings(&self, items: &[SelectItem], names: &[String]) -> Vec<String> {
        let mut columns = Vec::new();
        for item in items {
            match item {
                SelectItem::Wildcard(_) | SelectItem::QualifiedWildcard(..) => {
                    columns.extend(names.iter().cloned());
                }
                SelectItem::ExprWithAlias { alias, .. } => columns.push(alias.value.clone()),
                SelectItem::UnnamedExpr(expr) | SelectItem::ExprWithAliases { expr, .. } => {
                    columns.push(self.heading(expr));
                }
            }
        }
        columns
    }

    fn heading(&self, expr: &Expr) -> String {
        use super::session::Flavor;
        match (expr, self.flavor) {
            (Expr::Identifier(ident), _) => self.name(ident),
            (Expr::CompoundIdentifier(parts), _) => {
                parts.last().map(|i| self.name(i)).unwrap_or_default()
            }
            (Expr::Function(function), Flavor::Postgres) => {
                function.name.to_string().to_lowercase()
            }
            (_, Flavor::Postgres) => "?column?".to_owned(),
            (other, Flavor::MySql | Flavor::Sqlite) => other.to_string(),
        }
    }

    /// Counts, or finds the least, the greatest or the sum.
    fn totals(
        &mut self,
        select: &Select,
        names: &[String],
        rows: &[Vec<Cell>],
    ) -> Result<Found, SqlError> {
        let mut out = Vec::new();
        for item in &select.projection {
            let Some((what, argument)) = counts(item) else {
                return Err(not_played(format!("`{item}` beside a total")));
            };
            let mut values = Vec::new();
            for cells in rows {
                match argument {
                    Some(expr) => values.extend(self.value(expr, Row { columns: names, cells })?),
                    None => values.push("1".to_owned()),
                }
            }
            out.push(match what {
                Total::Count => Some(values.len().to_string()),
                Total::Max => values.into_iter().max_by(|a, b| compare(a, b)),
                Total::Min => values.into_iter().min_by(|a, b| compare(a, b)),
                Total::Sum => {
                    let numbers: Option<Vec<i64>> = values.iter().map(|v| v.parse().ok()).collect();
                    let numbers =
                        numbers.ok_or_else(|| not_played("a sum of other than whole numbers"))?;
                    (!numbers.is_empty()).then(|| numbers.iter().sum::<i64>().to_string())
                }
            });
        }
        Ok((self.headings(&select.projection, names), vec![out]))
    }

    fn sort(
        &mut self,
        order: &OrderBy,
        select: &Select,
        names: &[String],
        rows: &mut Vec<Vec<Cell>>,
    ) -> Result<(), SqlError> {
        let OrderByKind::Expressions(keys) = &order.kind else {
            return Err(not_played("ORDER BY ALL"));
        };
        let mut keyed = Vec::new();
        for cells in rows.drain(..) {
            let mut key = Vec::new();
            for one in keys {
                let expr = chosen_by_position(one, select);
                key.push(self.value(expr, Row { columns: names, cells: &cells })?);
            }
            keyed.push((key, cells));
        }
        keyed.sort_by(|(a, _), (b, _)| {
            let pairs = a.iter().zip(b).zip(keys);
            let orders = pairs.map(|((a, b), key)| {
                let order = match (a, b) {
                    (Some(a), Some(b)) => compare(a, b),
                    (a, b) => a.is_some().cmp(&b.is_some()),
                };
                match &key.options.sort {
                    Some(OrderBySort::Desc) => order.reverse(),
                    _ => order,
                }
            });
            orders.fold(Ordering::Equal, Ordering::then)
        });
        rows.extend(keyed.into_iter().map(|(_, cells)| cells));
        Ok(())
    }
}

/// `ORDER BY 2` names a column of the result by its position, `ORDER BY n` perhaps one by its alias.
fn chosen_by_position<'a>(key: &'a OrderByExpr, select: &'a Select) -> &'a Expr {
    let of_item = |item: &'a SelectItem| match item {
        SelectItem::UnnamedExpr(expr) | SelectItem::ExprWithAlias { expr, .. } => Some(expr),
        _ => None,
    };
    let found = match &key.expr {
        Expr::Value(value) => match &value.value {
            Value::Number(text, _) => {
                let at = text.parse::<usize>().ok().and_then(|n| n.checked_sub(1));
                at.and_then(|at| select.projection.get(at)).and_then(of_item)
            }
            _ => None,
        },
        Expr::Identifier(ident) => select.projection.iter().find_map(|item| match item {
            SelectItem::ExprWithAlias { expr, alias } if alias.value == ident.value => Some(expr),
            _ => None,
        }),
        _ => None,
    };
    found.unwrap_or(&key.expr)
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Total {
    Count,
    Max,
    Min,
    Sum,
}

/// Returns which total a column of the result is, and of what; no expression stands for all rows.
fn counts(item: &SelectItem) -> Option<(Total, Option<&Expr>)> {
    let (SelectItem::UnnamedExpr(expr) | SelectItem::ExprWithAlias { expr, .. }) = item else {
        return None;
    };
    let mut expr = expr;
    while let Expr::Cast { expr: inner, .. } | Expr::Nested(inner) = expr {
        expr = inner;
    }
    let Expr::Function(function) = expr else { return None };
    let total = match function.name.to_string().to_ascii_lowercase().as_str() {
        "count" => Total::Count,
        "max" => Total::Max,
        "min" => Total::Min,
        "sum" => Total::Sum,
        _ => return None,
    };
    let argument = arguments(function).first().and_then(|arg| match arg {
        FunctionArg::Unnamed(FunctionArgExpr::Expr(expr)) => Some(expr),
        _ => None,
    });
    Some((total, argument))
}
