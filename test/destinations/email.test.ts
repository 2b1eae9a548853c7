import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { SMTPServerOptions } from 'smtp-server'
import { afterEach, describe, expect, it } from 'vitest'
import email from '../../src/destinations/email.ts'
import { destinationContract } from '../contract/destination.ts'
import { pausing } from '../contract/stored.ts'
import { type MailServer, parseWithPython, startMail } from '../support/mail.ts'
import { messageOf, sampleMessage, sendDirectly } from '../support/message.ts'

const pem = (name: string) => readFileSync(join(import.meta.dirname, '../support/tls', name), 'utf8')

const ADDRESSES = {
  from: 'Signalbox <signalbox@example.com>',
  to: ['soc@example.com'],
  cc: ['audit@example.com'],
}

let server: MailServer | undefined
afterEach(async () => {
  await server?.close()
  server = undefined
})

destinationContract('email', {
  options: () => ({ host: 'smtp.example.com', user: 'signalbox', password: 'T0KEN-of-smtp', ...ADDRESSES }),
  secrets: ['T0KEN-of-smtp'],
  direct: {
    at: (host, port, tls) => {
      const security = tls ? 'tls' : 'none'
      return { host, port, security, user: 'signalbox', password: 'T0KEN-of-smtp', ...ADDRESSES }
    },
    tongue: {
      greeting: '220 smtp.example.com ESMTP\r\n',
      flood: '220-smtp.example.com ESMTP\r\n',
      quote: (said) =>
        said.startsWith('EHLO')
          ? '250-smtp.example.com\r\n250 AUTH PLAIN\r\n'
          : `535 5.7.8 not you: ${said}\r\n`,
      beforeTls: '',
    },
    outcomes: {
      'quotes what it was sent': pausing(/: Invalid login: 535 5\.7\.8 not you: AUTH PLAIN <secret>$/),
    },
    reader: {
      program: 'python3',
      async receive(send) {
        server = await startMail()
        await send({ host: 'localhost', port: server.port, ca: pem('ca.pem'), ...ADDRESSES })
        const { defects, headers, date, counts } = parseWithPython(server.raw[0]!)
        const repeated = Object.keys(counts).filter((name) => counts[name]! > 1)
        return {
          defects: [...defects, ...repeated.map((name) => `${name} is there more than once`)],
          key: headers['message-id'] ?? '',
          time: Date.parse(date ?? ''),
          text: headers.subject ?? '',
        }
      },
    },
  },
  cuts: /^subject cut from \d+ to 250 characters$/,
})

/** An answer of the server to the recipient. */
const refusing = (responseCode: number): SMTPServerOptions => ({
  onRcptTo: (_address, _session, done) => done(Object.assign(new Error('not now'), { responseCode })),
})

function send(port: number, over: object = {}, message = sampleMessage('t')) {
  const options = { host: 'localhost', port, ca: pem('ca.pem'), user: 'signalbox', password: 'T0KEN-of-smtp' }
  return sendDirectly(email, message, { ...options, ...ADDRESSES, ...over })
}

