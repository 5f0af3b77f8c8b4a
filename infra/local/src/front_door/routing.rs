//! Which route a request takes.

use std::collections::BTreeMap;
use std::sync::Arc;

use anyhow::{Context, Result, bail};

use crate::lambda::Invoke;
use crate::template::{Authorization, Template};

/// A route of the front door.
#[derive(Clone)]
pub struct Route {
    /// API Gateway's route key: `GET /v1/{id}`, `ANY /x/{rest+}` or `$default`.
    pub key: String,
    /// Id of the API that it belongs to.
    pub api_id: String,
    /// What is invoked.
    pub function: Arc<dyn Invoke>,
    /// Who may call it.
    pub access: Access,
}

/// Who may call a route.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Access {
    /// Anybody.
    Open,
    /// Bearers of a token of this issuer, for one of these audiences, with at least one
    /// of these scopes if there are any.
    Jwt {
        /// The token's `iss`.
        issuer: String,
        /// The token's `aud`, or its `client_id` when it has none.
        audience: Vec<String>,
        /// Any one of them suffices; none is needed when empty.
        scopes: Vec<String>,
    },
}

/// The routes of all HTTP APIs of a template.
///
/// # Errors
///
/// When a function with routes is not among `functions` (by logical id).
pub fn routes(
    template: &Template,
    functions: &BTreeMap<String, Arc<dyn Invoke>>,
) -> Result<Vec<Route>> {
    let mut routes = Vec::new();
    for (logical_id, function) in &template.functions {
        for route in &function.routes {
            let invoked = functions.get(logical_id).with_context(|| {
                format!("resource {logical_id} has routes, but no function runs for it")
            })?;
            let access = match &route.authorization {
                Authorization::Open => Access::Open,
                Authorization::Jwt { authorizer, scopes } => {
                    let authorizer = template
                        .http_apis
                        .get(&route.api)
                        .and_then(|api| api.authorizers.get(authorizer))
                        .with_context(|| {
                            format!("resource {logical_id}: no authorizer {authorizer}")
                        })?;
                    Access::Jwt {
                        issuer: authorizer.issuer.clone(),
                        audience: authorizer.audience.clone(),
                        scopes: scopes.clone(),
                    }
                }
            };
            routes.push(Route {
                key: match route.path.as_str() {
                    "$default" => "$default".to_owned(),
                    path => format!("{} {path}", route.method),
                },
                api_id: route.api.to_lowercase(),
                function: Arc::clone(invoked),
                access,
            });
        }
    }
    Ok(routes)
}

/// Routes, the most specific first.
pub(super) struct Routes(Vec<(Pattern, Route)>);

#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
enum Segment {
    Literal(String),
    Variable(String),
    /// `{name+}`: one segment or more.
    Greedy(String),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Rank {
    Literal,
    Variable,
    Greedy,
}

struct Pattern {
    /// `None` is `ANY`.
    method: Option<String>,
    /// `None` is `$default`.
    segments: Option<Vec<Segment>>,
}

impl Routes {
    pub(super) fn new(routes: Vec<Route>) -> Result<Self> {
        let mut parsed = Vec::new();
        for route in routes {
            let pattern = Pattern::parse(&route.key)
                .with_context(|| format!("the route \"{}\"", route.key))?;
            if parsed
                .iter()
                .any(|(p, _): &(Pattern, Route)| p.order() == pattern.order() && p.same(&pattern))
            {
                bail!(
                    "the route \"{}\" exists twice; the local stack has all APIs on one address",
                    route.key
                );
            }
            parsed.push((pattern, route));
        }
        parsed.sort_by_cached_key(|(pattern, _)| pattern.order());
        Ok(Self(parsed))
    }

