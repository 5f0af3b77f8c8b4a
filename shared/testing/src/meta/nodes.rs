//! Which token may do what with which node: the front of the Graph API.

use jiff::Timestamp;
use serde_json::{Value, json};

use super::{
    Meta,
    agenda::Due,
    errors::GraphError,
    settings::Account,
    wire::{Effect, Method, Reply, Request, Route, select},
};

type Outcome<T> = Result<T, GraphError>;

/// What an id in a path stands for.
enum Node {
    App { token: String },
    Sample,
    Account(String),
    Number { id: String, waba: String },
    Template(u64),
    Media(String),
    Download,
}

impl Meta {
    /// Answers a request to the Graph API.
    pub fn request(&mut self, request: &Request<'_>, now: Timestamp) -> Reply {
        match self.dispatch(request, now) {
            Ok(reply) => reply,
            Err(error) => self.refuse(&error),
        }
    }

    /// `POST` with a JSON body; short for [`Meta::request`].
    pub fn post_json(&mut self, path: &str, token: &str, body: &Value, now: Timestamp) -> Reply {
        let authorization = format!("Bearer {token}");
        let bytes = body.to_string().into_bytes();
        let request = Request {
            method: Method::Post,
            path,
            authorization: Some(&authorization),
            content_type: Some("application/json"),
            file_offset: None,
            body: &bytes,
        };
        self.request(&request, now)
    }

    fn dispatch(&mut self, request: &Request<'_>, now: Timestamp) -> Outcome<Reply> {
        let route = Route::parse(request.path)?;
        if let Some(answer) = self.as_app(request, &route) {
            return Ok(Reply::json(200, &answer?));
        }
        let account = self.account(request.authorization)?;
        let node = self.node(&account, &route, now)?;
        let ok = |value: &Value| Ok(Reply::json(200, value));
        let success = json!({ "success": true });
        match (node, request.method, route.edge.as_deref()) {
            (Node::App { token }, Method::Post, Some("uploads")) => {
                ok(&self.samples.begin(&token, &route)?)
            }
            (Node::Sample, Method::Post, None) => ok(&self.samples.take(request, &route)?),
            (Node::Number { id, waba }, Method::Post, Some("messages")) => {
                Ok(self.messages(&id, &waba, &route, request.body, now))
            }
            (Node::Number { id, .. }, Method::Post, Some("media")) => {
                let uploaded = self
                    .media
                    .upload(&id, request.content_type, request.body, now)?;
                ok(&uploaded)
            }
            (Node::Number { id, .. }, Method::Get, None) => {
                ok(&select(self.number_node(&id), route.fields().as_deref()))
            }
            (Node::Number { .. }, Method::Get, Some("settings")) => ok(&json!({
                "storage_configuration": {
                    "status": "IN_COUNTRY_STORAGE_ENABLED", "data_localization_region": "BR",
                },
            })),
            (Node::Account(waba), method, Some("subscribed_apps")) => {
                self.limits.management(&waba, now)?;
                ok(&self.subscribed_apps(&waba, method))
            }
            (Node::Account(waba), Method::Get, Some("phone_numbers")) => {
                self.limits.management(&waba, now)?;
                let numbers = account
                    .numbers
                    .iter()
                    .map(|number| json!({ "id": number.id }));
                ok(&json!({ "data": numbers.collect::<Vec<_>>() }))
            }
            (Node::Account(waba), method, Some("message_templates")) => {
                self.limits.management(&waba, now)?;
                match method {
                    Method::Get => ok(&self.templates.list(&waba, &route)),
                    Method::Post => ok(&self.create_template(&waba, &parse(request.body)?, now)?),
                    Method::Delete => {
                        let ids = deleted_ids(&route)?;
                        self.templates
                            .delete(&waba, route.query("name"), &ids, now)?;
                        ok(&success)
                    }
                }
            }
            (Node::Template(id), Method::Get, None) => {
                let node = self.templates.get(id).map(|stored| stored.node());
                let node = node.ok_or_else(|| GraphError::no_such_node(&route.node))?;
                ok(&select(node, route.fields().as_deref()))
            }
            (Node::Template(id), Method::Post, None) => {
                let change = parse(request.body)?;
                self.samples.check(&change)?;
                self.templates.edit(id, &change)?;
                ok(&success)
            }
            (Node::Media(id), Method::Get, None) => {
                let node = self.media.node(&id, &self.settings.public_url, now);
                ok(&node.ok_or_else(|| GraphError::no_such_node(&id))?)
            }
            (Node::Media(id), Method::Delete, None) => {
                self.media.delete(&id);
                ok(&success)
            }
            (Node::Download, Method::Get, None) => Ok(self.download(&account, &route, now)),
            _ => Err(GraphError::no_such_node(&route.node)),
        }
    }

