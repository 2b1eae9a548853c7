// biome-ignore-all lint/suspicious/noTemplateCurlyInString: references to secrets
/** The tokens of signalbox.yaml become what the server compares. */
import { describe, expect, it } from 'vitest'
import { createSecrets } from '../../../src/config/destinations/secrets.ts'
import { tokenDigest } from '../../../src/core/token-digest.ts'
import { accessRules } from '../../../src/daemon/access/access-rules.ts'

const TOKEN = 'a-token-with-thirty-characters'
const secrets = createSecrets({
  environment: { LONG: TOKEN, SHORT: 'only-19-characters-' },
  projectRoot: '/nowhere',
})
const rulesOf = (...tokens: Parameters<typeof accessRules>[0]['tokens'][number][]) =>
  accessRules({ tokens, identity: null, publicUrl: null }, secrets)

describe('[SEC-3.3] access rules', () => {
  it('a hash and a reference to a secret give the same token', async () => {
    const digest = tokenDigest(TOKEN)
    const { tokens } = await rulesOf(
      { name: 'a', role: 'viewer', hash: `sha256:${digest.toString('hex')}` },
      { name: 'b', role: 'ingest', secret: '${env:LONG}', expires: '2027-01-01' },
    )
    expect(tokens).toEqual([
      { name: 'a', role: 'viewer', digest, expiresAt: null },
      { name: 'b', role: 'ingest', digest, expiresAt: Date.UTC(2027, 0, 1) },
    ])
  })

  it('an end that is no date lies in the past', async () => {
    const hash = `sha256:${'00'.repeat(32)}`
    const { tokens } = await rulesOf({ name: 'a', role: 'viewer', hash, expires: '2027-13-01' })
    expect(tokens[0]!.expiresAt).toBe(0)
  })

  it.each([
    ['${env:SHORT}', 'has less than 20 characters'],
    ['${env:ABSENT}', '${env:ABSENT} is not set'],
  ])('the secret %s is refused', async (secret, message) => {
    await expect(rulesOf({ name: 'a', role: 'viewer', secret })).rejects.toThrow(message)
  })

  it('a proxy is trusted in its networks', async () => {
    const identity = { header: 'x-user', from: ['10.0.0.0/8', '::1/128'], role: 'viewer' } as const
    const { proxy } = await accessRules({ tokens: [], identity, publicUrl: null }, secrets)
    const trusted = ['10.1.2.3', '::ffff:10.1.2.3', '::1', '11.0.0.1', 'nonsense'].map(proxy!.isTrusted)
    expect(trusted).toEqual([true, true, true, false, false])
  })
})
