//! Asks the server what new objects need of each other, where their own texts do not say.

use tokio_postgres::Client;

use crate::diagnostic::Result;
use crate::kind::Entry;
use crate::model::{Address, State};
use crate::session::cell;

/// Records in `desired` which of its new objects need which. Those of a kind are asked about where there are several.
pub async fn needs(client: &Client, live: &State, desired: &mut State, register: &[Entry]) -> Result<()> {
    for entry in register {
        let Some(sql) = entry.needs else { continue };
        let new: Vec<Address> = desired.of_kind(entry.name).into_iter().filter(|at| !live.contains(at)).collect();
        if new.len() < 2 {
            continue;
        }
        let keys: Vec<&str> = new.iter().map(Address::key).collect();
        for row in client.query(sql, &[&keys]).await.map_err(|error| super::catalog_error(&error, sql))? {
            let (user, used): (String, String) = (cell(&row, 0)?, cell(&row, 1)?);
            let at = |key: &str| new.iter().find(|at| at.key() == key).cloned();
            if let (Some(user), Some(used)) = (at(&user), at(&used)) {
                desired.add_edge(user, used);
            }
        }
    }
    Ok(())
}
