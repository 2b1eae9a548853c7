// biome-ignore-all lint/suspicious/noTemplateCurlyInString: references as they are written
/** Secrets are resolved when they are sent, confined, redacted, and never part of an error. */
import { execFileSync } from 'node:child_process'
import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { createSecrets, placeholders } from '../../../src/config/destinations/secrets.ts'
import type { Destination, Registry } from '../../../src/model/project/destination.ts'
import { load, projectWith, write } from '../_project.ts'

function secretsOf(
  files: Record<string, string>,
  environment: Record<string, string> = {},
  dirs: string[] = [],
) {
  const projectRoot = projectWith(files)
  return { projectRoot, secrets: createSecrets({ environment, projectRoot, secretsDirs: dirs }) }
}

describe('reveal', () => {
  it.each([
    ['${env:A}', 'alpha'],
    ['https://h/${env:A}/x?k=${env:B}', 'https://h/alpha/x?k=beta'],
    ['${file:secrets/key}', 'line one\nline two'],
    ['$${env:A}', '${env:A}'],
    ['$$${env:A}', '$${env:A}'],
    ['a $ b {c} $d', 'a $ b {c} $d'],
  ])('%s is %j', async (text, expected) => {
    const { secrets } = secretsOf({ 'secrets/key': 'line one\nline two\n' }, { A: 'alpha', B: 'beta' })
    const { options } = await secrets.reveal({ x: { y: [text, 1, null, true] } })
    expect(options).toEqual({ x: { y: [expected, 1, null, true] } })
  })

  it('reveal trims one line break of a file, and no more', async () => {
    const { secrets } = secretsOf({ a: 'x\r\n', b: 'x\n\n', c: ' x ' })
    const { options } = await secrets.reveal({ a: '${file:a}', b: '${file:b}', c: '${file:c}' })
    expect(options).toEqual({ a: 'x', b: 'x\n', c: ' x ' })
  })

  it('reveal inserts values verbatim, whatever they contain', async () => {
    const { secrets } = secretsOf({}, { A: '$& ${env:B} $1 $$' })
    expect((await secrets.reveal({ a: '<${env:A}>' })).options).toEqual({ a: '<$& ${env:B} $1 $$>' })
  })

  it('reveal reads a file each time, and the environment once', async () => {
    const environment: Record<string, string> = { A: 'first' }
    const projectRoot = projectWith({ key: 'first' })
    const secrets = createSecrets({ environment, projectRoot })
    environment.A = 'second'
    writeFileSync(join(projectRoot, 'key'), 'second')
    expect((await secrets.reveal({ env: '${env:A}', file: '${file:key}' })).options).toEqual({
      env: 'first',
      file: 'second',
    })
  })

  it.each([
    ['${env:NOWHERE}', 'is not set'],
    ['${env:EMPTY}', 'is empty'],
    ['${file:nowhere}', 'does not exist'],
    ['${file:empty}', 'is empty'],
    ['${file:folder}', 'is not a regular file'],
    ['${file:large}', 'is larger than 64 KiB'],
  ])('%s %s, and no other secret is named', async (reference, reason) => {
    const { secrets } = secretsOf(
      { empty: '\n', 'folder/x': '', large: 'x'.repeat(70_000), key: 'hunter2!' },
      { EMPTY: '', KEY: 'correct-horse' },
    )
    const options = { a: '${env:KEY}', b: '${file:key}', c: reference }
    const error = await secrets.reveal(options).catch((reason: unknown) => reason)
    expect(error).toMatchObject({ kind: 'user', message: `${reference} ${reason}` })
    expect(JSON.stringify(error, Object.getOwnPropertyNames(error))).not.toMatch(/hunter2|correct-horse/)
  })
})

describe('files', () => {
  it('file references are confined to the project and the named folders, links followed', async () => {
    const { projectRoot, secrets } = secretsOf({ key: 'inside' })
    const outside = join(dirname(projectRoot), 'outside')
    write(join(outside, 'key'), 'out-of-reach')
    symlinkSync(join(outside, 'key'), join(projectRoot, 'link'))
    symlinkSync(outside, join(projectRoot, 'linked'))
    for (const path of ['../outside/key', 'link', 'linked/key', join(outside, 'key'), '/etc/hostname']) {
      await expect(secrets.reveal({ a: `\${file:${path}}` })).rejects.toThrow('is outside')
    }
    const allowed = createSecrets({ environment: {}, projectRoot, secretsDirs: [outside] })
    for (const path of ['link', join(outside, 'key')]) {
      expect((await allowed.reveal({ a: `\${file:${path}}` })).options).toEqual({ a: 'out-of-reach' })
    }
  })

  it('a file reference can be relative to a secrets folder', async () => {
    const projectRoot = projectWith({})
    const folder = join(dirname(projectRoot), 'run-secrets')
    write(join(folder, 'soc-key'), 'mounted\n')
    const secrets = createSecrets({ environment: {}, projectRoot, secretsDirs: [folder] })
    expect((await secrets.reveal({ a: '${file:soc-key}' })).options).toEqual({ a: 'mounted' })
  })

  it('a file reference to a pipe is not waited for', async () => {
    const { projectRoot, secrets } = secretsOf({})
    mkdirSync(join(projectRoot, 'pipes'))
    execFileSync('mkfifo', [join(projectRoot, 'pipes', 'a')])
    await expect(secrets.reveal({ a: '${file:pipes/a}' })).rejects.toThrow('is not a regular file')
  })
})

