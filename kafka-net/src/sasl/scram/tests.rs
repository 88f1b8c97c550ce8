use super::*;

/// The example of RFC 7677: user "user", password "pencil".
fn rfc7677() -> ScramExchange {
    ScramExchange::new(
        ScramHash::Sha256,
        Credentials::new("user", "pencil"),
        "rOprNGfwEbeRWgbNEkqO".to_owned(),
    )
}

const FIRST: &str =
    "r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096";

const LAST: &str = "v=6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4=";

/// Up to the client's last message.
fn answered(exchange: &mut ScramExchange, first: &str) -> Result<String, Error> {
    exchange.initial()?;
    let mut step = exchange.challenge(first.as_bytes())?;
    let mut portions = 0;
    while step == SaslStep::Working {
        step = exchange.resume()?;
        portions += 1;
    }
    assert!(portions > 1, "long work is done in portions");
    match step {
        SaslStep::Respond(message) => Ok(String::from_utf8(message.to_vec()).unwrap()),
        other => panic!("{other:?}"),
    }
}

#[test]
fn example_of_the_standard() {
    let mut exchange = rfc7677();
    assert_eq!(
        &exchange.initial().unwrap()[..],
        b"n,,n=user,r=rOprNGfwEbeRWgbNEkqO"
    );
    let last = answered(&mut rfc7677(), FIRST).unwrap();
    assert_eq!(
        last,
        "c=biws,r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,\
         p=dHzbZapWIk4jUhN+Ute9ytag9zjfMHgsqmmiz7AndVQ="
    );
    let mut exchange = rfc7677();
    answered(&mut exchange, FIRST).unwrap();
    assert_eq!(exchange.challenge(LAST.as_bytes()).unwrap(), SaslStep::Done);
}

/// What Kafka's own classes say for a user with signs to escape, SHA-512 and a
/// delegation token is not published; here the other side is computed.
#[test]
fn delegation_tokens_and_names_with_signs() {
    let credentials = Credentials::delegation_token("a,b=c", "hmac");
    let mut exchange = ScramExchange::new(ScramHash::Sha512, credentials, "abc".to_owned());
    let first = exchange.initial().unwrap();
    assert_eq!(&first[..], b"n,,n=a=2Cb=3Dc,r=abc,tokenauth=true");
    let said = "r=abcdef,s=c2FsdA==,i=4096";
    let last = answered(&mut exchange, said).unwrap();
    assert!(last.starts_with("c=biws,r=abcdef,p="), "{last}");

    let mut salting = Salting::new(ScramHash::Sha512, b"hmac", b"salt", 4096);
    let salted = salting.advance(4096).unwrap();
    let key = ScramHash::Sha512.hmac(&salted, b"Server Key");
    let transcript = format!("n=a=2Cb=3Dc,r=abc,tokenauth=true,{said},c=biws,r=abcdef");
    let signature = ScramHash::Sha512.hmac(&key, transcript.as_bytes());
    let message = format!("v={}", BASE64.encode(&signature[..]));
    assert_eq!(
        exchange.challenge(message.as_bytes()).unwrap(),
        SaslStep::Done
    );
}

#[test]
fn a_broker_that_does_not_know_the_password_is_not_believed() {
    for wrong in [
        LAST.replace("6rri", "6rrj"),
        "v=AAAA".to_owned(),
        "v=".to_owned(),
        String::new(),
        "e=other-error".to_owned(),
    ] {
        let mut exchange = rfc7677();
        answered(&mut exchange, FIRST).unwrap();
        let error = exchange.challenge(wrong.as_bytes()).unwrap_err();
        assert_eq!(error.kind(), &ErrorKind::Authentication, "{wrong}");
        assert!(!error.is_retriable());
    }
}

#[test]
fn another_clients_nonce_is_not_answered() {
    let error = answered(&mut rfc7677(), "r=other,s=AAAA,i=4096").unwrap_err();
    assert!(error.to_string().contains("nonce"), "{error}");
}

#[test]
fn messages_out_of_turn_end_it() {
    let mut exchange = rfc7677();
    assert!(exchange.challenge(LAST.as_bytes()).is_err());
    let mut exchange = rfc7677();
    answered(&mut exchange, FIRST).unwrap();
    exchange.challenge(LAST.as_bytes()).unwrap();
    assert!(exchange.challenge(LAST.as_bytes()).is_err(), "done is done");
    assert!(exchange.resume().is_err());
}

#[test]
fn empty_credentials_are_refused() {
    for (user, password) in [("", "x"), ("x", "")] {
        let credentials = Credentials::new(user, password);
        let mut exchange = ScramExchange::new(ScramHash::Sha256, credentials, "n".to_owned());
        let error = exchange.initial().unwrap_err();
        assert_eq!(error.kind(), &ErrorKind::Authentication);
    }
}