    fn account(&self, authorization: Option<&str>) -> Outcome<Account> {
        let refused = |details: &str| GraphError::new(190, details);
        let token = authorization
            .and_then(|header| {
                let bearer = header.strip_prefix("Bearer ");
                bearer.or_else(|| header.strip_prefix("OAuth "))
            })
            .ok_or_else(|| refused("An active access token must be used."))?;
        self.settings
            .accounts
            .iter()
            .find(|account| account.token == token)
            .cloned()
            .ok_or_else(|| refused("Invalid OAuth access token - Cannot parse access token"))
    }

    /// A node that the token may see; another account's looks as if it did not exist.
    fn node(&self, account: &Account, route: &Route, now: Timestamp) -> Outcome<Node> {
        let id = route.node.as_str();
        if id == self.settings.app_id {
            let token = account.token.clone();
            return Ok(Node::App { token });
        }
        if id.starts_with("upload:") {
            return Ok(Node::Sample);
        }
        if id == account.waba_id {
            return Ok(Node::Account(id.to_owned()));
        }
        if account.numbers.iter().any(|number| number.id == id) {
            return Ok(Node::Number {
                id: id.to_owned(),
                waba: account.waba_id.clone(),
            });
        }
        let template = id.parse().ok().and_then(|id| self.templates.get(id));
        if let Some(stored) = template.filter(|stored| stored.waba == account.waba_id) {
            return Ok(Node::Template(stored.id));
        }
        if id == "media_download" {
            return Ok(Node::Download);
        }
        let media = self.media.get(id, now).filter(|media| {
            let owns = account
                .numbers
                .iter()
                .any(|number| number.id == media.owner);
            let named = route.query("phone_number_id");
            owns && named.is_none_or(|number| number == media.owner)
        });
        match media {
            Some(_) => Ok(Node::Media(id.to_owned())),
            None => Err(GraphError::no_such_node(id)),
        }
    }

    fn number_node(&self, id: &str) -> Value {
        let Some((_, number)) = self.number(id) else {
            return json!({ "id": id });
        };
        let level = match self.settings.throughput_per_second {
            high if high > 80 => "HIGH",
            _ => "STANDARD",
        };
        json!({
            "id": id,
            "display_phone_number": number.number,
            "verified_name": number.name,
            "status": "CONNECTED",
            "quality_rating": "GREEN",
            "code_verification_status": "VERIFIED",
            "name_status": "APPROVED",
            "platform_type": "CLOUD_API",
            "account_mode": "LIVE",
            "throughput": { "level": level },
            "whatsapp_business_manager_messaging_limit": "TIER_UNLIMITED",
            "is_official_business_account": false,
        })
    }

    fn create_template(&mut self, waba: &str, request: &Value, now: Timestamp) -> Outcome<Value> {
        self.samples.check(request)?;
        let id = self.templates.create(waba, request, now)?;
        let delay = self.settings.approval_delay;
        if delay.is_zero() {
            let news = self.templates.decide(id, super::TemplateStatus::Approved);
            if let Some(news) = news {
                self.announce_template(&news, now);
            }
        } else {
            self.agenda.add(now + delay, Due::Review { template: id });
        }
        let stored = self
            .templates
            .get(id)
            .ok_or_else(|| GraphError::no_such_node(waba))?;
        Ok(json!({
            "id": id.to_string(),
            "status": stored.status.name(),
            "category": stored.template.category.name(),
        }))
    }

    /// The bytes of a medium, for five minutes after its link was made; then 404.
    fn download(&self, account: &Account, route: &Route, now: Timestamp) -> Reply {
        let until = route.query("ext").and_then(|until| until.parse().ok());
        let fresh = until.is_some_and(|until: i64| now.as_second() < until);
        let media = route
            .query("mid")
            .filter(|_| fresh)
            .and_then(|id| self.media.get(id, now))
            .filter(|media| {
                account
                    .numbers
                    .iter()
                    .any(|number| number.id == media.owner)
            });
        let (status, content_type, body) = match media {
            Some(media) => (200, media.mime_type.clone(), media.bytes.clone()),
            None => (404, "text/plain".to_owned(), Vec::new()),
        };
        Reply {
            status,
            content_type,
            body,
            effect: Effect::Answer,
        }
    }
}

fn parse(body: &[u8]) -> Outcome<Value> {
    serde_json::from_slice(body).map_err(|_| GraphError::invalid("The body is not valid JSON."))
}

/// The ids of `hsm_id=1` or `hsm_ids=[1,2]`; none with `name` alone.
fn deleted_ids(route: &Route) -> Outcome<Vec<u64>> {
    let listed = route.query("hsm_id").or_else(|| route.query("hsm_ids"));
    let Some(listed) = listed else {
        return match route.query("name") {
            Some(_) => Ok(Vec::new()),
            None => Err(GraphError::invalid("The parameter name is required.")),
        };
    };
    listed
        .trim_matches(['[', ']'])
        .split(',')
        .map(|id| {
            id.trim_matches(['"', ' '])
                .parse()
                .map_err(|_| GraphError::invalid("Param hsm_ids must be a list of template ids."))
        })
        .collect()
}
