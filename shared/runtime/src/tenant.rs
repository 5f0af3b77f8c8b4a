//! Who calls: the token's client, as API Gateway's authorizer has verified it.

use lambda_http::request::RequestContext;

/// The verified caller.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Caller {
    /// The OAuth2 client. Nothing in a body or path can name another.
    pub client_id: String,
}

/// Reads the caller out of a request's extensions: `client_id` (Cognito and most others), else `azp`,
/// else `sub`. None where no authorizer stood in front.
#[must_use]
pub fn caller(extensions: &http::Extensions) -> Option<Caller> {
    let RequestContext::ApiGatewayV2(context) = extensions.get::<RequestContext>()? else {
        return None;
    };
    let claims = &context.authorizer.as_ref()?.jwt.as_ref()?.claims;
    let client_id = ["client_id", "azp", "sub"]
        .into_iter()
        .find_map(|claim| claims.get(claim))?;
    Some(Caller {
        client_id: client_id.clone(),
    })
}
