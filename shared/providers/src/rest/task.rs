//! Changes that a service makes after it has answered: a task, which is asked for until it has ended.

use std::time::Duration;

use super::{Answer, Request, Rest};
use crate::{ErrorKind, ProviderError, Transport};

/// The pause before a task is asked for again, and how often that is done: for a minute.
const PAUSE: Duration = Duration::from_secs(3);
const ASKED: usize = 20;

/// What has become of a task.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Task {
    /// It has not ended.
    UnderWay,
    /// The change was made.
    Done,
    /// The change was refused, for this reason.
    Failed(String),
    /// The service gave up, for this reason: what was done is not known.
    GivenUp(String),
}

impl Rest {
    /// Waits until a task has ended, of which this request asks and `read` takes the answer.
    ///
    /// # Errors
    /// [`ErrorKind::Rejected`] when the change was refused; [`ErrorKind::Lost`] when the task does not end or cannot be read.
    pub async fn ended(
        &self,
        via: &Transport,
        request: &Request,
        read: impl Fn(&Answer) -> Result<Task, ProviderError>,
    ) -> Result<(), ProviderError> {
        let name = self.service.name;
        let lost = |why: &str| {
            let message = format!("{name}: what became of the change is not known: {why}");
            ProviderError::new(ErrorKind::Lost, message)
        };
        for _ in 0..ASKED {
            let answer = self.send(via, "await task", request).await;
            match answer.and_then(|it| read(&it)).map_err(|error| lost(&error.message))? {
                Task::Done => return Ok(()),
                Task::UnderWay => tokio::time::sleep(PAUSE).await,
                Task::GivenUp(why) => return Err(lost(&why)),
                Task::Failed(why) => {
                    let advice = self.service.advice.rejected;
                    let message = format!("{name}: the change failed: {why}; {advice}");
                    return Err(ProviderError::new(ErrorKind::Rejected(Vec::new()), message));
                }
            }
        }
        Err(lost("the task does not end"))
    }
}
