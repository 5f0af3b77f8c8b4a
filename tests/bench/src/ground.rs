//! What the measured processes work on: a local stack whose queues nobody reads and whose Meta tells nobody
//! of its receipts, so that nothing else runs beside a measurement.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::{Context, Result};
use recado_local::lambda::{self, Lambda, Setup};
use recado_local::stack::{Options, Stack};
use recado_testing::meta::Callback;
use recado_tests::{Bank, alert};
use tokio::sync::Semaphore;
use tokio::task::JoinSet;

/// Requests of the bank that are under way at once.
const AT_ONCE: usize = 32;
/// Customers, so that none of them gets more than Meta lets one number send to one person at once.
pub(crate) const CUSTOMERS: usize = 100;

/// The ground.
pub(crate) struct Ground {
    /// Where it all is.
    pub(crate) stack: Stack,
    /// A bank in front of it.
    pub(crate) bank: Bank,
    lambda: Lambda,
}

/// A customer's number.
pub(crate) fn customer(n: usize) -> String {
    format!("+551198888{n:04}")
}

/// Does something for each of these numbers, some at once; the answers in order.
///
/// # Errors
/// The first that fails.
pub(crate) async fn each<T, F>(count: usize, act: impl Fn(usize) -> F) -> Result<Vec<T>>
where
    T: Send + 'static,
    F: Future<Output = Result<T>> + Send + 'static,
{
    let slots = Arc::new(Semaphore::new(AT_ONCE));
    let mut tasks = JoinSet::new();
    for n in 0..count {
        // Taken here, so that they begin in order.
        let slot = Arc::clone(&slots).acquire_owned().await?;
        let work = act(n);
        tasks.spawn(async move {
            let outcome = work.await;
            drop(slot);
            outcome.map(|value| (n, value))
        });
    }
    let mut all = tasks
        .join_all()
        .await
        .into_iter()
        .collect::<Result<Vec<_>>>()?;
    all.sort_by_key(|(n, _)| *n);
    Ok(all.into_iter().map(|(_, value)| value).collect())
}

/// A stack with the tests' templates.
///
/// # Errors
/// When it does not start.
pub(crate) async fn start(parameters: BTreeMap<String, String>) -> Result<Stack> {
    let templates = Path::new(env!("CARGO_MANIFEST_DIR")).join("../catalogue");
    Stack::start(Options {
        parameters,
        templates: vec![templates],
        seed: 7,
        ..Options::default()
    })
    .await
}

impl Ground {
    /// Starts it.
    ///
    /// # Errors
    /// When it does not start, or a customer cannot agree.
    pub(crate) async fn lay() -> Result<Self> {
        let mut stack = start(BTreeMap::new()).await?;
        stack.stop_sources().await;
        let url = stack.ready.webhook.url.clone();
        stack.sim.with(|meta, _| {
            meta.set_callback(Callback {
                url,
                fields: std::collections::BTreeSet::new(),
            });
        });
        let bank = Bank::of(&stack, 0).await?;
        each(CUSTOMERS, |n| {
            let bank = bank.clone();
            async move { bank.agrees(&customer(n)).await }
        })
        .await?;
        let lambda = Lambda::new(lambda::Settings {
            region: recado_local::aws::REGION.to_owned(),
            account_id: recado_local::aws::ACCOUNT.to_owned(),
            log: Arc::new(|_| {}),
            log_directory: None,
            init_timeout: std::time::Duration::from_secs(120),
        });
        Ok(Self {
            stack,
            bank,
            lambda,
        })
    }

    /// Accepts so many notifications; their ids. Their jobs lie in the standard lane's queue.
    ///
    /// # Errors
    /// When one is refused.
    pub(crate) async fn accept(&self, count: usize) -> Result<Vec<String>> {
        each(count, |n| {
            let bank = self.bank.clone();
            async move { bank.send(&alert(&customer(n % CUSTOMERS))).await }
        })
        .await
    }

    /// The name of a queue of the template, and the bodies of the messages that ever were in it.
    ///
    /// # Errors
    /// When the template has no such queue.
    pub(crate) fn queue(&self, id: &str) -> Result<(String, Vec<Arc<str>>)> {
        let queue = self.stack.template.queues.get(id);
        let name = queue
            .with_context(|| format!("no queue {id}"))?
            .name
            .clone();
        let bodies = self.stack.aws.queues().history(&name)?;
        Ok((name, bodies))
    }

    /// A function of the template in a process that nobody else invokes: its own binary, or another program
    /// in its place, with its variables and its rights.
    ///
    /// # Errors
    /// When the template has no such function.
    pub(crate) fn function(
        &self,
        id: &str,
        binary: PathBuf,
        arguments: Vec<String>,
    ) -> Result<lambda::Function> {
        let function = self.stack.template.functions.get(id);
        let function = function.with_context(|| format!("no function {id}"))?;
        let extra = BTreeMap::from([
            (
                "AWS_ENDPOINT_URL".to_owned(),
                self.stack.ready.aws_endpoint.clone(),
            ),
            ("AWS_ACCESS_KEY_ID".to_owned(), id.to_owned()),
            // One sandbox has the number for itself, and nothing waits for its turn.
            ("CONCURRENCY".to_owned(), "1,1,0".to_owned()),
        ]);
        let setup = Setup::from_template(function, binary, extra, 1);
        // Under a simulated processor everything takes fifty times as long.
        let timeout = setup.timeout.max(std::time::Duration::from_secs(120));
        Ok(self.lambda.add(Setup {
            arguments,
            timeout,
            ..setup
        })?)
    }
}
