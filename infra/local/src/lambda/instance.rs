//! One instance: a process, its Runtime API, and the invocation it works on.

use std::collections::VecDeque;
use std::net::Ipv4Addr;
use std::process::Stdio;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::time::Duration;

use axum::serve::ListenerExt;
use bytes::Bytes;
use tokio::io::{AsyncBufReadExt, AsyncRead, BufReader};
use tokio::net::TcpListener;
use tokio::process::{Child, Command};
use tokio::sync::{Notify, mpsc, oneshot, watch};
use tokio::time::Instant;

use super::log::Log;
use super::runtime_api::{self, Delivery};
use super::{InvokeError, Settings, Setup};
use crate::ids;

/// How many of its last lines an instance that cannot start is quoted with.
const QUOTED_LINES: usize = 5;
/// How long the pipes of a dead process are read on; a grandchild may hold them open.
const DRAIN: Duration = Duration::from_millis(500);

pub(super) type Answer = Result<Bytes, InvokeError>;

#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Phase {
    Starting,
    Ready,
    Exited(String),
}

struct Pending {
    request_id: String,
    answer: oneshot::Sender<Answer>,
}

pub(super) struct Instance {
    pub(super) id: String,
    pub(super) function_arn: String,
    pub(super) process: Option<u32>,
    /// How long it took to ask for its first invocation.
    pub(super) init: OnceLock<Duration>,
    started: Instant,
    deliveries: mpsc::Sender<Delivery>,
    waiting: tokio::sync::Mutex<mpsc::Receiver<Delivery>>,
    pending: Mutex<Option<Pending>>,
    phase: watch::Sender<Phase>,
    init_error: Mutex<Option<String>>,
    last_lines: Mutex<VecDeque<String>>,
    kill: Notify,
}

/// What became of an invocation that was given to an instance.
pub(super) enum Outcome {
    Answered(Answer),
    /// The instance was gone before it took the invocation: nothing has happened yet.
    NotTaken,
}

