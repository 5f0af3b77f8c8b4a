//! The AWS of the local stack: DynamoDB, SQS, SNS and Secrets Manager behind one endpoint, spoken
//! to over their real protocols. For development only: signatures are not checked, but whose they say
//! they are counts: a function may do what its role says and no more.

mod asked;
mod cognito;
mod counts;
mod dynamodb;
mod front;
mod guard;
mod secrets;
mod sns;
mod sqs;
#[cfg(test)]
mod tests;
mod wire;

use std::collections::{BTreeMap, HashMap};
use std::net::{Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, ensure};
use axum::serve::ListenerExt;
use serde_json::{Value, json};
use tokio::net::TcpListener;
use tokio::sync::oneshot;
use tokio::task::JoinHandle;

pub use self::dynamodb::{
    AttributeDefinition, AttributeType, KeyElement, KeyType, Table, item_bytes,
};
pub use self::front::{Interference, Loss, Service, Verdict};
pub use self::guard::{Requests, Tally, Use};
pub use self::secrets::Secrets;
pub use self::sns::{Sms, SmsGateway, SmsRefusal, SmsType, sms_parts};
pub use self::sqs::{
    Depth, MAX_BYTES, MessageAttribute, Outgoing, QueueSettings, Queues, Received, Redrive, Sent,
    SqsError, Traffic,
};

use self::cognito::Pools;
use self::dynamodb::DynamoDb;
use self::front::Front;
use self::guard::Guard;
use self::sns::Sns;
use crate::policy::{Asked, Role};

/// The account that owns everything here.
pub const ACCOUNT: &str = "000000000000";

/// The region of every ARN here. Clients may sign for any: signatures are not looked at.
pub const REGION: &str = "sa-east-1";

/// What to start.
pub struct AwsSettings {
    /// The port on 127.0.0.1; 0 takes a free one.
    pub port: u16,
    /// Where the table is kept between runs; `None` keeps it in memory. Queues and secrets are
    /// always in memory.
    pub data_dir: Option<PathBuf>,
    /// The one table.
    pub table: Table,
    /// How often items whose TTL has passed are deleted. AWS takes up to days; every sweep reads
    /// the whole table.
    pub ttl_sweep: Duration,
    /// The queues, dead-letter queues among them.
    pub queues: Vec<QueueSettings>,
    /// Secret texts by name.
    pub secrets: BTreeMap<String, String>,
    /// Takes every SMS that SNS accepts.
    pub sms: SmsGateway,
}

/// A running AWS. Dropping it closes its endpoint; requests under way are still answered.
pub struct Aws {
    endpoint: String,
    front: Arc<Front>,
    sweeper: JoinHandle<()>,
    _stop: oneshot::Sender<()>,
}

impl std::fmt::Debug for Aws {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Aws")
            .field("endpoint", &self.endpoint)
            .finish_non_exhaustive()
    }
}

impl Aws {
    /// Starts everything; when this returns, requests are answered.
    ///
    /// # Errors
    /// When the port is taken, the data directory cannot be used, or a table, queue or redrive is
    /// one that AWS would not have.
    pub async fn start(settings: AwsSettings) -> anyhow::Result<Self> {
        ensure!(
            !settings.ttl_sweep.is_zero(),
            "sweeping the table without a pause"
        );
        let address = SocketAddr::from((Ipv4Addr::LOCALHOST, settings.port));
        let listener = TcpListener::bind(address)
            .await
            .with_context(|| format!("cannot listen on {address}"))?;
        let endpoint = format!("http://{}", listener.local_addr()?);
        let front = Arc::new(Front {
            dynamodb: DynamoDb::open(settings.data_dir.as_deref(), &settings.table)?,
            queues: Arc::new(Queues::new(&endpoint, settings.queues)?),
            sns: Sns::new(settings.sms),
            secrets: Secrets::new(settings.secrets),
            pools: Pools::default(),
            interference: front::no_interference(),
            guard: Guard::default(),
        });
        let (stop, stopped) = oneshot::channel::<()>();
        let server = axum::serve(
            // Answers are small and waited for: holding them back to fill packets costs 40 ms.
            listener.tap_io(|stream| {
                if let Err(error) = stream.set_nodelay(true) {
                    tracing::debug!(%error, "TCP_NODELAY");
                }
            }),
            front::router(Arc::clone(&front)),
        )
        .with_graceful_shutdown(async {
            // Either way the handle is gone.
            match stopped.await {
                Ok(()) | Err(_) => {}
            }
        });
        tokio::spawn(async {
            if let Err(error) = server.await {
                tracing::error!(%error, "the local AWS endpoint stopped");
            }
        });
        let sweeper = tokio::spawn(sweep(Arc::clone(&front), settings.ttl_sweep));
        Ok(Self {
            endpoint,
            front,
            sweeper,
            _stop: stop,
        })
    }

    /// Where every service answers, for example `http://127.0.0.1:41234`: the value for
    /// `AWS_ENDPOINT_URL`.
    #[must_use]
    pub fn endpoint(&self) -> &str {
        &self.endpoint
    }

