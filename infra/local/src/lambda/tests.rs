//! The functions of these tests are this test binary again: Lambda starts it with
//! the arguments that run `double` alone, which speaks the Runtime API over a plain
//! socket and does what its payload says.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::sync::mpsc;

use super::*;

/// The process that the other tests start as their function; without a Runtime API there is nothing
/// to play.
#[test]
#[allow(
    clippy::disallowed_methods,
    reason = "it plays the function, whose environment is what the tests look at"
)]
fn double() {
    let environment: BTreeMap<String, String> = std::env::vars().collect();
    let Some(api) = environment.get("AWS_LAMBDA_RUNTIME_API") else {
        return;
    };
    match environment.get("INIT").map(String::as_str) {
        Some("error") => {
            let error = r#"{"errorType":"BadSettings","errorMessage":"TABLE is missing"}"#;
            request(api, "POST", "init/error", error);
            std::process::exit(1);
        }
        Some("exit") => {
            eprintln!("cannot go on");
            std::process::exit(3);
        }
        Some("hang") => loop {
            std::thread::park();
        },
        Some(_) | None => {}
    }
    loop {
        let (id, payload) = request(api, "GET", "invocation/next", "");
        let answer = |kind: &str, body: &str| {
            request(api, "POST", &format!("invocation/{id}/{kind}"), body);
        };
        match payload.as_str() {
            "environment" => {
                let names = serde_json::to_string(&environment).unwrap();
                answer("response", &names);
            }
            "print" => {
                println!("said on stdout");
                eprintln!("said on stderr");
                answer("response", "{}");
            }
            "fail" => {
                let error = r#"{"errorType":"Refused","errorMessage":"no"}"#;
                answer("error", error);
            }
            "crash" => std::process::exit(7),
            "hang" => loop {
                std::thread::park();
            },
            "leave" => {
                answer("response", "\"bye\"");
                std::process::exit(0);
            }
            "large" => answer("response", &"x".repeat(MAX_PAYLOAD_BYTES + 1)),
            other => answer("response", &format!("{other} by {}", std::process::id())),
        }
    }
}

/// One HTTP exchange; gives the request id header and the body.
fn request(api: &str, method: &str, path: &str, body: &str) -> (String, String) {
    let mut stream = TcpStream::connect(api).unwrap();
    write!(
        stream,
        "{method} /2018-06-01/runtime/{path} HTTP/1.1\r\nhost: {api}\r\ncontent-length: {}\r\nconnection: close\r\n\r\n",
        body.len()
    )
    .unwrap();
    // The API may refuse a body by answering before it has read all of it.
    if stream.write_all(body.as_bytes()).is_err() {
        return (String::new(), String::new());
    }
    let mut reader = BufReader::new(stream);
    let (mut id, mut length) = (String::new(), 0);
    loop {
        let mut line = String::new();
        if reader.read_line(&mut line).unwrap_or(0) == 0 {
            return (id, String::new());
        }
        let line = line.trim_end();
        if line.is_empty() {
            break;
        }
        if let Some((name, value)) = line.split_once(": ") {
            match name.to_ascii_lowercase().as_str() {
                "lambda-runtime-aws-request-id" => value.clone_into(&mut id),
                "content-length" => length = value.parse().unwrap(),
                _ => {}
            }
        }
    }
    let mut body = vec![0; length];
    reader.read_exact(&mut body).unwrap();
    (id, String::from_utf8(body).unwrap())
}

struct Fixture {
    lambda: Lambda,
    function: Function,
    lines: mpsc::Receiver<LogLine>,
}

fn fixture(change: impl FnOnce(&mut Setup, &mut Settings)) -> Fixture {
    let (sender, lines) = mpsc::channel();
    let sender = Mutex::new(sender);
    let mut settings = Settings {
        region: "sa-east-1".into(),
        account_id: "000000000000".into(),
        log: Arc::new(move |line| drop(sender.lock().unwrap().send(line))),
        log_directory: None,
        init_timeout: Duration::from_secs(60),
    };
    let mut setup = Setup {
        name: "double".into(),
        binary: std::env::current_exe().unwrap(),
        arguments: ["--exact", "lambda::tests::double", "--nocapture"]
            .map(String::from)
            .to_vec(),
        environment: BTreeMap::from([("TABLE".into(), "recado".into())]),
        extra_environment: BTreeMap::from([("ENDPOINT".into(), "http://local".into())]),
        timeout: Duration::from_secs(60),
        memory_mb: 128,
        max_instances: 2,
    };
    change(&mut setup, &mut settings);
    let lambda = Lambda::new(settings);
    let function = lambda.add(setup).unwrap();
    Fixture {
        lambda,
        function,
        lines,
    }
}