impl Instance {
    /// Starts the process. It is ready once it asks for its first invocation.
    pub(super) async fn start(
        setup: &Setup,
        settings: &Settings,
        log: &Arc<Log>,
    ) -> std::io::Result<Arc<Self>> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
        let address = listener.local_addr()?;
        let (deliveries, waiting) = mpsc::channel(1);
        let id = ids::hex::<8>();
        let mut command = command(setup, settings, &id, &address.to_string());
        let started = Instant::now();
        let child = command.spawn()?;
        let instance = Arc::new(Self {
            id,
            process: child.id(),
            init: OnceLock::new(),
            started,
            function_arn: format!(
                "arn:aws:lambda:{}:{}:function:{}",
                settings.region, settings.account_id, setup.name
            ),
            deliveries,
            waiting: tokio::sync::Mutex::new(waiting),
            pending: Mutex::default(),
            phase: watch::Sender::new(Phase::Starting),
            init_error: Mutex::default(),
            last_lines: Mutex::default(),
            kill: Notify::new(),
        });
        // Small answers on loopback must not wait for a delayed acknowledgement.
        let listener = listener.tap_io(|stream| {
            if let Err(error) = stream.set_nodelay(true) {
                tracing::debug!(%error, "TCP_NODELAY");
            }
        });
        let server = axum::serve(listener, runtime_api::router(Arc::clone(&instance)));
        let server = tokio::spawn(async move { server.await });
        let watched = Arc::clone(&instance);
        let log = Arc::clone(log);
        tokio::spawn(async move {
            watched.watch(child, log).await;
            server.abort();
        });
        Ok(instance)
    }

    /// Waits until the instance is ready.
    pub(super) async fn ready(&self, limit: Duration) -> Result<(), InvokeError> {
        let mut phase = self.phase.subscribe();
        let settled = phase.wait_for(|p| *p != Phase::Starting);
        let message = match tokio::time::timeout(limit, settled).await {
            Ok(Ok(phase)) => match &*phase {
                Phase::Ready => return Ok(()),
                Phase::Starting => "still starting".to_owned(),
                Phase::Exited(status) => self.quote(status),
            },
            Ok(Err(_)) => "the instance is gone".to_owned(),
            Err(_) => {
                self.kill();
                self.quote(&format!("not ready after {:.1} s", limit.as_secs_f64()))
            }
        };
        Err(InvokeError::InitFailed { message })
    }

    /// Gives an invocation to the instance and waits for what becomes of it.
    pub(super) async fn run(
        &self,
        request_id: String,
        payload: Bytes,
        timeout: Duration,
    ) -> Outcome {
        let (taken, was_taken) = oneshot::channel();
        let (answer, answered) = oneshot::channel();
        let delivery = Delivery {
            request_id,
            payload,
            timeout,
            taken,
            answer,
        };
        if self.deliveries.try_send(delivery).is_err() {
            return Outcome::NotTaken;
        }
        let was_taken = tokio::time::timeout(timeout, async {
            tokio::select! {
                biased;
                taken = was_taken => taken.is_ok(),
                _ = self.exited() => false,
            }
        });
        match was_taken.await {
            Ok(true) => {}
            Ok(false) => return Outcome::NotTaken,
            // It answered its last invocation and never came back for another.
            Err(_) => {
                self.kill();
                return Outcome::NotTaken;
            }
        }
        match tokio::time::timeout(timeout, answered).await {
            Ok(Ok(answer)) => Outcome::Answered(answer),
            Ok(Err(_)) => {
                let status = self.exited().await;
                Outcome::Answered(Err(InvokeError::Crashed { status }))
            }
            Err(_) => {
                self.kill();
                Outcome::Answered(Err(InvokeError::Timeout { after: timeout }))
            }
        }
    }

    pub(super) fn phase(&self) -> Phase {
        self.phase.borrow().clone()
    }

    pub(super) fn is_busy(&self) -> bool {
        self.locked_pending().is_some()
    }

    /// Ends the process at once; [`Instance::exited`] waits for it.
    pub(super) fn kill(&self) {
        self.kill.notify_one();
    }

    /// Waits for the end of the process and tells how it ended.
    pub(super) async fn exited(&self) -> String {
        let mut phase = self.phase.subscribe();
        match phase.wait_for(|p| matches!(p, Phase::Exited(_))).await {
            Ok(phase) => match &*phase {
                Phase::Exited(status) => status.clone(),
                Phase::Starting | Phase::Ready => String::new(),
            },
            Err(_) => String::new(),
        }
    }

    /// The next invocation, for the Runtime API. Asking makes the instance ready.
    pub(super) async fn next_delivery(&self) -> Option<Delivery> {
        self.init.get_or_init(|| self.started.elapsed());
        let mut waiting = self.waiting.lock().await;
        self.phase.send_if_modified(|phase| {
            let starting = *phase == Phase::Starting;
            if starting {
                *phase = Phase::Ready;
            }
            starting
        });
        waiting.recv().await
    }

    pub(super) fn begin(
        &self,
        request_id: String,
        answer: oneshot::Sender<Answer>,
        taken: oneshot::Sender<()>,
    ) {
        *self.locked_pending() = Some(Pending { request_id, answer });
        if taken.send(()).is_err() {
            tracing::debug!(instance = %self.id, "an invocation was taken that nobody waits for");
        }
    }

    /// Hands the answer to whoever waits for it; false when it is not the invocation
    /// that the instance works on.
    pub(super) fn finish(&self, request_id: &str, answer: Answer) -> bool {
        let mut pending = self.locked_pending();
        match pending.take_if(|p| p.request_id == request_id) {
            Some(pending) => pending.answer.send(answer).is_ok(),
            None => false,
        }
    }

    pub(super) fn fail_init(&self, message: String) {
        *lock(&self.init_error) = Some(message);
        self.kill();
    }

    async fn watch(&self, mut child: Child, log: Arc<Log>) {
        let lines = futures::future::join(
            self.read(child.stdout.take(), &log),
            self.read(child.stderr.take(), &log),
        );
        let end = async {
            tokio::select! {
                status = child.wait() => status,
                () = self.kill.notified() => {
                    child.start_kill()?;
                    child.wait().await
                }
            }
        };
        tokio::pin!(lines);
        let mut drained = false;
        tokio::pin!(end);
        let status = loop {
            tokio::select! {
                status = &mut end => break status,
                _ = &mut lines, if !drained => drained = true,
            }
        };
        if !drained && tokio::time::timeout(DRAIN, lines).await.is_err() {
            tracing::debug!(instance = %self.id, "something holds the pipes of a dead instance open");
        }
        let status = match status {
            Ok(status) => status.to_string(),
            Err(error) => error.to_string(),
        };
        self.phase.send_replace(Phase::Exited(status));
        // Whoever waits for the answer learns that there will be none.
        *self.locked_pending() = None;
    }

    async fn read(&self, pipe: Option<impl AsyncRead + Unpin>, log: &Log) {
        let Some(pipe) = pipe else { return };
        let mut pipe = BufReader::new(pipe);
        let mut line = Vec::new();
        loop {
            line.clear();
            match pipe.read_until(b'\n', &mut line).await {
                Ok(0) | Err(_) => return,
                Ok(_) => {
                    let text = String::from_utf8_lossy(&line);
                    let text = text.trim_end_matches(['\n', '\r']).to_owned();
                    {
                        let mut last = lock(&self.last_lines);
                        if last.len() == QUOTED_LINES {
                            last.pop_front();
                        }
                        last.push_back(text.clone());
                    }
                    log.line(&self.id, text);
                }
            }
        }
    }

    fn quote(&self, status: &str) -> String {
        if let Some(error) = &*lock(&self.init_error) {
            return error.clone();
        }
        let lines = lock(&self.last_lines);
        if lines.is_empty() {
            status.to_owned()
        } else {
            let lines: Vec<&str> = lines.iter().map(String::as_str).collect();
            format!("{status}; it printed: {}", lines.join(" | "))
        }
    }

    fn locked_pending(&self) -> std::sync::MutexGuard<'_, Option<Pending>> {
        lock(&self.pending)
    }
}

fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// The process with the environment that Lambda gives, and nothing inherited but `PATH`.
fn command(setup: &Setup, settings: &Settings, instance: &str, runtime_api: &str) -> Command {
    let task_root = setup.binary.parent().unwrap_or(&setup.binary);
    let mut command = Command::new(&setup.binary);
    command
        .args(&setup.arguments)
        .env_clear()
        .envs(search_path().map(|path| ("PATH", path)))
        .env("AWS_LAMBDA_RUNTIME_API", runtime_api)
        .env("AWS_LAMBDA_FUNCTION_NAME", &setup.name)
        .env("AWS_LAMBDA_FUNCTION_VERSION", "$LATEST")
        .env(
            "AWS_LAMBDA_FUNCTION_MEMORY_SIZE",
            setup.memory_mb.to_string(),
        )
        .env("AWS_LAMBDA_INITIALIZATION_TYPE", "on-demand")
        .env(
            "AWS_LAMBDA_LOG_GROUP_NAME",
            format!("/aws/lambda/{}", setup.name),
        )
        .env(
            "AWS_LAMBDA_LOG_STREAM_NAME",
            format!("local/[$LATEST]{instance}"),
        )
        .env("AWS_EXECUTION_ENV", "AWS_Lambda_provided.al2023")
        .env("AWS_REGION", &settings.region)
        .env("AWS_DEFAULT_REGION", &settings.region)
        .env("AWS_ACCESS_KEY_ID", "local")
        .env("AWS_SECRET_ACCESS_KEY", "local")
        .env("AWS_SESSION_TOKEN", "local")
        .env("LAMBDA_TASK_ROOT", task_root)
        .env("LAMBDA_RUNTIME_DIR", task_root)
        .env("_HANDLER", "bootstrap")
        .env("TZ", ":UTC")
        .env("LANG", "en_US.UTF-8")
        .envs(&setup.environment)
        .envs(&setup.extra_environment)
        .current_dir(task_root)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .kill_on_drop(true);
    // A terminal's Ctrl-C goes to the whole foreground group; the functions are to be
    // ended by the stack, after what they work on.
    #[cfg(unix)]
    command.process_group(0);
    command
}

#[allow(
    clippy::disallowed_methods,
    reason = "this hands the variable on to a process; it is no setting of ours"
)]
fn search_path() -> Option<std::ffi::OsString> {
    std::env::var_os("PATH")
}
