//! A deadline that is moved far more often than it is reached.
//!
//! Moving a timer of the runtime costs; most deadlines here move on with every request or chunk. So
//! the timer is left where it is, and looks when it fires whether the deadline has moved meanwhile.

use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use tokio::time::{Instant, Sleep, sleep_until};

/// See the module.
#[derive(Debug, Default)]
pub struct Alarm {
    timer: Option<Pin<Box<Sleep>>>,
    deadline: Option<Instant>,
}

impl Alarm {
    /// Goes off at `deadline`, and at no other time that was set before.
    pub fn set(&mut self, deadline: Instant) {
        self.deadline = Some(deadline);
        // Later is found out when the timer fires; earlier must be told.
        if let Some(timer) = &mut self.timer
            && deadline < timer.deadline()
        {
            timer.as_mut().reset(deadline);
        }
    }

    /// Does not go off any more, until it is set again.
    pub fn clear(&mut self) {
        self.deadline = None;
    }

    /// Whether it is set.
    pub fn is_set(&self) -> bool {
        self.deadline.is_some()
    }

    /// Ready once the deadline is reached; registers the task to be woken then.
    pub fn poll(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        let Some(deadline) = self.deadline else { return Poll::Pending };
        let timer = self.timer.get_or_insert_with(|| Box::pin(sleep_until(deadline)));
        loop {
            ready!(timer.as_mut().poll(cx));
            if timer.deadline() >= deadline {
                self.deadline = None;
                return Poll::Ready(());
            }
            timer.as_mut().reset(deadline);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::future::poll_fn;
    use std::time::Duration;

    async fn reached(alarm: &mut Alarm) -> Duration {
        let began = Instant::now();
        poll_fn(|cx| alarm.poll(cx)).await;
        began.elapsed()
    }

    #[tokio::test(start_paused = true)]
    async fn it_goes_off_at_the_last_deadline_that_was_set() {
        let s = Duration::from_secs;
        for (name, first, second) in [("later", 5, 60), ("earlier", 60, 5), ("the same", 5, 5)] {
            let mut alarm = Alarm::default();
            alarm.set(Instant::now() + s(first));
            assert!(poll_fn(|cx| Poll::Ready(alarm.poll(cx))).await.is_pending());
            alarm.set(Instant::now() + s(second));
            let took = reached(&mut alarm).await;
            assert!(took >= s(second) && took < s(second + 1), "{name}: {took:?}");
        }
    }

    #[tokio::test(start_paused = true)]
    async fn cleared_it_stays_silent_and_can_be_set_again() {
        let mut alarm = Alarm::default();
        alarm.set(Instant::now() + Duration::from_secs(1));
        assert!(poll_fn(|cx| Poll::Ready(alarm.poll(cx))).await.is_pending());
        alarm.clear();
        let waited = tokio::time::timeout(Duration::from_secs(9), reached(&mut alarm)).await;
        assert!(waited.is_err());
        alarm.set(Instant::now() + Duration::from_secs(2));
        assert!(reached(&mut alarm).await >= Duration::from_secs(2));
    }
}
