//! RenewDelegationToken, versions 0–2: a token that lasts longer (KIP-48).
//!
//! - 1: throttled after the answer. 2: flexible.
//!
//! There are no tokens here.

use kafka_protocol::messages::{RenewDelegationTokenRequest, RenewDelegationTokenResponse};

use super::{Context, Handler, Outcome};

impl Handler for RenewDelegationTokenRequest {
    fn handle(self, context: &mut Context<'_>) -> Outcome<RenewDelegationTokenResponse> {
        let (code, no_time) = super::without_tokens(context);
        Outcome::Answer(
            RenewDelegationTokenResponse::new()
                .with_error_code(code.code())
                .with_expiry_timestamp_ms(no_time),
        )
    }
}