async fn text(function: &Function, payload: &'static str) -> Result<String, InvokeError> {
    let answer = function
        .invoke(Bytes::from_static(payload.as_bytes()))
        .await?;
    Ok(String::from_utf8(answer.to_vec()).unwrap())
}

#[tokio::test]
async fn invocations_one_after_the_other_share_an_instance() {
    let f = fixture(|_, _| {});
    let first = text(&f.function, "a").await.unwrap();
    let second = text(&f.function, "a").await.unwrap();
    assert!(first.starts_with("a by "), "{first}");
    assert_eq!(first, second);
    let statistics = f.function.statistics();
    assert_eq!((statistics.invocations, statistics.cold_starts), (2, 1));
    f.lambda.shutdown().await;
}

#[tokio::test]
async fn more_invocations_than_instances_wait_for_a_free_one() {
    let f = fixture(|_, _| {});
    let all = futures::future::join_all((0..8).map(|_| text(&f.function, "a"))).await;
    let processes: std::collections::BTreeSet<String> =
        all.into_iter().map(Result::unwrap).collect();
    assert!(processes.len() <= 2, "{processes:?}");
    assert!(f.function.statistics().cold_starts <= 2);
    f.lambda.shutdown().await;
}

#[tokio::test]
async fn a_function_sees_lambdas_variables_and_the_templates_and_nothing_of_ours() {
    let f = fixture(|_, _| {});
    let answer = text(&f.function, "environment").await.unwrap();
    let environment: BTreeMap<String, String> = serde_json::from_str(&answer).unwrap();
    for (name, value) in [
        ("TABLE", "recado"),
        ("ENDPOINT", "http://local"),
        ("AWS_REGION", "sa-east-1"),
        ("AWS_LAMBDA_FUNCTION_NAME", "double"),
        ("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", "128"),
    ] {
        assert_eq!(
            environment.get(name).map(String::as_str),
            Some(value),
            "{name}"
        );
    }
    // Cargo sets this one for every test process.
    assert!(!environment.contains_key("CARGO_MANIFEST_DIR"));
    f.lambda.shutdown().await;
}

#[tokio::test]
async fn an_error_of_the_function_keeps_its_name_and_its_instance() {
    let f = fixture(|_, _| {});
    assert_eq!(
        text(&f.function, "fail").await,
        Err(InvokeError::FunctionError {
            error_type: "Refused".into(),
            message: "no".into()
        })
    );
    text(&f.function, "a").await.unwrap();
    assert_eq!(f.function.statistics().cold_starts, 1);
    assert_eq!(f.function.statistics().errors, 1);
    f.lambda.shutdown().await;
}

#[tokio::test]
async fn a_crash_fails_its_own_invocation_and_the_next_gets_a_new_instance() {
    let f = fixture(|_, _| {});
    let crash = text(&f.function, "crash").await.unwrap_err();
    assert!(
        matches!(&crash, InvokeError::Crashed { status } if status.contains('7')),
        "{crash}"
    );
    text(&f.function, "a").await.unwrap();
    assert_eq!(f.function.statistics().crashes, 1);
    assert_eq!(f.function.statistics().cold_starts, 2);
    f.lambda.shutdown().await;
}

#[tokio::test]
async fn a_process_that_leaves_between_two_invocations_fails_neither() {
    let f = fixture(|_, _| {});
    assert_eq!(text(&f.function, "leave").await.unwrap(), "\"bye\"");
    text(&f.function, "a").await.unwrap();
    assert_eq!(f.function.statistics().crashes, 0);
    f.lambda.shutdown().await;
}

#[tokio::test]
async fn an_invocation_over_the_timeout_fails_and_its_instance_is_replaced() {
    // Long enough for a process to answer on a busy machine, short enough to wait for.
    let f = fixture(|setup, _| setup.timeout = Duration::from_secs(3));
    let before = text(&f.function, "a").await.unwrap();
    assert_eq!(
        text(&f.function, "hang").await,
        Err(InvokeError::Timeout {
            after: Duration::from_secs(3)
        })
    );
    let after = text(&f.function, "a").await.unwrap();
    assert_ne!(before, after);
    assert!(
        f.lines
            .try_iter()
            .any(|l| l.line.contains("Task timed out after 3.00 seconds"))
    );
    f.lambda.shutdown().await;
}

