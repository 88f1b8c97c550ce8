//! Certificates change while the client runs.

use kafka_net::{Connection, Error, Pool, TlsConfig};
use rustls::DEFAULT_VERSIONS;

use crate::authority::{Authority, Issued, Valid};
use crate::support::*;

/// A new connection in the place of the pool's.
async fn connect_anew(pool: &Pool) -> Result<(), Error> {
    let connection = connect(pool, "localhost").await?;
    question(&connection).await?;
    close(&connection);
    Ok(())
}

fn close(connection: &Connection) {
    connection.close_with(Error::config("the test is done with it"));
}

fn reloads(pool: &Pool) -> (u64, u64) {
    let stats = pool.stats();
    (stats.tls_reloads, stats.tls_reload_failures)
}

#[tokio::test]
async fn a_renewed_server_certificate_of_the_same_authority() {
    let authority = Authority::new("ours");
    let network = Network::secured(authority.server(&["localhost"]).listener()).await;
    let pool = network.pool(TlsConfig::new().with_root_pem(authority.pem()));
    let old = connect(&pool, "localhost").await.unwrap();
    network.secure(authority.server(&["localhost"]).listener());
    question(&old).await.unwrap();
    close(&old);
    connect_anew(&pool).await.unwrap();
    assert_eq!(reloads(&pool), (0, 0));
}

#[tokio::test]
async fn a_new_authority_comes_by_file() {
    let (before, after) = (Authority::new("before"), Authority::new("after"));
    let network = Network::secured(before.server(&["localhost"]).listener()).await;
    let files = Files::new("authority");
    let tls = TlsConfig::new().with_root_file(files.write("ca.pem", before.pem()));
    let pool = network.pool(tls);
    connect_anew(&pool).await.unwrap();

    network.secure(after.server(&["localhost"]).listener());
    connect_anew(&pool).await.unwrap_err();
    files.write("ca.pem", after.pem());
    connect_anew(&pool).await.unwrap();
    assert_eq!(reloads(&pool), (1, 0));
    connect_anew(&pool).await.unwrap();
    assert_eq!(
        reloads(&pool),
        (1, 0),
        "what has not changed is not taken over"
    );
}

fn write(files: &Files, client: &Issued) -> TlsConfig {
    TlsConfig::new().with_client_files(
        files.write("client.pem", &client.certificate),
        files.write("client.key", &client.key),
    )
}

/// The broker comes to want the new certificate, and the next connection has it.
#[tokio::test]
async fn a_renewed_client_certificate_is_used_by_the_next_connection() {
    let authority = Authority::new("ours");
    let (before, after) = (Authority::new("before"), Authority::new("after"));
    let server = authority.server(&["localhost"]);
    let network = Network::secured(server.listener_of(DEFAULT_VERSIONS, Some(&before))).await;
    let files = Files::new("client");
    let tls = write(&files, &before.client(Valid::Now)).with_root_pem(authority.pem());
    let pool = network.pool(tls);
    let live = connect(&pool, "localhost").await.unwrap();

    write(&files, &after.client(Valid::Now));
    network.secure(server.listener_of(DEFAULT_VERSIONS, Some(&after)));
    question(&live).await.unwrap();
    close(&live);
    connect_anew(&pool).await.unwrap();
    assert_eq!(reloads(&pool), (1, 0));
}

#[tokio::test]
async fn broken_files_leave_the_old_ones_in_use() {
    let authority = Authority::new("ours");
    let server = authority.server(&["localhost"]);
    let network = Network::secured(server.listener_of(DEFAULT_VERSIONS, Some(&authority))).await;
    let files = Files::new("broken");
    let first = authority.client(Valid::Now);
    let second = authority.client(Valid::Now);
    let tls = write(&files, &first).with_root_pem(authority.pem());
    let pool = network.pool(tls);
    connect_anew(&pool).await.unwrap();

    let mut failures = 0;
    let mut still_works = async |what: &str| {
        connect_anew(&pool).await.expect(what);
        failures += 1;
        assert_eq!(reloads(&pool), (0, failures), "{what}");
    };
    // Half of a rotation: the certificate is new, the key is old.
    files.write("client.pem", &second.certificate);
    still_works("not a pair").await;
    files.write("client.key", "");
    still_works("an empty key").await;
    files.write("client.key", &second.key[..second.key.len() / 2]);
    still_works("half a key").await;
    std::fs::remove_file(files.path("client.key")).unwrap();
    still_works("no key").await;
    // The other half.
    files.write("client.key", &second.key);
    connect_anew(&pool).await.unwrap();
    assert_eq!(reloads(&pool), (1, 4));
}

/// Clones and branches of a pool take part in one reload.
#[tokio::test]
async fn branches_share_what_was_read() {
    let authority = Authority::new("ours");
    let network = Network::secured(authority.server(&["localhost"]).listener()).await;
    let files = Files::new("branch");
    let tls = TlsConfig::new().with_root_file(files.write("ca.pem", authority.pem()));
    let pool = network.pool(tls);
    connect_anew(&pool).await.unwrap();
    files.write("ca.pem", authority.pem() + "\n");
    let branch = pool.branch();
    connect_anew(&branch).await.unwrap();
    connect_anew(&pool).await.unwrap();
    assert_eq!((reloads(&pool), reloads(&branch)), ((1, 0), (1, 0)));
}
