//! Who calls: the token's client, as API Gateway's authorizer has verified it.

use http::Extensions;
use lambda_http::request::RequestContext;
use recado_domain::ids::TenantId;
use recado_ports::Registry;

use crate::problem::Problem;

/// The tenant is the token's client; nothing in a body or path can name another.
pub async fn tenant<S: Registry>(store: &S, extensions: &Extensions) -> Result<TenantId, Problem> {
    let client = client(extensions).ok_or(Problem::UnknownClient)?;
    store.client(client).await?.ok_or(Problem::UnknownClient)
}

/// `client_id` (Cognito and most others), else `azp`, else `sub`. None where no authorizer stood in
/// front.
fn client(extensions: &Extensions) -> Option<&str> {
    let RequestContext::ApiGatewayV2(context) = extensions.get::<RequestContext>()? else {
        return None;
    };
    let claims = &context.authorizer.as_ref()?.jwt.as_ref()?.claims;
    ["client_id", "azp", "sub"]
        .into_iter()
        .find_map(|claim| claims.get(claim))
        .map(String::as_str)
}
