//! recado-sqs
