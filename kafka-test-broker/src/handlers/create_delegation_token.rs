//! CreateDelegationToken, versions 0–3: a token to log in with (KIP-48).
//!
//! - 1: throttled after the answer. 2: flexible. 3: for somebody else (KIP-373).
//!
//! No broker here has a `delegation.token.secret.key`: it makes no tokens.

use kafka_protocol::StrBytes;
use kafka_protocol::messages::{CreateDelegationTokenRequest, CreateDelegationTokenResponse};

use super::{Context, Handler, Outcome};

/// The first version that tells who asked for a token.
const FIRST_VERSION_OF_REQUESTERS: i16 = 3;

impl Handler for CreateDelegationTokenRequest {
    fn handle(self, context: &mut Context<'_>) -> Outcome<CreateDelegationTokenResponse> {
        let (code, no_time) = super::without_tokens(context);
        let principal = context
            .cluster
            .security
            .principal(context.ticket.connection());
        let (kind, name) = principal.split_once(':').unwrap_or_default();
        let (kind, name) = (
            StrBytes::from(kind.to_owned()),
            StrBytes::from(name.to_owned()),
        );
        let (owner_kind, owner_name) = match (self.owner_principal_type, self.owner_principal_name)
        {
            (Some(kind), Some(name)) if !name.is_empty() => (kind, name),
            _ => (kind.clone(), name.clone()),
        };
        let mut response = CreateDelegationTokenResponse::new()
            .with_error_code(code.code())
            .with_principal_type(owner_kind)
            .with_principal_name(owner_name)
            .with_issue_timestamp_ms(no_time)
            .with_expiry_timestamp_ms(no_time)
            .with_max_timestamp_ms(no_time);
        if context.version >= FIRST_VERSION_OF_REQUESTERS {
            response.token_requester_principal_type = kind;
            response.token_requester_principal_name = name;
        }
        Outcome::Answer(response)
    }
}
