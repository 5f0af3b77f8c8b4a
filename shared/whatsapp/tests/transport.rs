//! What the client makes of connections that end badly: nothing that may have left is ever called
//! not sent, and nothing is ever sent twice.

use std::io::{ErrorKind, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use recado_domain::carried::Carried;
use recado_domain::delivery::PostOutcome;
use recado_domain::ids::{Callback, NotificationId, PhoneNumberId};
use recado_domain::message::{Addressee, FreeText, Outgoing};
use recado_domain::phone::E164;
use recado_http::Http;
use recado_whatsapp::{AccessToken, Client};
use tokio::net::TcpSocket;

const LONG: Duration = Duration::from_secs(20);
const SHORT: Duration = Duration::from_millis(300);
const ACCEPTED: &str = r#"{"messages":[{"id":"wamid.SIMULATED0001=="}]}"#;

fn client(base: &str, post_timeout: Duration) -> Client {
    Client::new(Http::new(), base.to_owned(), post_timeout).expect("an address")
}

async fn send(client: &Client) -> PostOutcome {
    let from = PhoneNumberId::parse("700000000000001").expect("valid");
    let token = AccessToken::parse("EAAfictional").expect("valid");
    let to = Addressee::Phone(E164::parse("+5511987654321").expect("valid"));
    let notification = NotificationId::parse("ntf_aaaaaaaaaaaaaaaaaaaaaaaaaa").expect("valid");
    let carried = Carried::Attempt(Callback {
        notification,
        attempt: 1,
    });
    client
        .send(
            &from,
            &token,
            &to,
            &Outgoing::Text {
                body: FreeText::new("text", "Olá".to_owned(), 4_096)
                    .unwrap_or_else(|faults| panic!("{faults:?}")),
            },
            &carried,
        )
        .await
}

/// A server that gives its first connection to `script`; the listener comes back with the result.
fn serve<T: Send + 'static>(
    script: impl FnOnce(TcpStream) -> T + Send + 'static,
) -> (SocketAddr, JoinHandle<(TcpListener, T)>) {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let address = listener.local_addr().expect("an address");
    let server = thread::spawn(move || {
        let (stream, _) = listener.accept().expect("a connection");
        let result = script(stream);
        (listener, result)
    });
    (address, server)
}

/// The next request, head and body; nothing where the connection ends.
fn request(stream: &mut TcpStream) -> Option<String> {
    let mut seen = Vec::new();
    let mut byte = [0];
    while !seen.ends_with(b"\r\n\r\n") {
        if !matches!(stream.read(&mut byte), Ok(1)) {
            return None;
        }
        seen.push(byte[0]);
    }
    let head = String::from_utf8(seen).expect("text").to_lowercase();
    let length = head
        .lines()
        .find_map(|line| line.strip_prefix("content-length: "));
    let mut body = vec![0; length.map_or(0, |it| it.parse().expect("a number"))];
    stream.read_exact(&mut body).expect("the whole body");
    Some(head + &String::from_utf8(body).expect("text"))
}

/// What the server has to say. The client's connections go on meanwhile, and so can end.
async fn ended<T: Send + 'static>(server: JoinHandle<T>) -> T {
    let server = tokio::task::spawn_blocking(move || server.join().expect("no panic"));
    server.await.expect("no panic")
}

fn answer(status: &str, body: &str) -> String {
    format!(
        "HTTP/1.1 {status}\r\ncontent-length: {}\r\n\r\n{body}",
        body.len()
    )
}

fn assert_nobody_came_again(listener: &TcpListener) {
    listener.set_nonblocking(true).expect("an open socket");
    let again = listener.accept().map(|(_, peer)| peer);
    assert_eq!(
        again.map_err(|error| error.kind()),
        Err(ErrorKind::WouldBlock)
    );
}

