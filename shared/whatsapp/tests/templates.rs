//! Templates through the simulated Meta: what the client asks for is what Meta's rules are about.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, Method as HttpMethod, StatusCode, Uri};
use jiff::Timestamp;
use recado_domain::catalogue;
use recado_domain::file::FileType;
use recado_domain::ids::{AppId, BusinessAccountId, TemplateName};
use recado_domain::locale::Locale;
use recado_domain::standing::{Edition, Reason, Review};
use recado_domain::template::{Category, Template};
use recado_http::Http;
use recado_testing::meta::settings::APP_ID;
use recado_testing::meta::{
    Account, BusinessNumber, Meta, Method, Request, Settings, TemplateStatus,
};
use recado_whatsapp::{AccessToken, Client, ManageError, SampleHandle};
use serde_json::json;

const WABA: &str = "800000000000001";
const TOKEN: &str = "EAAfictional";

type Shared = Arc<Mutex<Meta>>;

fn now() -> Timestamp {
    Timestamp::from_second(1_793_400_000).expect("a time in 2026")
}

async fn graph(
    State(meta): State<Shared>,
    method: HttpMethod,
    uri: Uri,
    headers: HeaderMap,
    body: Bytes,
) -> (StatusCode, Vec<u8>) {
    let text = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
    let request = Request {
        method: match method {
            HttpMethod::GET => Method::Get,
            HttpMethod::DELETE => Method::Delete,
            _ => Method::Post,
        },
        path: uri.path_and_query().map_or("/", |path| path.as_str()),
        authorization: text("authorization"),
        content_type: text("content-type"),
        file_offset: text("file_offset"),
        body: &body,
    };
    let reply = meta.lock().expect("no panic").request(&request, now());
    let status = StatusCode::from_u16(reply.status).expect("a status");
    (status, reply.body)
}

struct Scene {
    meta: Shared,
    client: Client,
    account: BusinessAccountId,
    token: AccessToken,
}

impl Scene {
    /// A Meta whose review takes an hour.
    async fn new() -> Self {
        let account = Account {
            waba_id: WABA.to_owned(),
            token: TOKEN.to_owned(),
            numbers: vec![BusinessNumber {
                id: "700000000000001".to_owned(),
                number: "+551140000001".to_owned(),
                name: "Banco Aurora".to_owned(),
            }],
        };
        let mut settings = Settings::new(1, "secret", vec![account]);
        settings.approval_delay = Duration::from_secs(3_600);
        let meta: Shared = Arc::new(Mutex::new(Meta::new(settings)));
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0")
            .await
            .expect("a port");
        let base = format!("http://{}", listener.local_addr().expect("an address"));
        let app = Router::new().fallback(graph).with_state(meta.clone());
        tokio::spawn(async move { axum::serve(listener, app).await });
        Self {
            meta,
            client: client(&format!("{base}/v25.0")),
            account: BusinessAccountId::parse(WABA).expect("digits"),
            token: AccessToken::parse(TOKEN).expect("a token"),
        }
    }

    async fn create(&self, template: &Template) -> Result<recado_whatsapp::AtMeta, ManageError> {
        let payload = template.creation_payload(Locale::PtBr);
        self.client
            .create_template(&self.account, &self.token, &payload)
            .await
    }

    fn set(&self, template: &Template, status: TemplateStatus) {
        let mut meta = self.meta.lock().expect("no panic");
        meta.set_template_status(WABA, &template.meta_name(), None, status, now());
    }
}

fn client(base: &str) -> Client {
    Client::new(Http::new(), base.to_owned(), Duration::from_secs(20)).expect("an address")
}

fn template(version: u32) -> Template {
    let name = TemplateName::parse("pix_received").expect("a name");
    let base = catalogue::find(&name, None).expect("the catalogue has it");
    Template {
        version,
        ..Template::clone(&base)
    }
}

fn edition(version: u32) -> Edition {
    Edition {
        name: TemplateName::parse("pix_received").expect("a name"),
        version,
        locale: Locale::PtBr,
    }
}

