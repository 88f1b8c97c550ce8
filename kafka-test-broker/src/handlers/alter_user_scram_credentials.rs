//! AlterUserScramCredentials, version 0: sets and removes passwords for SCRAM
//! (KIP-554).

use std::collections::BTreeMap;

use kafka_protocol::messages::alter_user_scram_credentials::{
    AlterUserScramCredentialsResult, ScramCredentialDeletion, ScramCredentialUpsertion,
};
use kafka_protocol::messages::{
    AlterUserScramCredentialsRequest, AlterUserScramCredentialsResponse,
};
use kafka_protocol::{ErrorCode, StrBytes};

use super::{Context, Handler, Outcome};
use crate::cluster::Cluster;
use crate::security::{
    MAX_ITERATIONS, MIN_ITERATIONS, Need, Operation, ScramCredential, ScramHash,
};

impl Handler for AlterUserScramCredentialsRequest {
    fn needs(&self, _cluster: &Cluster) -> Vec<Need> {
        vec![Need::cluster(Operation::Alter)]
    }

    fn handle(self, context: &mut Context<'_>) -> Outcome<AlterUserScramCredentialsResponse> {
        let mut changes: BTreeMap<StrBytes, Vec<Change>> = BTreeMap::new();
        for deletion in self.deletions {
            let changes = changes.entry(deletion.name.clone()).or_default();
            changes.push(Change::Delete(deletion));
        }
        for upsertion in self.upsertions {
            let changes = changes.entry(upsertion.name.clone()).or_default();
            changes.push(Change::Upsert(upsertion));
        }
        let results = changes.into_iter().map(|(user, changes)| {
            let result = AlterUserScramCredentialsResult::new().with_user(user.clone());
            match apply(context, &user, changes) {
                Ok(()) => result.with_error_message(None),
                Err((code, message)) => result
                    .with_error_code(code.code())
                    .with_error_message(Some(StrBytes::from_static(message))),
            }
        });
        let results: Vec<_> = results.collect();
        Outcome::Answer(AlterUserScramCredentialsResponse::new().with_results(results))
    }
}

enum Change {
    Delete(ScramCredentialDeletion),
    Upsert(ScramCredentialUpsertion),
}

type Refusal = (ErrorCode, &'static str);

/// All changes to one user, or none.
fn apply(context: &mut Context<'_>, user: &str, changes: Vec<Change>) -> Result<(), Refusal> {
    if let Some(code) = context.plan.whole_error() {
        return Err((code, code.description()));
    }
    if user.is_empty() {
        return Err((
            ErrorCode::UnacceptableCredential,
            "Username must not be empty",
        ));
    }
    let mut checked = BTreeMap::new();
    for change in changes {
        let (hash, credential) = check(context, user, change)?;
        if checked.insert(hash, credential).is_some() {
            return Err((
                ErrorCode::DuplicateResource,
                "A user credential cannot be altered twice in the same request",
            ));
        }
    }
    for (hash, credential) in checked {
        context
            .cluster
            .security
            .set_credential(user, hash, credential);
    }
    Ok(())
}

fn check(
    context: &Context<'_>,
    user: &str,
    change: Change,
) -> Result<(ScramHash, Option<ScramCredential>), Refusal> {
    let hash = |number| {
        ScramHash::of_number(number).ok_or((
            ErrorCode::UnsupportedSaslMechanism,
            "Unknown SCRAM mechanism",
        ))
    };
    match change {
        Change::Delete(deletion) => {
            let hash = hash(deletion.mechanism)?;
            let key = (user.to_owned(), hash);
            if !context.cluster.security.credentials().contains_key(&key) {
                return Err((
                    ErrorCode::ResourceNotFound,
                    "Attempt to delete a user credential that does not exist",
                ));
            }
            Ok((hash, None))
        }
        Change::Upsert(upsertion) => {
            let hash = hash(upsertion.mechanism)?;
            let iterations = u32::try_from(upsertion.iterations).unwrap_or(0);
            if iterations < MIN_ITERATIONS {
                return Err((ErrorCode::UnacceptableCredential, "Too few iterations"));
            }
            if iterations > MAX_ITERATIONS {
                return Err((ErrorCode::UnacceptableCredential, "Too many iterations"));
            }
            let salt = upsertion.salt.to_vec();
            let credential =
                ScramCredential::of_salted(hash, &upsertion.salted_password, salt, iterations);
            Ok((hash, Some(credential)))
        }
    }
}
