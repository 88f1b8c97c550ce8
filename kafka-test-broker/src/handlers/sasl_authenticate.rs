//! SaslAuthenticate, versions 0–2: one step of logging in (KIP-152).
//!
//! - 1: how long the session is (KIP-368). 2: flexible.

use bytes::Bytes;
use kafka_protocol::messages::{SaslAuthenticateRequest, SaslAuthenticateResponse};
use kafka_protocol::{ErrorCode, StrBytes};

use super::{Context, Handler, Outcome};
use crate::security::{SaslFailure, SaslMechanism, Step};

impl Handler for SaslAuthenticateRequest {
    fn handle(self, context: &mut Context<'_>) -> Outcome<SaslAuthenticateResponse> {
        let response = SaslAuthenticateResponse::new().with_error_message(None);
        if let Some(code) = context.plan.whole_error() {
            return Outcome::AnswerAndClose(response.with_error_code(code.code()));
        }
        let (id, moment) = (context.ticket.connection(), context.moment());
        match context.cluster.security.token(id, &self.auth_bytes, moment) {
            Step::Continue(token) => Outcome::Answer(response.with_auth_bytes(Bytes::from(token))),
            Step::Done { token, lifetime_ms } => Outcome::Answer(
                response
                    .with_auth_bytes(Bytes::from(token))
                    .with_session_lifetime_ms(lifetime_ms),
            ),
            Step::Failed { mechanism, failure } => Outcome::AnswerAndClose(
                response
                    .with_error_code(ErrorCode::SaslAuthenticationFailed.code())
                    .with_error_message(Some(reason(mechanism, failure))),
            ),
            Step::IllegalState => Outcome::AnswerAndClose(
                response
                    .with_error_code(ErrorCode::IllegalSaslState.code())
                    .with_error_message(Some(StrBytes::from_static(
                        "SaslAuthenticate request received after successful authentication",
                    ))),
            ),
        }
    }
}

/// What a client may be told: no more than that it was refused.
fn reason(mechanism: SaslMechanism, failure: SaslFailure) -> StrBytes {
    let name = mechanism.name();
    StrBytes::from(match failure {
        SaslFailure::Refused => {
            format!(
                "Authentication failed during authentication due to invalid credentials with SASL mechanism {name}"
            )
        }
        SaslFailure::Malformed => {
            format!("Authentication failed due to an invalid message of SASL mechanism {name}")
        }
    })
}
