//! One registration, three protocols, two encodings: all say the same.

use crate::house::{ADMIN, House};
use connectrpc::client::HttpClient;
use connectrpc::{CompressionPolicy, ErrorCode, Protocol};
use rolecall_union::proto::common::RoleIdentifier;
use rolecall_union::proto::identity::{GetRoleRequest, RoleServiceClient};

fn admin_role() -> GetRoleRequest {
    GetRoleRequest { id: RoleIdentifier { organization: "acme".to_owned(), name: "Admin".to_owned() }.into() }
}

fn unknown_role() -> GetRoleRequest {
    GetRoleRequest { id: RoleIdentifier { organization: "acme".to_owned(), name: "unauthorized".to_owned() }.into() }
}

#[tokio::test]
async fn every_protocol_and_encoding_reads_the_same_role() {
    let house = House::new().await;
    let policy = CompressionPolicy::default().with_min_size(1);
    for protocol in [Protocol::Connect, Protocol::Grpc, Protocol::GrpcWeb] {
        let (connection, config) = house.http2(protocol, ADMIN).await;
        let packed = config.clone().compress_requests("gzip").with_compression_policy(policy);
        for config in [config.clone().proto(), config.json(), packed] {
            let client = RoleServiceClient::new(connection.clone(), config);
            let role = client.get_role(admin_role()).await.unwrap().into_owned().role;
            assert_eq!((role.id.name.as_str(), role.actions.len()), ("Admin", 19), "{protocol}");
        }
    }
    for protocol in [Protocol::Connect, Protocol::GrpcWeb] {
        let client = RoleServiceClient::new(HttpClient::plaintext(), house.config(ADMIN).with_protocol(protocol));
        assert_eq!(client.get_role(admin_role()).await.unwrap().into_owned().role.id.name, "Admin", "{protocol}");
    }
}

#[tokio::test]
async fn every_protocol_says_errors_in_its_own_way_and_never_in_words_that_make_the_client_sign_in() {
    let house = House::new().await;
    for protocol in [Protocol::Connect, Protocol::Grpc, Protocol::GrpcWeb] {
        let (connection, config) = house.http2(protocol, ADMIN).await;
        let client = RoleServiceClient::new(connection, config);
        let error = client.get_role(unknown_role()).await.unwrap_err();
        assert_eq!(error.code, ErrorCode::NotFound, "{protocol}");
        let said = error.message.as_deref().unwrap();
        assert!(said.contains("un-authorized") && !said.contains("unauthorized"), "{protocol}: {said}");
        let (connection, config) = house.http2(protocol, "somebody-who-was-never-here").await;
        let error = RoleServiceClient::new(connection, config).get_role(admin_role()).await.unwrap_err();
        assert_eq!(error.code, ErrorCode::Unauthenticated, "{protocol}");
    }
}