describe('over the wire', () => {
  it('the client signs in after STARTTLS, and sends the alert under its own Message-ID', async () => {
    server = await startMail()
    await send(server.port)
    expect(server).toMatchObject({ signedIn: ['signalbox'], encrypted: [true] })
    const [mail] = server.mails
    expect(mail!.subject).toBe('[HIGH] New Alert: Root user signed in to account 123456789012')
    expect(mail!.messageId).toBe('<5f0c9b1d7e8a4c36b2f19d05a7c4e683@example.com>')
    expect(mail!.text).toContain('Runbook: Ask the owner of the account')
    expect(mail!.headers.get('x-signalbox-severity')).toBe('HIGH')
    expect([mail!.to, mail!.cc].map((list) => (list as { text: string }).text)).toEqual([
      'soc@example.com',
      'audit@example.com',
    ])
  })

  it.each([
    ['soc@example.org', 'example.org'],
    ['SOC Bot <soc@mail.example.org>', 'mail.example.org'],
    ['soc@bücher.example', 'xn--bcher-kva.example'],
  ])('the domain of the Message-ID is that of the sender: %s', async (from, domain) => {
    server = await startMail()
    await send(server.port, { from })
    expect(server.mails[0]!.messageId).toBe(`<5f0c9b1d7e8a4c36b2f19d05a7c4e683@${domain}>`)
  })

  it('the connection is encrypted from the start if the options say so', async () => {
    server = await startMail({ secure: true })
    await send(server.port, { security: 'tls' })
    expect(server.encrypted).toEqual([true])
  })

  it('nothing is sent to a server without STARTTLS', async () => {
    server = await startMail({ disabledCommands: ['STARTTLS'] })
    await expect(send(server.port)).rejects.toMatchObject({ kind: 'permanent', scope: 'destination' })
    expect(server.mails).toEqual([])
  })

  it('nothing is sent to a server with an untrusted certificate', async () => {
    server = await startMail()
    await expect(send(server.port, { ca: undefined })).rejects.toMatchObject({ kind: 'retryable' })
    expect(server.mails).toEqual([])
  })

  it('no alert can add a header', async () => {
    server = await startMail()
    await send(
      server.port,
      {},
      messageOf({ title: 'x\r\nBcc: evil@example.com', detection: 'a\r\nX: y' }, ''),
    )
    const [mail] = server.mails
    expect(mail!.subject).toBe('[HIGH] New Alert: x Bcc: evil@example.com')
    expect(mail!.bcc).toBeUndefined()
  })
})

describe('failures', () => {
  it.each<[string, SMTPServerOptions, object, object]>([
    ['a wrong password', {}, { password: 'wrong' }, { kind: 'permanent', scope: 'destination' }],
    ['a recipient that is refused', refusing(550), {}, { kind: 'permanent', scope: 'delivery', status: 550 }],
    ['a server that wants to be asked later', refusing(451), {}, { kind: 'retryable', status: 451 }],
  ])('%s', async (_name, over, options, expected) => {
    server = await startMail(over)
    await expect(send(server.port, options)).rejects.toMatchObject(expected)
  })

  it('an email is delivered when only one of several recipients is refused, and the receipt names it', async () => {
    server = await startMail({
      onRcptTo: ({ address }, _session, done) =>
        address === 'audit@example.com'
          ? done(Object.assign(new Error('who?'), { responseCode: 550 }))
          : done(),
    })
    const receipt = await send(server.port)
    expect(receipt!.message).toMatch(/^250 .*; but refused: audit@example\.com$/)
    expect(server.mails).toHaveLength(1)
  })

  it('a server that is not there', async () => {
    await expect(send(9)).rejects.toMatchObject({
      kind: 'retryable',
      message: expect.stringContaining('ECONNREFUSED'),
    })
  })

  it('an attempt that is interrupted while the server is silent', async () => {
    server = await startMail({ onConnect: () => {} })
    const abort = new AbortController()
    const options = { host: 'localhost', port: server.port, security: 'none', ...ADDRESSES }
    const sending = sendDirectly(email, sampleMessage('t'), options, { signal: abort.signal })
    abort.abort()
    await expect(sending).rejects.toMatchObject({ kind: 'retryable' })
  })
})

it.each([
  ['CRITICAL', 'high'],
  ['HIGH', 'high'],
  ['MEDIUM', 'normal'],
  ['LOW', 'low'],
  ['INFO', 'low'],
] as const)('an alert of severity %s has the priority %s', (value, priority) => {
  if (!('payload' in email)) throw new Error('email speaks no HTTP')
  const message = messageOf({ severity: { value, source: 'static' } }, '')
  expect(email.payload(message, { host: 'x', ...ADDRESSES } as never)).toMatchObject({ priority })
})
