//! ExpireDelegationToken, versions 0–2: the end of a token (KIP-48).
//!
//! - 1: throttled after the answer. 2: flexible.
//!
//! There are no tokens here.

use kafka_protocol::messages::{ExpireDelegationTokenRequest, ExpireDelegationTokenResponse};

use super::{Context, Handler, Outcome};

impl Handler for ExpireDelegationTokenRequest {
    fn handle(self, context: &mut Context<'_>) -> Outcome<ExpireDelegationTokenResponse> {
        let (code, no_time) = super::without_tokens(context);
        Outcome::Answer(
            ExpireDelegationTokenResponse::new()
                .with_error_code(code.code())
                .with_expiry_timestamp_ms(no_time),
        )
    }
}
