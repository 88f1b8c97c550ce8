//! SaslHandshake, versions 0–1: chooses a mechanism (KIP-43). After version 0
//! tokens come without Kafka's headers.

use kafka_protocol::messages::{SaslHandshakeRequest, SaslHandshakeResponse};
use kafka_protocol::{ErrorCode, StrBytes};

use super::{Context, Handler, Outcome};
use crate::security::Handshake;

impl Handler for SaslHandshakeRequest {
    fn handle(self, context: &mut Context<'_>) -> Outcome<SaslHandshakeResponse> {
        let raw = context.version == 0;
        let (id, now) = (context.ticket.connection(), context.moment().now);
        let security = &mut context.cluster.security;
        let chosen = match context.plan.whole_error() {
            Some(code) => Err(code),
            None => match security.handshake(id, &self.mechanism, raw, now) {
                Handshake::Accepted => Ok(()),
                Handshake::Unsupported => Err(ErrorCode::UnsupportedSaslMechanism),
                Handshake::IllegalState => Err(ErrorCode::IllegalSaslState),
            },
        };
        let names = security.mechanisms().iter();
        let names = names.map(|mechanism| StrBytes::from_static(mechanism.name()));
        let response = SaslHandshakeResponse::new().with_mechanisms(names.collect::<Vec<_>>());
        match chosen {
            Ok(()) => Outcome::Answer(response),
            Err(code) => Outcome::AnswerAndClose(response.with_error_code(code.code())),
        }
    }
}
