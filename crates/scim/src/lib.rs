//! SCIM 2.0 under `/scim/v2`. Not here: rules (`rolecall-model`), who may what (`rolecall-service`).
