// An OpenID provider on a free port of the loopback: the real oidc-provider, whose people, claims and
// client a test sets at /control. It can also be told to lie: the tokens and answers it gives are then
// changed on their way out. Prints its issuer when it listens; ends when its input does.

import { createServer } from 'node:http';
import { randomBytes } from 'node:crypto';
import { SignJWT, UnsecuredJWT, decodeJwt, decodeProtectedHeader, exportJWK, generateKeyPair, importJWK } from 'jose';
import Provider, { interactionPolicy } from 'oidc-provider';

// Claims beside the standard ones that accounts may have, at the top level of a token.
const OWN_CLAIMS = ['groups', 'roles', 'realm_access', 'teams', 'https://rolecall.test/groups'];
const STANDARD_CLAIMS = ['email', 'email_verified', 'name', 'given_name', 'family_name', 'preferred_username'];

// Library warnings about quick starts are not about this one.
console.info = console.warn = () => {};

let issuer;
let keys = [await freshKey('first')];
const stranger = await freshKey('stranger');
let world = freshWorld();
let provider;

function freshWorld() {
  return {
    client: { client_id: 'rolecall', client_secret: 'a-secret-between-rolecall-and-its-provider', redirect_uris: [] },
    // By name: `claims` go wherever scopes allow, `id_token` and `userinfo` to that place alone.
    accounts: {},
    // Whoever signs in without being asked.
    signs_in: undefined,
    // What is changed on the way out: see `lie`.
    mischief: {},
    // What clients asked for, oldest first.
    asked: [],
  };
}

async function freshKey(kid, alg = 'RS256') {
  const { privateKey } = await generateKeyPair(alg, { extractable: true });
  return { ...(await exportJWK(privateKey)), kid, alg, use: 'sig' };
}

function build() {
  const policy = interactionPolicy.base();
  // Somebody else is to sign in than who did before in this browser.
  policy.get('login').checks.add(
    new interactionPolicy.Check('another', 'another account is wanted', ({ oidc }) =>
      oidc.session.accountId !== subject(wanted(oidc.params))),
  );
  provider = new Provider(issuer, {
    clients: [{ grant_types: ['authorization_code', 'refresh_token'], ...world.client }],
    jwks: { keys },
    cookies: { keys: [randomBytes(16).toString('hex')] },
    pkce: { required: () => true },
    // As many real providers do: what a scope allows is in the ID token too.
    conformIdTokenClaims: false,
    scopes: ['openid', 'offline_access', 'groups'],
    claims: {
      openid: ['sub', ...OWN_CLAIMS],
      email: ['email', 'email_verified'],
      profile: ['name', 'given_name', 'family_name', 'preferred_username'],
    },
    features: { devInteractions: { enabled: false } },
    interactions: { policy, url: (_ctx, interaction) => `/interaction/${interaction.uid}` },
    ttl: { AccessToken: 600, AuthorizationCode: 60, IdToken: 600, Interaction: 600, Session: 3600, Grant: 3600 },
    findAccount,
    loadExistingGrant: everythingIsAllowed,
    renderError: (ctx, out) => {
      ctx.type = 'text/plain';
      ctx.body = Object.entries(out).map(([name, value]) => `${name}: ${value}`).join('\n');
    },
  });
  provider.use(async (ctx, next) => {
    await next();
    await lie(ctx);
  });
}

const wanted = (params) => params.login_hint ?? world.signs_in;
const subject = (name) => world.accounts[name]?.sub ?? name;

function findAccount(_ctx, id) {
  const account = Object.entries(world.accounts).find(([name]) => subject(name) === id)?.[1];
  if (!account) return undefined;
  return {
    accountId: id,
    claims(use, scope) {
      const given = { ...account.claims, ...account[use], sub: id };
      if (account.groups_need_scope && !scope.split(' ').includes('groups')) delete given.groups;
      return given;
    },
  };
}

async function everythingIsAllowed({ oidc }) {
  const grant = new oidc.provider.Grant({ clientId: oidc.client.clientId, accountId: oidc.session.accountId });
  grant.addOIDCScope(oidc.params.scope ?? 'openid');
  grant.addOIDCClaims([...STANDARD_CLAIMS, ...OWN_CLAIMS]);
  await grant.save();
  return grant;
}

