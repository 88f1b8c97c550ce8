//! DescribeDelegationToken, versions 0–3: the tokens one may see (KIP-48).
//!
//! - 1: throttled after the answer. 2: flexible. 3: who asked for them (KIP-373).
//!
//! There are no tokens here.

use kafka_protocol::messages::{DescribeDelegationTokenRequest, DescribeDelegationTokenResponse};

use super::{Context, Handler, Outcome};

impl Handler for DescribeDelegationTokenRequest {
    fn handle(self, context: &mut Context<'_>) -> Outcome<DescribeDelegationTokenResponse> {
        let (code, _) = super::without_tokens(context);
        Outcome::Answer(DescribeDelegationTokenResponse::new().with_error_code(code.code()))
    }
}