describe('redact', () => {
  it('redact removes secrets in every form in which they can come back', async () => {
    const secret = 'p@ss "wörd"/+&=\n\\x'
    const { secrets } = secretsOf({ key: secret })
    const revealed = await secrets.reveal({ a: 'Bearer ${file:key}' })
    const forms = [
      secret,
      encodeURIComponent(secret),
      encodeURI(secret),
      JSON.stringify(secret),
      new URLSearchParams({ k: secret }).toString(),
    ]
    for (const form of forms)
      expect(revealed.redact(`before ${form} after`)).toMatch(/^before .*<secret>.* after$/)
    expect(revealed.redact('nothing here')).toBe('nothing here')
  })

  it('redact replaces the longer of two secrets first, and ignores short ones', async () => {
    const { secrets } = secretsOf({}, { A: 'token', B: 'token-and-more', C: 'abc' })
    const revealed = await secrets.reveal({ a: '${env:A}', b: '${env:B}', c: '${env:C}' })
    expect(revealed.redact('token-and-more token abc')).toBe('<secret> <secret> abc')
  })

  it('redact leaves no secret of four characters or more in any text', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.string({ minLength: 4 }),
        fc.string(),
        fc.string(),
        async (secret, before, after) => {
          const secrets = createSecrets({ environment: { A: secret }, projectRoot: '.' })
          const revealed = await secrets.reveal({ a: '${env:A}' })
          const rest = revealed.redact(before + secret + after).replaceAll('<secret>', '\u0000')
          fc.pre(!'<secret>'.includes(secret))
          expect(rest).not.toContain(secret)
        },
      ),
    )
  })
})

describe('missing', () => {
  it('the missing secrets of the enabled destinations are listed once each', async () => {
    const { secrets } = secretsOf({}, { HAVE: 'it' })
    const destination = (name: string, enabled: boolean, options: Record<string, unknown>) =>
      ({ name, enabled, options }) as unknown as Destination
    const registry = {
      destinations: [
        destination('one', true, { a: '${env:HAVE}', b: ['${env:LACK} ${env:LACK}'], c: '${file:no}' }),
        destination('two', false, { a: '${env:OTHER}' }),
      ],
    } as unknown as Registry
    expect(await secrets.missing(registry)).toEqual([
      'one: ${env:LACK} is not set',
      'one: ${file:no} does not exist',
    ])
  })
})

describe('placeholders', () => {
  it('need no secret', () => {
    expect(placeholders({ url: 'https://h/${env:X}', list: ['${file:y}', '$${z}', 1] })).toEqual({
      url: 'https://h/<secret>',
      list: ['<secret>', '${z}', 1],
    })
  })
})

describe('destinations.yaml', () => {
  const SECRET = 'hunter2hunter2'
  const entry = (lines: string) => `version: 1\ndestinations:\n  - name: soc\n    type: hook\n${lines}`

  it.each([
    ['a literal in a secret field', `    options:\n      url: https://h.example/${SECRET}\n`],
    ['a literal of the wrong form', `    options:\n      url: ftp://${SECRET}\n`],
    ['a literal of the wrong type', `    options: { url: [${SECRET}] }\n`],
    ['a literal under a misspelt key', `    options: { ulr: ${SECRET} }\n`],
    ['a literal at the wrong level', `    webhookUrl: ${SECRET}\n`],
    ['options that are text', `    options: ${SECRET}\n`],
    ['a header', `    options:\n      url: \${env:X}\n      headers: { X-Key: ${SECRET} }\n`],
    ['a malformed reference beside it', `    options: { url: "${SECRET}\${nope}" }\n`],
    ['broken YAML', `    options: { url: ${SECRET}, [ }\n`],
    ['a duplicate key', `    options:\n      url: ${SECRET}\n      url: ${SECRET}\n`],
  ])('no problem shows the secret of a destinations.yaml with %s', async (_, lines) => {
    const project = await load({ 'destinations.yaml': entry(lines) })
    expect(project.problems.length).toBeGreaterThan(0)
    expect(JSON.stringify(project.problems)).not.toContain(SECRET)
  })
})
