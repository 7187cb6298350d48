//! A name that moves to another zone is created there before it is deleted here.

use std::collections::HashMap;

use ecow::EcoString;
use extdns_model::{Endpoint, ZoneIndex};
use smallvec::SmallVec;

use crate::{Cause, Hold, Row};

/// The rows in which a name is wanted, by its key.
type Wanting = HashMap<EcoString, SmallVec<[usize; 2]>>;

/// Finds the names that move: rows that lose a name which nothing wants in their zone any more,
/// while it is wanted in another zone and not there yet. A name that is desired in a zone that does
/// not exist stays.
pub(crate) fn link(rows: &mut [Row<'_>], leaving: &[usize], unrouted: &[&Endpoint]) {
    if leaving.is_empty() {
        return;
    }
    let wanting = wanting(rows, leaving);
    for &index in leaving {
        let row = &rows[index];
        let to = wanting.get(&row.name).and_then(|makers| makers.first());
        let to = to.map(|maker| rows[*maker].zone);
        // They are in the order of their keys.
        let by_key = |endpoint: &&Endpoint| (*endpoint.set.name.key()).cmp(row.name.as_str());
        let is_unrouted = to.is_none() && unrouted.binary_search_by(by_key).is_ok();
        for decision in &mut rows[index].decisions {
            match to {
                Some(to) if decision.cause == Cause::Unwanted => {
                    decision.cause = Cause::Moves { to };
                }
                None if is_unrouted => decision.hold(Hold::NoZone),
                _ => {}
            }
        }
    }
}

/// Holds back what removes a name that is held back in the zone that it moves to.
pub(crate) fn close(rows: &mut [Row<'_>], index: &ZoneIndex) {
    let moving: Vec<usize> = (0..rows.len())
        .filter(|row| rows[*row].moves() && rows[*row].decisions.iter().any(|it| it.goes()))
        .collect();
    if moving.is_empty() {
        return;
    }
    let wanting = wanting(rows, &moving);
    for row in moving {
        let makers = wanting.get(&rows[row].name).into_iter().flatten();
        let refused = makers.map(|maker| &rows[*maker]).find_map(|maker| {
            let desired = maker.decisions.iter().filter(|it| it.change.endpoint().is_some());
            Some((maker.zone, desired.filter_map(|it| it.held()).next()?))
        });
        let Some((zone, why)) = refused else { continue };
        let zone = EcoString::from(index.zone(zone).to_string());
        let hold = Hold::Moves { zone, why: Box::new(why.clone()) };
        for decision in &mut rows[row].decisions {
            decision.hold(hold.clone());
        }
    }
}

/// The rows whose names move, each with those that want the name elsewhere.
pub(crate) fn moves(rows: &[Row<'_>]) -> Vec<(usize, SmallVec<[usize; 2]>)> {
    let moving: Vec<usize> = (0..rows.len()).filter(|row| rows[*row].moves()).collect();
    if moving.is_empty() {
        return Vec::new();
    }
    let wanting = wanting(rows, &moving);
    let makers = |row: usize| wanting.get(&rows[row].name).cloned().unwrap_or_default();
    moving.into_iter().map(|row| (row, makers(row))).collect()
}

/// The rows that want the names of these rows.
fn wanting(rows: &[Row<'_>], of: &[usize]) -> Wanting {
    let mut wanting: Wanting =
        of.iter().map(|index| (rows[*index].name.clone(), SmallVec::new())).collect();
    for (index, row) in rows.iter().enumerate() {
        if let Some(list) = wanting.get_mut(&row.name)
            && row.decisions.iter().any(|decision| decision.change.endpoint().is_some())
        {
            list.push(index);
        }
    }
    wanting
}
