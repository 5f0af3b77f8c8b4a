//! Opens the ladder's later legs when they are due: SMS now, a voice call where a channel for it exists.

mod config;
mod hands;
mod sandbox;

use recado_domain::delivery::{Event, Limits, plus};
use recado_ports::drive::{Done, DriveError, PUT_BACK, World};
use recado_ports::{
    Chance, Notifications, Queues, Recipients, Registry, SmsChannel, StoreError, Switches,
    TimerMessage,
};
use recado_runtime::{Handled, Keys};
use thiserror::Error;

pub use config::Config;
pub use sandbox::{Carrier, Sandbox};

/// What the handler needs.
pub struct Deps<S, Q, C, M> {
    /// Store, queues, time.
    pub world: World<S, Q, C>,
    /// Sealing and pseudonyms.
    pub keys: Keys,
    /// The SMS channel.
    pub sms: M,
    /// The times that a claim rests on.
    pub limits: Limits,
}

/// Why a timer comes back.
#[derive(Debug, Error)]
pub enum TimerError {
    /// Store or queue did not answer.
    #[error(transparent)]
    Drive(#[from] DriveError),
    /// The store did not answer.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl TimerError {
    fn passes(&self) -> bool {
        match self {
            Self::Drive(error) => error.passes(),
            Self::Store(error) => error.passes(),
        }
    }
}

/// Handles one timer. While the store is away the timer is put back, and only then acknowledged.
pub async fn handle<S, Q, C, M>(
    deps: &Deps<S, Q, C, M>,
    timer: TimerMessage,
) -> Result<Handled, TimerError>
where
    S: Notifications + Recipients + Registry + Switches,
    Q: Queues,
    C: Chance,
    M: SmsChannel,
{
    match work(deps, &timer).await {
        Err(error) if error.passes() => {
            tracing::warn!(error = &error as &dyn std::error::Error, "timer put back");
            let now = deps.world.chance.now();
            let again = TimerMessage {
                at: plus(now, PUT_BACK),
                ..timer
            };
            deps.world
                .queues
                .arm(&again, now)
                .await
                .map_err(DriveError::from)?;
            Ok(Handled::Acknowledge)
        }
        outcome => outcome,
    }
}

async fn work<S, Q, C, M>(
    deps: &Deps<S, Q, C, M>,
    timer: &TimerMessage,
) -> Result<Handled, TimerError>
where
    S: Notifications + Recipients + Registry + Switches,
    Q: Queues,
    C: Chance,
    M: SmsChannel,
{
    let Some(item) = deps.world.store.read(&timer.notification).await? else {
        tracing::warn!(notification.id = %timer.notification, "timer without a notification");
        return Ok(Handled::Acknowledge);
    };
    let event = Event::Timer {
        leg: timer.leg,
        kind: timer.kind,
    };
    Ok(match deps.world.drive(deps, item, event).await? {
        Done::Acknowledge => Handled::Acknowledge,
        Done::Leave => Handled::Leave,
    })
}
