//! What the embedded cluster says that brokers of each release serve, beside what
//! they say themselves.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::io::{ErrorKind, Read, Write};
use std::net::TcpStream;
use std::time::Duration;

use kafka_harness::{ClusterOptions, Installation, KafkaVersion, RealCluster};
use kafka_protocol::frame::{decode_body, encode_request, open_response};
use kafka_protocol::messages::{ApiVersionsRequest, ApiVersionsResponse};
use kafka_protocol::wire::Limits;
use kafka_protocol::{ApiKey, Request, StrBytes, VersionRange};
use kafka_suite::BoxError;
use kafka_test_broker::{Era, TestCluster};

/// What a broker does when it is asked which versions it serves.
#[derive(Debug, PartialEq)]
enum Reaction {
    Closes,
    StaysSilent,
    Answers(Box<ApiVersionsResponse>),
}

fn ask(address: &str, version: i16) -> Result<Reaction, BoxError> {
    let request = ApiVersionsRequest::new()
        .with_client_software_name("eras")
        .with_client_software_version("1.0");
    let mut stream = TcpStream::connect(address)?;
    stream.set_read_timeout(Some(Duration::from_secs(3)))?;
    // 0.9 hangs up on clients without a name before it looks at what they want.
    let name = StrBytes::from_static("eras");
    let frame = encode_request(&request, version, 1, Some(&name))?.into_bytes();
    stream.write_all(&frame)?;
    let mut length = [0; 4];
    match stream.read_exact(&mut length) {
        Ok(()) => {}
        Err(error) if error.kind() == ErrorKind::WouldBlock => return Ok(Reaction::StaysSilent),
        Err(_) => return Ok(Reaction::Closes),
    }
    let mut answer = vec![0; usize::try_from(i32::from_be_bytes(length))?];
    stream.read_exact(&mut answer)?;
    let key = ApiVersionsRequest::KEY;
    let (_, body) = open_response(key, version, answer.into(), Limits::default())?;
    Ok(Reaction::Answers(Box::new(decode_body(body, version)?)))
}

/// The versions listed, but for the APIs of brokers among themselves.
fn versions(response: &ApiVersionsResponse) -> Vec<(ApiKey, VersionRange)> {
    let apis = response.api_keys.iter();
    apis.map(|api| {
        let key = ApiKey::from_code(api.api_key).unwrap();
        (key, VersionRange::new(api.min_version, api.max_version))
    })
    .collect()
}

/// Features by name, with the levels that are supported.
type Supported = Vec<(String, i16, i16)>;

/// Features by name, with the level in use.
type Finalized = Vec<(String, i16)>;

/// Features by name: what is supported, and what is in use.
fn features(response: &ApiVersionsResponse) -> (Supported, Finalized) {
    let supported = response.supported_features.iter();
    let mut supported: Vec<_> = supported
        .map(|f| (f.name.to_string(), f.min_version, f.max_version))
        .collect();
    let finalized = response.finalized_features.iter();
    let mut finalized: Vec<_> = finalized
        .map(|f| (f.name.to_string(), f.max_version_level))
        .collect();
    supported.sort();
    finalized.sort();
    (supported, finalized)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_era_is_as_its_release() -> Result<(), BoxError> {
    for era in Era::RELEASES {
        let release = KafkaVersion::find(era.release().unwrap())?;
        let installation = Installation::ensure(release)?;
        let cluster = RealCluster::start(&installation, 1, &ClusterOptions::default())?;
        let real = cluster.address(1)?;
        let embedded = TestCluster::builder().era(era).start().await?;
        let ours = embedded.bootstrap();
        match (ask(&real, 0)?, ask(&ours, 0)?) {
            (Reaction::Answers(real), Reaction::Answers(ours)) => {
                assert_eq!(era.api_versions(), versions(&real), "{era}");
                let real = versions(&real);
                assert!(
                    versions(&ours).iter().all(|api| real.contains(api)),
                    "{era}"
                );
            }
            (real, ours) => assert_eq!(real, ours, "{era}"),
        }
        let newest = era
            .api_versions()
            .into_iter()
            .find(|(key, _)| *key == ApiKey::ApiVersions);
        if let Some((_, range)) = newest {
            let (Reaction::Answers(real), Reaction::Answers(ours)) =
                (ask(&real, range.max)?, ask(&ours, range.max)?)
            else {
                return Err(format!("{era} does not answer").into());
            };
            assert_eq!(features(&ours), features(&real), "{era}");
        }
        println!("{era} is as {release}");
    }
    Ok(())
}
