//! Bulk import: a whole workload as one compact word of the log.

use crate::decide::Draft;
use crate::organization::{Org, Stamp, Touched};
use crate::refusal::Refusal;
use std::sync::Arc;

/// A workload.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Workload {}

impl Draft<'_> {
    pub(crate) fn decide_import(&mut self, workload: Arc<Workload>) -> Result<(), Refusal> {
        self.change(crate::change::Change::Imported(workload));
        Ok(())
    }
}

impl Org {
    pub(crate) fn apply_import(&mut self, _workload: &Workload, _stamp: &Stamp, touched: &mut Touched) {
        touched.all = true;
    }
}
