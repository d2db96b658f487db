//! How people and programs sign in. Not here: who may what (`rolecall-service`), mail (`rolecall-mail`).
