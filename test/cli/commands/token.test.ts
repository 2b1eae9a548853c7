/** `token new` prints a token once, and the line by which the server knows it. */
import { describe, expect, it } from 'vitest'
import { tokenDigest } from '../../../src/core/token-digest.ts'
import { signalbox } from '../fake-io.ts'

describe('token new', () => {
  it('prints the token alone to standard output, and its hash for signalbox.yaml', async () => {
    const { code, out, err } = await signalbox(['token', 'new', 'anna@soc', '--role', 'operator'])
    expect(code).toBe(0)
    expect(out).toMatch(/^sbx_[\w-]{43}\n$/)
    const hash = `sha256:${tokenDigest(out.trim()).toString('hex')}`
    expect(err).toContain(`- { name: anna@soc, role: operator, hash: "${hash}" }`)
    expect(err).not.toContain(out.trim())
  })

  it('never creates the same token twice', async () => {
    const create = () => signalbox(['token', 'new', 'a', '--role', 'viewer', '--format', 'json'])
    const [first, second] = [JSON.parse((await create()).out), JSON.parse((await create()).out)]
    expect(first).toMatchObject({ name: 'a', role: 'viewer', hash: expect.stringMatching(/^sha256:/) })
    expect(first.token).not.toBe(second.token)
  })

  it.each([
    [['token', 'new', 'a'], 'requires --role'],
    [['token', 'new', 'a', '--role', 'admin'], 'viewer, operator, ingest'],
    [['token', 'new', 'a b', '--role', 'viewer'], 'is not a name of a token'],
  ])('%o is refused', async (argv, message) => {
    const { code, out, err } = await signalbox(argv)
    expect([code, out]).toEqual([2, ''])
    expect(err).toContain(message)
  })
})