#[tokio::test]
async fn a_template_is_created_found_by_its_exact_name_and_read_as_it_stands() {
    let scene = Scene::new().await;
    let find = async |version| {
        let found = scene
            .client
            .find_template(&scene.account, &scene.token, &edition(version))
            .await;
        found.expect("Meta answers")
    };
    assert_eq!(find(1).await, None);
    // Names that the filter lets through besides the one that is asked for, more than a page of them.
    for version in 2..110 {
        let seeded = recado_testing::meta::MetaTemplate::from_creation(
            &template(version).creation_payload(Locale::PtBr),
        );
        let seeded = seeded.expect("Meta takes it");
        scene
            .meta
            .lock()
            .expect("no panic")
            .seed_template(WABA, seeded);
    }
    assert_eq!(find(1).await, None);
    let created = scene.create(&template(1)).await.expect("Meta takes it");
    assert_eq!(
        (created.review, created.category),
        (Some(Review::Pending), Some(Category::Utility))
    );
    let found = find(1).await.expect("it is there");
    assert_eq!((&found.id, found.review), (&created.id, created.review));
    assert_eq!(scene.create(&template(1)).await, Err(ManageError::Exists));

    scene.set(&template(1), TemplateStatus::Rejected);
    let read = scene.client.read_template(&scene.token, &created.id).await;
    let read = read.expect("it is there");
    assert_eq!(
        (read.review, read.reason),
        (Some(Review::Rejected), Reason::InvalidFormat)
    );
}

#[tokio::test]
async fn a_template_is_edited_and_deleted_and_then_missing() {
    let scene = Scene::new().await;
    let (client, token) = (&scene.client, &scene.token);
    let created = scene.create(&template(1)).await.expect("Meta takes it");
    let edited = client
        .edit_template(
            token,
            &created.id,
            &json!({ "message_send_ttl_seconds": 60 }),
        )
        .await;
    assert_eq!(edited, Ok(()));
    scene.set(&template(1), TemplateStatus::Approved);
    let change = json!({ "category": "MARKETING" });
    let refused = client.edit_template(token, &created.id, &change).await;
    assert!(
        matches!(&refused, Err(ManageError::Refused(failure)) if failure.code == Some(100)),
        "{refused:?}"
    );

    let delete = async || {
        client
            .delete_template(&scene.account, token, &edition(1), &created.id)
            .await
    };
    assert_eq!(delete().await, Ok(()));
    assert_eq!(delete().await, Err(ManageError::Missing));
    let gone = client.read_template(token, &created.id).await;
    assert_eq!(gone, Err(ManageError::Missing));
}

#[tokio::test]
async fn what_meta_refuses_has_its_code_and_no_answer_is_told_from_a_refusal() {
    let scene = Scene::new().await;
    let mut broken = template(1);
    let texts = broken.locales.get_mut(&Locale::PtBr).expect("a language");
    let whatsapp = texts.whatsapp.as_mut().expect("a text");
    whatsapp.body = format!("{{{{name}}}} {}", whatsapp.body);
    let refused = scene.create(&broken).await;
    assert!(
        matches!(&refused, Err(ManageError::Refused(failure)) if failure.code == Some(2_388_072)),
        "{refused:?}"
    );
    let strange = AccessToken::parse("EAAother").expect("a token");
    let refused = scene
        .client
        .create_template(
            &scene.account,
            &strange,
            &template(1).creation_payload(Locale::PtBr),
        )
        .await;
    assert!(
        matches!(&refused, Err(ManageError::Refused(failure)) if failure.code == Some(190)),
        "{refused:?}"
    );
    let nobody = client("http://127.0.0.1:1/v25.0");
    let unanswered = nobody
        .find_template(&scene.account, &scene.token, &edition(1))
        .await;
    assert_eq!(unanswered, Err(ManageError::Unavailable));
}

#[tokio::test]
async fn a_document_header_is_reviewed_with_a_sample_that_was_uploaded() {
    let scene = Scene::new().await;
    let name = TemplateName::parse("statement_ready").expect("a name");
    let template = catalogue::find(&name, None).expect("the catalogue has it");
    let refused = scene.create(&template).await;
    assert!(
        matches!(&refused, Err(ManageError::Refused(failure)) if failure.code == Some(2_388_047)),
        "{refused:?}"
    );
    let app = AppId::parse(APP_ID).expect("digits");
    let pdf = b"%PDF-1.4 a sample";
    let upload = async |kind, file: &[u8]| {
        let uploaded = scene
            .client
            .upload_sample(&app, &scene.token, kind, file)
            .await;
        uploaded.expect("Meta takes it")
    };
    let create = async |handle: &SampleHandle| {
        let mut payload = template.creation_payload(Locale::PtBr);
        payload["components"][0]["example"]["header_handle"] = json!([handle.as_str()]);
        scene
            .client
            .create_template(&scene.account, &scene.token, &payload)
            .await
    };
    let image = upload(FileType::Png, b"\x89PNG a sample").await;
    assert!(create(&image).await.is_err(), "an image is no document");
    let document = upload(FileType::Pdf, pdf).await;
    let created = create(&document).await.expect("Meta takes it");
    assert_eq!(created.review, Some(Review::Pending));

    let other = AppId::parse("600000000000009").expect("digits");
    let refused = scene
        .client
        .upload_sample(&other, &scene.token, FileType::Pdf, pdf)
        .await;
    assert_eq!(refused, Err(ManageError::Missing));
}
