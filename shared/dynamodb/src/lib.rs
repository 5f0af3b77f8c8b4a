//! recado-dynamodb
