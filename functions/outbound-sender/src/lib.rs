//! Sends a lane's notifications over WhatsApp: pacing, timer, claim, POST, in this order (I4).

mod config;
mod hands;
mod meta;
mod reply;

use recado_domain::channel::Channel;
use recado_domain::delivery::{Event, Limits};
use recado_ports::drive::{Done, DriveError, PUT_BACK, World};
use recado_ports::{
    Chance, Conversations, Job, Notifications, Queues, Recipients, Registry, StoreError, Switches,
    WhatsappChannel,
};
use recado_runtime::{Handled, Keys};
use thiserror::Error;

pub use config::Config;
pub use hands::Pacers;
pub use meta::Meta;

/// What the handler needs.
pub struct Deps<S, Q, C, W> {
    /// Store, queues, time.
    pub world: World<S, Q, C>,
    /// Sealing and pseudonyms.
    pub keys: Keys,
    /// The channel.
    pub whatsapp: W,
    /// The numbers' shares.
    pub pacers: Pacers,
    /// The times that a claim rests on.
    pub limits: Limits,
}

/// Why a job comes back.
#[derive(Debug, Error)]
pub enum SendError {
    /// Store or queue did not answer.
    #[error(transparent)]
    Drive(#[from] DriveError),
    /// The store did not answer.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl SendError {
    fn passes(&self) -> bool {
        match self {
            Self::Drive(error) => error.passes(),
            Self::Store(error) => error.passes(),
        }
    }
}

/// Handles one job. While the store is away the job is put back, and only then acknowledged.
pub async fn handle<S, Q, C, W>(deps: &Deps<S, Q, C, W>, job: Job) -> Result<Handled, SendError>
where
    S: Notifications + Recipients + Conversations + Registry + Switches,
    Q: Queues,
    C: Chance,
    W: WhatsappChannel,
{
    match work(deps, job.clone()).await {
        Err(error) if error.passes() => {
            tracing::warn!(error = &error as &dyn std::error::Error, "job put back");
            let put_back = deps.world.queues.enqueue(&job, PUT_BACK).await;
            put_back.map_err(DriveError::from)?;
            Ok(Handled::Acknowledge)
        }
        outcome => outcome,
    }
}

async fn work<S, Q, C, W>(deps: &Deps<S, Q, C, W>, job: Job) -> Result<Handled, SendError>
where
    S: Notifications + Recipients + Conversations + Registry + Switches,
    Q: Queues,
    C: Chance,
    W: WhatsappChannel,
{
    let (id, attempt) = match job {
        Job::Send {
            notification,
            attempt,
            ..
        } => (notification, attempt),
        Job::Reply(reply) => return reply::confirm(deps, &reply).await,
    };
    let Some(item) = deps.world.store.read(&id).await? else {
        tracing::warn!(notification.id = %id, "job without a notification");
        return Ok(Handled::Acknowledge);
    };
    let recipient = deps
        .world
        .store
        .recipient(&item.tenant, &item.recipient)
        .await?;
    let event = Event::Job {
        attempt,
        permission: recipient.consents.permission(
            item.class,
            Channel::Whatsapp,
            deps.world.chance.now(),
        ),
        known_user: recipient.profile.and_then(|profile| profile.user_digest),
    };
    Ok(match deps.world.drive(deps, item, event).await? {
        Done::Acknowledge => Handled::Acknowledge,
        Done::Leave => Handled::Leave,
    })
}
