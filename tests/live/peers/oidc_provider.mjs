// Started by oidc_provider.py in the folder where the package is: node oidc_provider.mjs, settings as JSON in
// $PEER. A token service with client credentials, introspection and revocation; whether an access token is
// opaque or a JWT is its resource's business. Beside it, for tests: GET /ground/chain makes a user's refresh
// token without a browser, GET /ground/stored says what the adapter was given (JWTs it is not).
import { generateKeyPairSync } from 'node:crypto';
import { createRequire } from 'node:module';
import { pathToFileURL } from 'node:url';

const require = createRequire(`${process.cwd()}/`);
const { Provider } = await import(pathToFileURL(require.resolve('oidc-provider')).href);
const { port, clients, resources, ttl_s: ttl } = JSON.parse(process.env.PEER);
const stored = new Map();

class Adapter {
  constructor(model) { this.model = model; }
  key(id) { return `${this.model}:${id}`; }
  async upsert(id, payload) { stored.set(this.key(id), payload); }
  async find(id) { return stored.get(this.key(id)); }
  async findByUid(uid) { return [...stored.values()].find((one) => one.uid === uid); }
  async findByUserCode(code) { return [...stored.values()].find((one) => one.userCode === code); }
  async consume(id) { stored.get(this.key(id)).consumed = Math.floor(Date.now() / 1000); }
  async destroy(id) { stored.delete(this.key(id)); }
  async revokeByGrantId(grant) {
    for (const [key, one] of stored) if (one.grantId === grant) stored.delete(key);
  }
}

const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
const provider = new Provider(`http://127.0.0.1:${port}`, {
  adapter: Adapter,
  clients: clients.map(([client_id, client_secret]) => ({
    client_id,
    client_secret,
    grant_types: ['client_credentials', 'refresh_token', 'authorization_code'],
    redirect_uris: ['https://client.example.com/cb'],
    response_types: ['code'],
    scope: 'tools offline_access',
  })),
  cookies: { keys: [privateKey.export({ format: 'pem', type: 'pkcs8' }).slice(40, 80)] },
  features: {
    clientCredentials: { enabled: true },
    devInteractions: { enabled: false },
    introspection: { enabled: true },
    resourceIndicators: {
      enabled: true,
      getResourceServerInfo(ctx, resource) {
        const accessTokenFormat = resources[resource];
        if (!accessTokenFormat) throw new Error('no such resource');
        return { scope: 'tools', audience: resource, accessTokenTTL: ttl, accessTokenFormat, jwt: { sign: { alg: 'RS256' } } };
      },
      useGrantedResource: () => true,
    },
    revocation: { enabled: true },
  },
  findAccount: (ctx, sub) => ({ accountId: sub, claims: async () => ({ sub }) }),
  jwks: { keys: [{ ...privateKey.export({ format: 'jwk' }), use: 'sig', alg: 'RS256' }] },
  scopes: ['tools', 'offline_access'],
  ttl: { ClientCredentials: ttl, AccessToken: ttl, RefreshToken: 86400, Grant: 86400 },
});

async function chain(clientId, resource) {
  const client = await provider.Client.find(clientId);
  const grant = new provider.Grant({ accountId: 'alice', clientId });
  grant.addResourceScope(resource, 'tools');
  grant.addOIDCScope('offline_access');
  const grantId = await grant.save();
  const common = { accountId: 'alice', client, grantId, gty: 'authorization_code', scope: 'tools offline_access' };
  const refresh = new provider.RefreshToken({ ...common, resource });
  return { refresh_token: await refresh.save() };
}

provider.use(async (ctx, next) => {
  if (ctx.path === '/ground/chain') ctx.body = await chain(ctx.query.client, ctx.query.resource);
  else if (ctx.path === '/ground/stored') ctx.body = [...stored].map(([key, one]) => ({ key, ...one }));
  else await next();
});
provider.listen(port, '127.0.0.1');
