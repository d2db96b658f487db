//! Lists: pages followed to the end.

use crate::{Ask, Client, ClientError};
use serde_json::Value;

impl Client {
    /// Every item of a list, over all its pages.
    ///
    /// # Errors
    /// As [`Client::ask`].
    pub async fn list(&self, ask: Ask) -> Result<Vec<Value>, ClientError> {
        self.list_up_to(ask, usize::MAX).await
    }

    /// The first items of a list.
    ///
    /// # Errors
    /// As [`Client::ask`].
    pub async fn list_up_to(&self, ask: Ask, most: usize) -> Result<Vec<Value>, ClientError> {
        let mut items = Vec::new();
        let mut token: Option<String> = None;
        loop {
            let limit = (most - items.len()).min(1_000);
            let page = ask.clone().query("limit", Some(limit)).query("page_token", token.as_ref());
            let mut answer = self.ask(&page).await?;
            if let Some(Value::Array(more)) = answer.get_mut("items").map(Value::take) {
                items.extend(more);
            }
            token = answer.get("next_page_token").and_then(Value::as_str).map(str::to_owned);
            if token.is_none() || items.len() >= most {
                return Ok(items);
            }
        }
    }
}
