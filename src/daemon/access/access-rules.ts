/** Makes the rules of the server's access from the settings, with the tokens read from where they are kept. */
import { createNetworkSet, isInNetworks } from '../../core/network-set.ts'
import { tokenDigest } from '../../core/token-digest.ts'
import { UserError } from '../../errors.ts'
import type { Secrets } from '../../model/ports.ts'
import {
  type ApiSettings,
  type ApiToken,
  expiryOf,
  type ProxyIdentity,
} from '../../model/project/api-settings.ts'
import type { AccessRules, AccessToken, TrustedProxy } from '../../server/access/access.ts'

/** Shorter tokens could be guessed. */
const MIN_TOKEN_CHARS = 20

/** Rejects with a UserError if a token cannot be read or is too short. */
export async function accessRules({ tokens, identity }: ApiSettings, secrets: Secrets): Promise<AccessRules> {
  return {
    tokens: await Promise.all(tokens.map((token) => accessToken(token, secrets))),
    proxy: identity && trustedProxy(identity),
  }
}

async function accessToken(token: ApiToken, secrets: Secrets): Promise<AccessToken> {
  const { name, role, hash } = token
  const digest =
    hash === undefined
      ? await digestOfSecret(token, secrets)
      : Buffer.from(hash.slice('sha256:'.length), 'hex')
  const expiresAt = expiryOf(token)
  // An end that is no date is not understood, so the token is not valid.
  return { name, role, digest, expiresAt: Number.isNaN(expiresAt) ? 0 : expiresAt }
}

async function digestOfSecret({ name, secret }: ApiToken, secrets: Secrets): Promise<Buffer> {
  const { options } = await secrets.reveal({ secret })
  const text = String(options.secret).trim()
  if (text.length >= MIN_TOKEN_CHARS) return tokenDigest(text)
  throw new UserError(`the token "${name}" has less than ${MIN_TOKEN_CHARS} characters`, {
    code: 'short-token',
    hint: 'create one with `signalbox token new`',
  })
}

function trustedProxy({ header, from, role }: ProxyIdentity): TrustedProxy {
  const networks = createNetworkSet(from)
  return { header, role, isTrusted: (address) => isInNetworks(networks, address) }
}