/// What a client makes of a server that takes the whole request, says `said` and closes.
async fn after_a_request(said: String) -> PostOutcome {
    let (address, server) = serve(move |mut stream| {
        let request = request(&mut stream);
        // A client that has heard enough hangs up in the middle.
        stream.write_all(said.as_bytes()).ok();
        request.is_some()
    });
    let outcome = send(&client(&format!("http://{address}"), LONG)).await;
    let (listener, came) = ended(server).await;
    assert!(came, "the request came whole");
    assert_nobody_came_again(&listener);
    outcome
}

fn assert_not_sent(outcome: &PostOutcome) {
    assert!(
        matches!(outcome, PostOutcome::NotSent { .. }),
        "{outcome:?}"
    );
}

/// An address that refuses connections for as long as the socket, which does not listen, lives.
fn refusing() -> (TcpSocket, String) {
    let socket = TcpSocket::new_v4().expect("a socket");
    socket.bind(([127, 0, 0, 1], 0).into()).expect("a port");
    let base = format!("http://{}", socket.local_addr().expect("an address"));
    (socket, base)
}

#[tokio::test]
async fn a_refused_connection_sent_nothing() {
    let (_socket, base) = refusing();
    assert_not_sent(&send(&client(&base, LONG)).await);
}

#[tokio::test]
async fn a_name_that_does_not_resolve_sent_nothing() {
    assert_not_sent(&send(&client("http://graph.invalid", LONG)).await);
}

#[tokio::test]
async fn a_peer_that_speaks_no_tls_was_sent_nothing() {
    let (address, server) = serve(|mut stream| {
        let mut hello = [0; 512];
        let length = stream.read(&mut hello).expect("a greeting");
        stream
            .write_all(answer("400 Bad Request", "").as_bytes())
            .expect("the client listens");
        String::from_utf8_lossy(&hello[..length]).contains("EAAfictional")
    });
    assert_not_sent(&send(&client(&format!("https://{address}"), LONG)).await);
    assert!(!ended(server).await.1, "the token was sent in the clear");
}

#[tokio::test]
async fn a_peer_that_never_finishes_the_handshake_was_sent_nothing() {
    let (address, server) = serve(|mut stream| {
        let mut rest = Vec::new();
        stream.read_to_end(&mut rest).is_ok()
    });
    assert_not_sent(&send(&client(&format!("https://{address}"), LONG)).await);
    ended(server).await;
}

#[tokio::test]
async fn a_connection_closed_before_it_was_read_leaves_the_outcome_open() {
    let (address, server) = serve(drop);
    assert_eq!(
        send(&client(&format!("http://{address}"), LONG)).await,
        PostOutcome::Unknown
    );
    assert_nobody_came_again(&ended(server).await.0);
}

#[tokio::test]
async fn a_request_that_was_read_and_not_answered_leaves_the_outcome_open() {
    assert_eq!(after_a_request(String::new()).await, PostOutcome::Unknown);
}

#[tokio::test]
async fn silence_leaves_the_outcome_open() {
    let (address, server) = serve(|mut stream| {
        let came = request(&mut stream).is_some();
        // Until the client gives up.
        (came, request(&mut stream).is_none())
    });
    let waiting = client(&format!("http://{address}"), SHORT);
    assert_eq!(send(&waiting).await, PostOutcome::Unknown);
    drop(waiting);
    let (listener, ends) = ended(server).await;
    assert_eq!(ends, (true, true));
    assert_nobody_came_again(&listener);
}

#[tokio::test]
async fn silence_after_the_head_leaves_the_outcome_open() {
    let (address, server) = serve(|mut stream| {
        let came = request(&mut stream).is_some();
        let head = "HTTP/1.1 200 OK\r\ncontent-length: 49\r\n\r\n";
        stream
            .write_all(head.as_bytes())
            .expect("the client listens");
        (came, request(&mut stream).is_none())
    });
    let waiting = client(&format!("http://{address}"), SHORT);
    assert_eq!(send(&waiting).await, PostOutcome::Unknown);
    drop(waiting);
    assert_eq!(ended(server).await.1, (true, true));
}

