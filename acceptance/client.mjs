// An ordinary OAuth client, the certified openid-client, that a test plays by lines of JSON: each names a `call`
// and is answered by one line, `{ok: …}` or `{error, description, status}`. Ends when its input does.

import { createInterface } from 'node:readline';
import * as openid from 'openid-client';

let config;
let device;
const kept = {};

const calls = {
  // Reads the metadata of a server; `secret` makes the client a confidential one.
  async discover({ issuer, client, secret, algorithm = 'oidc' }) {
    const authentication = secret ? openid.ClientSecretBasic(secret) : openid.None();
    // The servers under test speak plain HTTP, on the loopback.
    const options = { execute: [openid.allowInsecureRequests], algorithm };
    config = await openid.discovery(new URL(issuer), client, undefined, authentication, options);
    return config.serverMetadata();
  },

  // Where the browser is to be sent for a code.
  async authorize({ redirect_uri, scope, ...more }) {
    kept.pkceCodeVerifier = openid.randomPKCECodeVerifier();
    kept.expectedState = openid.randomState();
    kept.expectedNonce = openid.randomNonce();
    const code_challenge = await openid.calculatePKCECodeChallenge(kept.pkceCodeVerifier);
    const asked = { redirect_uri, scope, code_challenge, code_challenge_method: 'S256', ...more };
    asked.state = kept.expectedState;
    asked.nonce = kept.expectedNonce;
    return openid.buildAuthorizationUrl(config, asked).href;
  },

  // The tokens for the code with which it was called back; checks state, nonce, issuer, audience and signature.
  exchange: async ({ back }) => told(await openid.authorizationCodeGrant(config, new URL(back), kept)),
  refresh: async ({ token, ...more }) => told(await openid.refreshTokenGrant(config, token, more)),
  credentials: async (asked) => told(await openid.clientCredentialsGrant(config, asked)),

  async device(asked) {
    device = await openid.initiateDeviceAuthorization(config, asked);
    return device;
  },
  // Polls at the pace that the server asked for, until somebody has decided.
  poll: async () => told(await openid.pollDeviceAuthorizationGrant(config, device)),

  userinfo: ({ token, subject }) => openid.fetchUserInfo(config, token, subject ?? openid.skipSubjectCheck),
  introspect: ({ token, ...more }) => openid.tokenIntrospection(config, token, more),
  revoke: async ({ token, ...more }) => (await openid.tokenRevocation(config, token, more)) ?? null,
};

const told = (tokens) => ({ ...tokens, claims: tokens.claims() ?? null });

async function answer(line) {
  const { call, ...asked } = JSON.parse(line);
  try {
    return { ok: await calls[call](asked) };
  } catch (problem) {
    const { error, error_description: description, status, code, message } = problem;
    return { error: error ?? code ?? 'failed', description: description ?? message, status };
  }
}

for await (const line of createInterface({ input: process.stdin })) {
  process.stdout.write(`${JSON.stringify(await answer(line))}\n`);
}
