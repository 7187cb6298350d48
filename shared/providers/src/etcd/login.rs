//! A user and a password are exchanged for a token.

use async_trait::async_trait;
use serde_json::json;

use crate::rest::{Rest, Token, TokenSource};
use crate::{ProviderError, Transport};

/// What a server says where it asks nobody for a password.
const NOT_ENABLED: &str = "authentication is not enabled";

pub(super) struct Login {
    rest: Rest,
    user: String,
    password: String,
}

impl Login {
    pub(super) fn new(rest: Rest, user: &str, password: Option<&str>) -> Self {
        Self { rest, user: user.to_owned(), password: password.unwrap_or_default().to_owned() }
    }
}

#[async_trait]
impl TokenSource for Login {
    async fn token(&self, via: &Transport) -> Result<Token, ProviderError> {
        let body = json!({ "name": self.user, "password": self.password });
        let request = self.rest.post(&["v3", "auth", "authenticate"]).json(&body)?;
        match self.rest.send(via, "authenticate", &request).await {
            Ok(answer) => Ok(Token::new(answer.member::<String>("/token")?, None)),
            Err(error) if error.message.contains(NOT_ENABLED) => Ok(Token::new("", None)),
            Err(error) => Err(error),
        }
    }

    fn secrets(&self) -> Vec<String> {
        vec![self.password.clone()]
    }
}