    /// The route and the values of its variables, percent-decoded.
    pub(super) fn find(&self, method: &str, path: &str) -> Option<(&Route, Vec<(String, String)>)> {
        let path: Vec<String> = path
            .strip_prefix('/')
            .unwrap_or(path)
            .split('/')
            .map(percent_decode)
            .collect();
        self.0
            .iter()
            .find_map(|(pattern, route)| Some((route, pattern.matches(method, &path)?)))
    }
}

impl Pattern {
    fn parse(key: &str) -> Result<Self> {
        if key == "$default" {
            return Ok(Self {
                method: None,
                segments: None,
            });
        }
        let (method, path) = key.split_once(" /").context("is not \"METHOD /path\"")?;
        let mut segments = Vec::new();
        for text in path.split('/') {
            segments.push(
                match text.strip_prefix('{').and_then(|t| t.strip_suffix('}')) {
                    Some(name) => match name.strip_suffix('+') {
                        Some(name) => Segment::Greedy(name.to_owned()),
                        None => Segment::Variable(name.to_owned()),
                    },
                    None => Segment::Literal(text.to_owned()),
                },
            );
        }
        let greedy = |s: &Segment| matches!(s, Segment::Greedy(_));
        if segments.iter().rev().skip(1).any(greedy) {
            bail!("has a greedy variable before its end");
        }
        Ok(Self {
            method: (method != "ANY").then(|| method.to_owned()),
            segments: Some(segments),
        })
    }

    /// API Gateway takes the most specific route: literals before variables before
    /// greedy ones, segment by segment; then a method before `ANY`; `$default` last.
    fn order(&self) -> (bool, Vec<Rank>, bool) {
        let ranks = self.segments.iter().flatten().map(|segment| match segment {
            Segment::Literal(_) => Rank::Literal,
            Segment::Variable(_) => Rank::Variable,
            Segment::Greedy(_) => Rank::Greedy,
        });
        (
            self.segments.is_none(),
            ranks.collect(),
            self.method.is_none(),
        )
    }

    /// Whether both take the same requests, whatever their variables are called.
    fn same(&self, other: &Self) -> bool {
        let literals = |pattern: &Self| -> Vec<Option<String>> {
            let segments = pattern.segments.iter().flatten();
            segments
                .map(|segment| match segment {
                    Segment::Literal(text) => Some(text.clone()),
                    Segment::Variable(_) | Segment::Greedy(_) => None,
                })
                .collect()
        };
        self.method == other.method && literals(self) == literals(other)
    }

    fn matches(&self, method: &str, path: &[String]) -> Option<Vec<(String, String)>> {
        if self.method.as_deref().is_some_and(|m| m != method) {
            return None;
        }
        let Some(segments) = &self.segments else {
            return Some(Vec::new());
        };
        let mut variables = Vec::new();
        let mut rest = path;
        for segment in segments {
            let (first, after) = rest.split_first()?;
            match segment {
                Segment::Literal(text) if text == first => {}
                Segment::Literal(_) => return None,
                Segment::Variable(_) | Segment::Greedy(_) if first.is_empty() => return None,
                Segment::Variable(name) => variables.push((name.clone(), first.clone())),
                Segment::Greedy(name) => {
                    variables.push((name.clone(), rest.join("/")));
                    return Some(variables);
                }
            }
            rest = after;
        }
        rest.is_empty().then_some(variables)
    }
}

/// Percent-decodes a path; what is no escape stays, what is no UTF-8 is replaced.
pub(super) fn percent_decode(text: &str) -> String {
    let mut out = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let [first, after @ ..] = rest {
        let digit = |b: &u8| char::from(*b).to_digit(16);
        let escaped = match (first, after) {
            (b'%', [high, low, ..]) => match (digit(high), digit(low)) {
                (Some(high), Some(low)) => u8::try_from(high * 16 + low).ok(),
                (None, _) | (_, None) => None,
            },
            _ => None,
        };
        match escaped {
            Some(byte) => {
                out.push(byte);
                rest = &after[2..];
            }
            None => {
                out.push(*first);
                rest = after;
            }
        }
    }
    String::from_utf8_lossy(&out).into_owned()
}