#[tokio::test]
async fn half_an_answer_leaves_the_outcome_open() {
    let accepted = answer("200 OK", ACCEPTED);
    let refused = answer(
        "400 Bad Request",
        r#"{"error":{"code":131026,"message":"Message undeliverable"}}"#,
    );
    for whole in [accepted, refused] {
        let body_starts = whole.find("\r\n\r\n").expect("a head") + 4;
        for length in [
            7,
            body_starts - 2,
            body_starts,
            body_starts + 20,
            whole.len() - 1,
        ] {
            let outcome = after_a_request(whole[..length].to_owned()).await;
            assert_eq!(
                outcome,
                PostOutcome::Unknown,
                "after {length} bytes of {whole}"
            );
        }
    }
}

#[tokio::test]
async fn what_is_not_an_answer_of_metas_leaves_the_outcome_open() {
    let redirect =
        "HTTP/1.1 307 Temporary Redirect\r\nlocation: /elsewhere\r\ncontent-length: 0\r\n\r\n";
    let endless = answer("200 OK", &format!("{ACCEPTED}{}", " ".repeat(70_000)));
    let page = "<html>try again</html>";
    for said in [
        redirect.to_owned(),
        endless,
        answer("200 OK", page),
        answer("200 OK", ""),
        answer("502 Bad Gateway", page),
        answer("503 Service Unavailable", ""),
        answer("429 Too Many Requests", page),
        "not HTTP at all\r\n\r\n".to_owned(),
    ] {
        assert_eq!(
            after_a_request(said.clone()).await,
            PostOutcome::Unknown,
            "{said}"
        );
    }
}

#[tokio::test]
async fn a_whole_answer_is_believed_even_if_the_connection_ends_after_it() {
    let outcome = after_a_request(answer("200 OK", ACCEPTED)).await;
    assert_eq!(outcome, PostOutcome::Accepted { provider_id: None });
    let body = r#"{"error":{"code":130429}}"#;
    assert_not_sent(&after_a_request(answer("500 Internal Server Error", body)).await);
}

/// A connection that was used before is where HTTP clients like to send a request again.
#[tokio::test]
async fn a_kept_connection_that_ends_under_a_request_is_not_a_reason_to_send_it_again() {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let base = format!("http://{}", listener.local_addr().expect("an address"));
    let posts = Arc::new(AtomicUsize::new(0));
    let counter = Arc::clone(&posts);
    // Every connection answers its first request and ends under its second. The thread ends with
    // the test's process: nobody waits for it.
    thread::spawn(move || {
        for stream in listener.incoming() {
            let counter = Arc::clone(&counter);
            thread::spawn(move || {
                let mut stream = stream.expect("a connection");
                if request(&mut stream).is_some() {
                    counter.fetch_add(1, Ordering::SeqCst);
                    stream
                        .write_all(answer("200 OK", ACCEPTED).as_bytes())
                        .expect("the client listens");
                }
                if request(&mut stream).is_some() {
                    counter.fetch_add(1, Ordering::SeqCst);
                }
            });
        }
    });
    let client = client(&base, LONG);
    let mut sent = 0;
    let last = loop {
        sent += 1;
        let outcome = send(&client).await;
        if outcome != (PostOutcome::Accepted { provider_id: None }) || sent == 100 {
            break outcome;
        }
    };
    assert_eq!(
        last,
        PostOutcome::Unknown,
        "no connection was used twice in {sent} messages"
    );
    assert_eq!(posts.load(Ordering::SeqCst), sent);
}

#[tokio::test]
async fn warming_up_connects_sends_nothing_and_survives_an_absent_peer() {
    let (address, server) = serve(|mut stream| {
        let request = request(&mut stream);
        stream
            .write_all(answer("404 Not Found", "").as_bytes())
            .expect("the client listens");
        request
    });
    client(&format!("http://{address}/v25.0"), LONG)
        .warm_up()
        .await;
    let (_, request) = ended(server).await;
    assert!(
        request.is_some_and(|it| it.starts_with("head /v25.0 http/1.1") && !it.contains("bearer"))
    );
    let (_socket, base) = refusing();
    client(&base, LONG).warm_up().await;
}
