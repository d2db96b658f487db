//! One registration, three protocols, two encodings: all say the same.

use crate::house::{ADMIN, House, check, http1, question};
use connectrpc::client::ClientConfig;
use connectrpc::{CompressionPolicy, ErrorCode, Protocol};
use rolecall_connect::v1::CheckManyRequest;

const PROTOCOLS: [Protocol; 3] = [Protocol::Connect, Protocol::Grpc, Protocol::GrpcWeb];

fn batch() -> CheckManyRequest {
    let yes = question("ada@example.com", "deploy", "shop", "production");
    let no = question("ada@example.com", "deploy", "shop", "staging");
    CheckManyRequest { questions: vec![yes, no], ..CheckManyRequest::default() }
}

fn encodings(config: &ClientConfig) -> [ClientConfig; 3] {
    let packed =
        config.clone().compress_requests("gzip").with_compression_policy(CompressionPolicy::default().with_min_size(1));
    [config.clone().proto(), config.clone().json(), packed]
}

#[tokio::test]
async fn every_protocol_and_encoding_gets_the_same_answers() {
    let house = House::new().await;
    let (yes, no) = (
        check("ada@example.com", "view", "shop", "production"),
        check("ada@example.com", "view", "blog", "production"),
    );
    // gRPC proper needs HTTP/2; the other two are used over HTTP/1.1 as browsers do.
    for protocol in [Protocol::Connect, Protocol::GrpcWeb] {
        for config in encodings(&house.config(ADMIN).with_protocol(protocol)) {
            let over = config.codec_format();
            let client = http1(config);
            assert!(client.check(yes.clone()).await.unwrap().view().allowed, "{protocol} {over:?}");
            assert!(!client.check(no.clone()).await.unwrap().view().allowed, "{protocol} {over:?}");
            assert_eq!(client.check_many(batch()).await.unwrap().into_owned().allowed, [true, false], "{protocol}");
        }
    }
    for protocol in PROTOCOLS {
        let mut client = house.http2(protocol, ADMIN).await;
        for config in encodings(&house.config(ADMIN).with_protocol(protocol)) {
            *client.config_mut() = config;
            let answer = client.check(yes.clone()).await.unwrap().into_owned();
            assert!(answer.allowed && answer.revision > 0, "{protocol}");
            assert!(!client.check(no.clone()).await.unwrap().view().allowed, "{protocol}");
            assert_eq!(client.check_many(batch()).await.unwrap().into_owned().allowed, [true, false], "{protocol}");
        }
    }
}

#[tokio::test]
async fn every_protocol_says_errors_in_its_own_way() {
    let house = House::new().await;
    for protocol in PROTOCOLS {
        let stranger = house.http2(protocol, "somebody-who-was-never-here").await;
        let error = stranger.check(check("ada@example.com", "view", "", "")).await.unwrap_err();
        assert_eq!(error.code, ErrorCode::Unauthenticated, "{protocol}");
        assert!(error.message.as_deref().unwrap().contains("the token is not known here"), "{protocol}: {error}");
        let client = house.http2(protocol, ADMIN).await;
        let error = client.check(check("", "view", "", "")).await.unwrap_err();
        assert_eq!(error.code, ErrorCode::InvalidArgument, "{protocol}");
        assert!(error.message.as_deref().unwrap().contains("`subject`"), "{protocol}: {error}");
    }
}