    /// The queues, for event sources and tests in this process.
    #[must_use]
    pub fn queues(&self) -> &Arc<Queues> {
        &self.front.queues
    }

    /// The secrets, to change one while functions run.
    #[must_use]
    pub fn secrets(&self) -> &Secrets {
        &self.front.secrets
    }

    /// Has `interference` asked before every request that comes over HTTP, in place of the one
    /// before. It decides whether the request is carried out, and whether its answer arrives.
    pub fn interfere(&self, interference: Interference) {
        self.front.interfere(interference);
    }

    /// From now on requests signed with these access keys may do what their roles say: a request beyond it
    /// is answered with the service's own error. Any other access key may do everything.
    pub fn enforce(&self, roles: BTreeMap<String, Role>) {
        self.front.guard.enforce(roles);
    }

    /// Notes that Lambda itself asked for something with a function's role: it reads the function's queues.
    pub fn note_use(&self, function: &str, asked: &Asked) {
        self.front.guard.note(function, asked);
    }

    /// What each function used of its role, and how often, since the start or the last
    /// [`Aws::reset_counts`].
    #[must_use]
    pub fn used(&self) -> BTreeMap<Use, u64> {
        self.front.guard.used()
    }

    /// What each function was refused, and how often.
    #[must_use]
    pub fn refused(&self) -> BTreeMap<Use, u64> {
        self.front.guard.refused()
    }

    /// The functions' requests with the units that they consumed.
    #[must_use]
    pub fn requests(&self) -> BTreeMap<Requests, Tally> {
        self.front.guard.requests()
    }

    /// What each function used of its role and was refused, for whoever looks.
    #[must_use]
    pub fn permissions(&self) -> Value {
        let listed = |uses: BTreeMap<Use, u64>| -> Vec<Value> {
            uses.into_iter()
                .map(|(used, times)| json!({ "use": used, "times": times }))
                .collect()
        };
        json!({ "used": listed(self.used()), "refused": listed(self.refused()) })
    }

    /// What the run cost and what is left in the queues, since the start or the last
    /// [`Aws::reset_counts`].
    #[must_use]
    pub fn report(&self) -> Value {
        let Front {
            dynamodb,
            queues,
            sns,
            secrets,
            ..
        } = self.front.as_ref();
        let (read, write) = dynamodb.consumed();
        let traffic = queues.traffic();
        let depths: HashMap<&str, Depth> = queues
            .names()
            .filter_map(|name| Some((name, queues.depth(name).ok()?)))
            .collect();
        json!({
            "dynamodb": {
                "requests": dynamodb.counts.snapshot(),
                "read_units": read,
                "write_units": write,
            },
            "sqs": {
                "requests": queues.counts.snapshot(),
                "messages_received": traffic.received,
                "receives_with_messages": traffic.receives,
                "messages_grouped": traffic.grouped,
                "queues": depths,
            },
            "sns": sns.report(),
            "secretsmanager": { "requests": secrets.counts.snapshot() },
        })
    }

    /// Sets every count to zero. What lies in the table and the queues stays.
    pub fn reset_counts(&self) {
        self.front.dynamodb.reset_counts();
        self.front.queues.reset_counts();
        self.front.sns.reset_counts();
        self.front.secrets.counts.reset();
        self.front.guard.reset();
    }

    /// Every item of the table as DynamoDB JSON (`{"pk": {"S": "…"}, …}`). Nothing is counted.
    ///
    /// # Errors
    /// When the table cannot be read.
    pub fn dump_table(&self) -> anyhow::Result<Vec<Value>> {
        self.front.dynamodb.dump()
    }

    /// Restores the table, as it is at this moment, into another data directory: what a stack that is started
    /// there finds.
    ///
    /// # Errors
    /// When there is a table already, or one of the two cannot be used.
    pub fn restore_into(&self, directory: &Path) -> anyhow::Result<()> {
        self.front.dynamodb.restore_into(directory)
    }

    /// Deletes now what the periodic sweep would; how many items that were.
    ///
    /// # Errors
    /// When the table cannot be read.
    pub fn sweep_ttl(&self) -> anyhow::Result<usize> {
        self.front.dynamodb.sweep_ttl()
    }
}

impl Drop for Aws {
    fn drop(&mut self) {
        self.sweeper.abort();
    }
}

async fn sweep(front: Arc<Front>, period: Duration) {
    loop {
        tokio::time::sleep(period).await;
        let front = Arc::clone(&front);
        // A sweep takes its time with a large table; requests are let in between its pages.
        match tokio::task::spawn_blocking(move || front.dynamodb.sweep_ttl()).await {
            Ok(Ok(0)) => {}
            Ok(Ok(deleted)) => tracing::debug!(deleted, "items whose TTL has passed"),
            Ok(Err(error)) => tracing::warn!(%error, "TTL sweep"),
            Err(error) => tracing::warn!(%error, "TTL sweep"),
        }
    }
}

/// The clock of the services here, which is not that of their callers.
#[allow(
    clippy::disallowed_methods,
    reason = "this stands in for AWS, whose clock nobody can set"
)]
fn wall_clock() -> jiff::Timestamp {
    jiff::Timestamp::now()
}
