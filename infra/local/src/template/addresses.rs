//! Local values of references to resources.

use super::{Deployment, Reference};

/// Where the local stack's resources are, as `Ref` and `GetAtt` would tell it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Addresses {
    /// Region in ARNs.
    pub region: String,
    /// Account in ARNs and queue URLs.
    pub account_id: String,
    /// Base of queue URLs without a trailing slash; a queue's URL is
    /// `<base>/<account>/<name>`, as on AWS.
    pub queue_url_base: String,
    /// Where every HTTP API answers, without a trailing slash: one front door has all their routes.
    pub front_door: String,
}

impl Addresses {
    /// Addresses in the deployment's region and account.
    #[must_use]
    pub fn new(
        deployment: &Deployment,
        queue_url_base: impl Into<String>,
        front_door: impl Into<String>,
    ) -> Self {
        Self {
            region: deployment.region.clone(),
            account_id: deployment.account_id.clone(),
            queue_url_base: queue_url_base.into(),
            front_door: front_door.into(),
        }
    }

    /// The URL of the queue with this name.
    #[must_use]
    pub fn queue_url(&self, name: &str) -> String {
        format!("{}/{}/{name}", self.queue_url_base, self.account_id)
    }

    /// The ARN of the queue with this name.
    #[must_use]
    pub fn queue_arn(&self, name: &str) -> String {
        self.arn("sqs", name)
    }

    /// The ARN of the function with this name.
    #[must_use]
    pub fn function_arn(&self, name: &str) -> String {
        self.arn("lambda", &format!("function:{name}"))
    }

    /// The value that a reference has locally; `None` where it has none.
    ///
    /// Types without a rule of their own refer to themselves by name and have an ARN
    /// of the usual form, so that a variable may hold them; nothing answers there.
    #[must_use]
    pub fn resolve(&self, reference: &Reference<'_>) -> Option<String> {
        let name = reference.name;
        let value = match (reference.resource_type, reference.attribute) {
            ("AWS::SQS::Queue", None | Some("QueueUrl")) => self.queue_url(name),
            ("AWS::SQS::Queue", Some("Arn")) => self.queue_arn(name),
            ("AWS::SQS::Queue", Some("QueueName")) => name.to_owned(),
            ("AWS::DynamoDB::Table", None) => name.to_owned(),
            ("AWS::DynamoDB::Table", Some("Arn")) => self.arn("dynamodb", &format!("table/{name}")),
            ("AWS::DynamoDB::Table", Some("StreamArn")) => {
                self.arn("dynamodb", &format!("table/{name}/stream/local"))
            }
            // Secrets Manager takes a name wherever it takes an ARN.
            ("AWS::SecretsManager::Secret", None | Some("Id")) => name.to_owned(),
            ("AWS::SNS::Topic", None | Some("TopicArn")) => self.arn("sns", name),
            ("AWS::Serverless::Function", None) => name.to_owned(),
            ("AWS::Serverless::Function", Some("Arn")) => self.function_arn(name),
            ("AWS::Serverless::HttpApi", None) => reference.logical_id.to_lowercase(),
            ("AWS::Serverless::HttpApi", Some("ApiEndpoint")) => self.front_door.clone(),
            ("AWS::KMS::Key", Some("Arn")) => self.arn("kms", &format!("key/{name}")),
            ("AWS::Cognito::UserPool", Some("ProviderURL")) => {
                format!("https://cognito-idp.{}.amazonaws.com/{name}", self.region)
            }
            (_, None) => name.to_owned(),
            (kind, Some("Arn")) => {
                let service = kind.split("::").nth(1).unwrap_or_default().to_lowercase();
                self.arn(&service, name)
            }
            (_, Some(_)) => return None,
        };
        Some(value)
    }

    fn arn(&self, service: &str, resource: &str) -> String {
        format!(
            "arn:aws:{service}:{}:{}:{resource}",
            self.region, self.account_id
        )
    }
}