#[tokio::test]
async fn a_function_that_cannot_start_says_why() {
    for (init, words) in [
        ("error", &["BadSettings", "TABLE is missing"][..]),
        ("exit", &["3", "cannot go on"]),
    ] {
        let f = fixture(|setup, _| {
            setup.environment.insert("INIT".into(), init.into());
        });
        let error = text(&f.function, "a").await.unwrap_err();
        assert!(matches!(error, InvokeError::InitFailed { .. }), "{error}");
        for word in words {
            assert!(
                error.to_string().contains(word),
                "{word:?} is not in: {error}"
            );
        }
        assert!(f.function.instances().is_empty());
        f.lambda.shutdown().await;
    }
}

#[tokio::test]
async fn a_function_that_never_asks_for_work_fails_after_the_init_limit() {
    let f = fixture(|setup, settings| {
        setup.environment.insert("INIT".into(), "hang".into());
        settings.init_timeout = Duration::from_millis(50);
    });
    let error = text(&f.function, "a").await.unwrap_err();
    assert!(error.to_string().contains("not ready after"), "{error}");
    f.lambda.shutdown().await;
}

#[tokio::test]
async fn a_binary_that_does_not_exist_is_an_error_with_its_path() {
    let f = fixture(|setup, _| setup.binary = "/nowhere/function".into());
    let error = text(&f.function, "a").await.unwrap_err();
    assert!(error.to_string().contains("/nowhere/function"), "{error}");
}

#[tokio::test]
async fn killing_a_busy_instance_fails_what_it_was_doing() {
    let f = fixture(|_, _| {});
    let function = f.function.clone();
    let hanging = tokio::spawn(async move { text(&function, "hang").await });
    let busy = |i: &InstanceStatus| i.state == InstanceState::Busy;
    while !f.function.instances().iter().any(busy) {
        assert!(!hanging.is_finished(), "the invocation ended by itself");
        tokio::task::yield_now().await;
    }
    let id = f.function.instances()[0].id.clone();
    assert_eq!(f.function.kill_random(42).await, Some(id.clone()));
    let error = hanging.await.unwrap().unwrap_err();
    assert!(matches!(error, InvokeError::Crashed { .. }), "{error}");
    assert!(!f.function.kill_instance(&id).await);
    assert_eq!(f.function.kill_random(42).await, None);
    f.lambda.shutdown().await;
}

#[tokio::test]
async fn a_function_out_of_service_fails_every_invocation_until_it_comes_back() {
    let f = fixture(|_, _| {});
    let before = text(&f.function, "a").await.unwrap();
    f.function.go_down().await;
    assert!(f.function.instances().is_empty());
    let refused = text(&f.function, "a").await.unwrap_err();
    assert!(
        matches!(refused, InvokeError::InitFailed { .. }),
        "{refused}"
    );
    assert_eq!(f.function.statistics().cold_starts, 1);
    f.function.come_back();
    assert_ne!(text(&f.function, "a").await.unwrap(), before);
    f.lambda.shutdown().await;
}

#[tokio::test]
async fn what_a_function_prints_reaches_the_sink_and_its_file() {
    let directory = std::env::temp_dir().join(format!("recado-lambda-{}", crate::ids::uuid()));
    let f = fixture(|_, settings| settings.log_directory = Some(directory.clone()));
    text(&f.function, "print").await.unwrap();
    // Lines are read until the process is gone, so after this all of them have come.
    f.lambda.shutdown().await;
    let lines: Vec<String> = f.lines.try_iter().map(|l| l.line).collect();
    let file = std::fs::read_to_string(directory.join("double.log")).unwrap();
    std::fs::remove_dir_all(&directory).unwrap();
    for wanted in ["said on stdout", "said on stderr"] {
        assert!(
            lines.iter().any(|l| l == wanted),
            "{wanted:?} is not in {lines:?}"
        );
        assert!(
            file.lines().any(|l| l == wanted),
            "{wanted:?} is not in {file}"
        );
    }
}

#[tokio::test]
async fn payloads_and_answers_over_six_megabytes_are_refused() {
    let f = fixture(|_, _| {});
    let large = Bytes::from(vec![b'x'; MAX_PAYLOAD_BYTES + 1]);
    assert_eq!(
        f.function.invoke(large).await,
        Err(InvokeError::RequestTooLarge)
    );
    assert_eq!(f.function.statistics().invocations, 0);
    let error = text(&f.function, "large").await.unwrap_err();
    assert!(
        matches!(&error, InvokeError::FunctionError { error_type, .. }
            if error_type == "Function.ResponseSizeTooLarge"),
        "{error}"
    );
    f.lambda.shutdown().await;
}

#[tokio::test]
async fn after_a_shutdown_no_process_is_left_and_invocations_fail() {
    let f = fixture(|_, _| {});
    text(&f.function, "a").await.unwrap();
    f.lambda.shutdown().await;
    assert!(f.function.instances().is_empty());
    assert!(text(&f.function, "a").await.is_err());
}
