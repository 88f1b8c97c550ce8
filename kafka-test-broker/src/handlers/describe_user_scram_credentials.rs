//! DescribeUserScramCredentials, version 0: who has a password for SCRAM
//! (KIP-554).

use std::collections::{BTreeMap, BTreeSet};

use kafka_protocol::messages::describe_user_scram_credentials::{
    CredentialInfo, DescribeUserScramCredentialsResult,
};
use kafka_protocol::messages::{
    DescribeUserScramCredentialsRequest, DescribeUserScramCredentialsResponse,
};
use kafka_protocol::{ErrorCode, StrBytes};

use super::{Context, Handler, Outcome};
use crate::cluster::Cluster;
use crate::security::{Need, Operation};

impl Handler for DescribeUserScramCredentialsRequest {
    fn needs(&self, _cluster: &Cluster) -> Vec<Need> {
        vec![Need::cluster(Operation::Describe)]
    }

    fn handle(self, context: &mut Context<'_>) -> Outcome<DescribeUserScramCredentialsResponse> {
        let response = DescribeUserScramCredentialsResponse::new();
        if let Some(code) = context.plan.whole_error() {
            return Outcome::Answer(response.with_error_code(code.code()));
        }
        let mut infos: BTreeMap<&str, Vec<CredentialInfo>> = BTreeMap::new();
        for ((user, hash), credential) in context.cluster.security.credentials() {
            let iterations = i32::try_from(credential.iterations).unwrap_or(i32::MAX);
            infos.entry(user).or_default().push(
                CredentialInfo::new()
                    .with_mechanism(hash.number())
                    .with_iterations(iterations),
            );
        }
        let asked = self.users.filter(|users| !users.is_empty());
        let names: Vec<StrBytes> = match asked {
            Some(users) => users.into_iter().map(|user| user.name).collect(),
            None => infos
                .keys()
                .map(|user| StrBytes::from((*user).to_owned()))
                .collect(),
        };
        let mut seen = BTreeSet::new();
        let mut twice = BTreeSet::new();
        for name in &names {
            if !seen.insert(name.clone()) {
                twice.insert(name.clone());
            }
        }
        let results = seen.into_iter().map(|name| {
            let result = DescribeUserScramCredentialsResult::new().with_user(name.clone());
            let failed = |code: ErrorCode, message: String| {
                result
                    .clone()
                    .with_error_code(code.code())
                    .with_error_message(Some(StrBytes::from(message)))
            };
            if twice.contains(&name) {
                let message = format!("{name} is asked about twice");
                return failed(ErrorCode::DuplicateResource, message);
            }
            match infos.remove(name.as_str()) {
                Some(infos) => result.clone().with_credential_infos(infos),
                None => failed(
                    ErrorCode::ResourceNotFound,
                    format!("{name} has no password for SCRAM"),
                ),
            }
        });
        Outcome::Answer(response.with_results(results.collect::<Vec<_>>()))
    }
}