// Changes an answer as the test told.
async function lie(ctx) {
  const { mischief } = world;
  if (ctx.path === '/token' && ctx.body?.id_token && mischief.id_token) {
    ctx.body = { ...ctx.body, id_token: await forge(ctx.body.id_token, mischief.id_token) };
  }
  if (ctx.path === '/me' && mischief.userinfo) ctx.body = { ...ctx.body, ...mischief.userinfo };
  if (ctx.path === '/.well-known/openid-configuration' && mischief.discovery) {
    ctx.body = { ...ctx.body, ...mischief.discovery };
  }
  const broken = mischief.broken?.[ctx.path];
  if (broken) {
    ctx.status = broken.status ?? 500;
    ctx.type = broken.type ?? 'text/plain';
    ctx.body = broken.body ?? 'out of order';
  }
}

// An ID token with other claims, or signed by somebody else: `claims` are set, those of `drop` removed,
// `signed` is `itself` (default), `stranger` (another key under the same name), `secret` (HMAC with the
// client's secret), `public` (HMAC with the public key), `none`, or `spoilt` (a claim changed, the signature kept).
async function forge(token, { claims = {}, drop = [], signed = 'itself', header = {} }) {
  const payload = { ...decodeJwt(token), ...claims };
  for (const name of drop) delete payload[name];
  const told = { ...decodeProtectedHeader(token), ...header };
  const encoded = (value) => Buffer.from(JSON.stringify(value)).toString('base64url');
  switch (signed) {
    case 'none':
      return new UnsecuredJWT(payload).encode();
    case 'spoilt':
      return [encoded(told), encoded(payload), token.split('.')[2]].join('.');
    case 'secret':
      return sign(payload, { ...told, alg: 'HS256' }, new TextEncoder().encode(world.client.client_secret));
    case 'public': {
      const { kty, n, e } = keys[0];
      return sign(payload, { ...told, alg: 'HS256' }, new TextEncoder().encode(JSON.stringify({ e, kty, n })));
    }
    default:
      return sign(payload, told, await importJWK(signed === 'stranger' ? stranger : keys[0], told.alg));
  }
}

const sign = (payload, header, key) => new SignJWT(payload).setProtectedHeader(header).sign(key);

async function control(request, response) {
  if (request.method === 'POST') {
    const told = await body(request);
    if (told.forget) world = freshWorld();
    if (told.rotate) keys = [await freshKey(told.rotate)];
    Object.assign(world.client, told.client);
    Object.assign(world.accounts, told.accounts);
    if ('signs_in' in told) world.signs_in = told.signs_in;
    if ('mischief' in told) world.mischief = told.mischief;
    // Sessions and codes of before are forgotten with the old provider, but only when they must be.
    if (told.forget || told.rotate || told.client) build();
  }
  response.setHeader('content-type', 'application/json');
  response.end(JSON.stringify({ asked: world.asked }));
}

async function body(request) {
  const parts = [];
  for await (const part of request) parts.push(part);
  return JSON.parse(Buffer.concat(parts).toString());
}

// Signs in whoever is wanted, without a page.
async function interact(request, response) {
  const { params } = await provider.interactionDetails(request, response);
  const name = wanted(params);
  const result = world.accounts[name]
    ? { login: { accountId: subject(name) } }
    : { error: 'access_denied', error_description: 'nobody signs in' };
  await provider.interactionFinished(request, response, result, { mergeWithLastSubmission: false });
}

const server = createServer(async (request, response) => {
  const { pathname, searchParams } = new URL(request.url, issuer);
  try {
    if (pathname === '/control') return await control(request, response);
    if (world.mischief.down) return request.socket.destroy();
    world.asked.push({ method: request.method, path: pathname, params: Object.fromEntries(searchParams) });
    if (pathname.startsWith('/interaction/')) return await interact(request, response);
    return await provider.callback()(request, response);
  } catch (error) {
    response.statusCode = 500;
    response.end(`${error.stack}\n`);
  }
});

server.listen(0, '127.0.0.1', () => {
  issuer = `http://127.0.0.1:${server.address().port}`;
  build();
  process.stdout.write(`${issuer}\n`);
});
process.stdin.resume().on('end', () => process.exit(0));
