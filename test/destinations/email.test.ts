import { generateKeyPairSync, verify } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { SMTPServerOptions } from 'smtp-server'
import { afterAll, afterEach, beforeEach, describe, expect, it } from 'vitest'
import { credentialRequests } from '../../src/delivery/http/credential-requests.ts'
import { createHttpClient, DEFAULT_HTTP_LIMITS } from '../../src/delivery/http/http-client.ts'
import email from '../../src/destinations/email.ts'
import { destinationContract } from '../contract/destination.ts'
import { pausing } from '../contract/stored.ts'
import { type Fake, listen } from '../support/aws.ts'
import { type MailServer, parseWithPython, startMail } from '../support/mail.ts'
import { messageOf, sampleMessage, sendDirectly } from '../support/message.ts'
import { startProxy, startSecure } from '../support/proxy.ts'
import { resolved, sendSample, update } from '../support/stage.ts'

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
  faults: {
    '530, 535, 538, or another refusal of the sign-in': [
      { responseCode: 530, code: 'EENVELOPE', command: 'MAIL FROM' },
      { responseCode: 535, code: 'EAUTH' },
      { responseCode: 538, code: 'EAUTH' },
      { code: 'EAUTH' },
    ],
    'no STARTTLS, or with `security: tls` a port that does not begin with TLS': [
      { code: 'ETLS', responseCode: 502 },
      { code: 'ENOTLS' },
    ],
    '552, or a mail above the `SIZE` that the server announces': [
      { responseCode: 552, code: 'EENVELOPE', command: 'MAIL FROM' },
      { responseCode: 552, code: 'EMESSAGE', command: 'DATA' },
      { code: 'EMESSAGE', command: 'MAIL FROM' },
    ],
    '5yz to the sender, or to all recipients': [
      { responseCode: 550, code: 'EENVELOPE', command: 'MAIL FROM' },
      { responseCode: 550, code: 'EENVELOPE', command: 'RCPT TO' },
      { code: 'EENVELOPE', command: 'API' },
    ],
    '5yz with `5.7.26`, `5.7.60` or `SendAsDenied`: the account or the domain may not send as `from`': [
      Object.assign(new Error('Message failed: 550 5.7.60 SMTP; Client does not have permissions'), {
        responseCode: 550,
        code: 'EMESSAGE',
      }),
      Object.assign(new Error('Message failed: 550-5.7.26 Your email has been blocked'), {
        responseCode: 550,
        code: 'EMESSAGE',
      }),
    ],
    'another 5yz': [{ responseCode: 554, code: 'EMESSAGE', command: 'DATA' }],
  },
  cuts: /^subject cut from \d+ to 250 characters$/,
})

/** An answer of the server to the recipient. */
const refusing = (responseCode: number): SMTPServerOptions => ({
  onRcptTo: (_address, _session, done) => done(Object.assign(new Error('not now'), { responseCode })),
})

/** An answer of the server to the text of the mail. */
const refusingText = (responseCode: number): SMTPServerOptions => ({
  onData: (stream, _session, done) => {
    stream.resume().on('end', () => done(Object.assign(new Error('not this'), { responseCode })))
  },
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

describe('updates', () => {
  const sendUpdate = (details: ReturnType<typeof update>, repeated = false) => {
    const options = { host: 'localhost', port: server!.port, ca: pem('ca.pem'), ...ADDRESSES }
    return sendSample(email, options, repeated, details)
  }
  const first = `<${'f'.repeat(32)}@example.com>`

  it('an update is an answer to the mail of the alert, as Python reads it', async () => {
    server = await startMail()
    const note = 'a <b>reboot</b>\nBcc: evil@example.com'
    expect(await sendUpdate({ ...resolved, severity: 'CRITICAL', note })).toMatchObject({
      result: 'delivered',
    })
    const { headers, defects, bodies } = parseWithPython(server.raw[0]!)
    expect(defects).toEqual([])
    expect(headers).toMatchObject({
      subject: 'Re: [HIGH] New Alert: Root user signed in to account 123456789012',
      'message-id': `<${'k'.repeat(32)}@example.com>`,
      'in-reply-to': first,
      references: `<alert-a1e27ab1e0fa11ed5b1eda0d0be5ca1e@example.com> ${first}`,
      'x-signalbox-severity': 'CRITICAL',
    })
    expect(headers).not.toHaveProperty('bcc')
    expect(bodies['text/plain']!.replaceAll('\r', '').trim()).toBe(
      `Resolved by ann@example.com: fixed.\n${note}`,
    )
    expect(bodies['text/html']).toContain('a &lt;b&gt;reboot&lt;/b&gt;')
  })

  it('each attempt of an update has the same Message-ID', async () => {
    server = await startMail()
    const repetition = update({ events: ['repeated'], eventCount: 7 })
    await sendUpdate(repetition)
    await sendUpdate(repetition, true)
    expect(new Set(server.mails.map(({ messageId }) => messageId)).size).toBe(1)
    expect(server.mails.map(({ text }) => text?.trim())).toEqual(Array(2).fill('The alert has 7 events now.'))
  })
})

describe('what mail systems ask for', () => {
  it.each([
    [{}, 'example.com'],
    [{ from: 'soc@bücher.example' }, 'xn--bcher-kva.example'],
    [{ hello: 'gateway.example.net' }, 'gateway.example.net'],
  ])('the name of EHLO is a domain: %j', async (over, name) => {
    server = await startMail()
    await send(server.port, over)
    expect(server.greeted).toEqual([name])
  })

  it('the port follows from security', async () => {
    const at = (over: object) => {
      const options = { host: 'no-such-host.invalid', ...ADDRESSES, ...over }
      return sendDirectly(email, sampleMessage('t'), options).catch((error: Error) => error.message)
    }
    expect(await at({ security: 'tls' })).toContain('smtp://no-such-host.invalid:465:')
    expect(await at({})).toContain('smtp://no-such-host.invalid:587:')
  })

  it('a port that speaks STARTTLS, where TLS was expected, is named', async () => {
    server = await startMail()
    await expect(send(server.port, { security: 'tls' })).rejects.toMatchObject({
      kind: 'permanent',
      scope: 'destination',
      message: expect.stringContaining('if this port speaks STARTTLS, set security to starttls'),
    })
  })

  it('answers go to replyTo, and the mails about one alert are one conversation', async () => {
    server = await startMail()
    await send(server.port, { replyTo: 'soc-team@example.com' })
    await send(server.port, {}, { ...sampleMessage('t'), idempotencyKey: 'e'.repeat(32) })
    await send(server.port, { thread: 'detection' })
    const [first, second, third] = server.mails
    expect(first!.replyTo?.text).toBe('soc-team@example.com')
    expect(first!.references).toBe('<alert-a1e27ab1e0fa11ed5b1eda0d0be5ca1e@example.com>')
    expect(first!.inReplyTo).toBe(first!.references)
    expect(second!.references).toBe(first!.references)
    expect(second!.messageId).not.toBe(first!.messageId)
    expect(third!.references).toMatch(/^<detection-[0-9a-f]{32}@example\.com>$/)
  })
})

describe('the HTML part', () => {
  it('says what the text says, with links, and every text of the alert is escaped', async () => {
    server = await startMail()
    const hostile = '<script>alert(1)</script> "&amp;" <a href="https://evil.example">x</a>'
    await send(
      server.port,
      {},
      messageOf(
        { title: hostile, description: hostile, context: JSON.stringify({ hostile }) },
        'https://soc.example.com/a?b=1&c="',
      ),
    )
    const html = String(server.mails[0]!.html)
    expect(html).not.toMatch(/<script|<a href="https:\/\/evil/)
    expect(html).toContain('&lt;script&gt;alert(1)&lt;/script&gt; &quot;&amp;amp;&quot;')
    expect(html).toContain('<a href="https://soc.example.com/a?b=1&amp;c=&quot;">')
    expect(server.mails[0]!.text).toContain('<script>alert(1)</script>')
  })

  it('shows the body of a template as the text that it is', async () => {
    server = await startMail()
    await send(server.port, {}, { ...sampleMessage('t'), body: '<b>1 < 2</b>\nsecond' })
    expect(server.mails[0]!.html).toContain(
      '<p style="white-space:pre-wrap">&lt;b&gt;1 &lt; 2&lt;/b&gt;\nsecond</p>',
    )
  })
})

describe('XOAUTH2', () => {
  const { privateKey, publicKey } = generateKeyPairSync('rsa', { modulusLength: 2048 })
  const serviceAccount = JSON.stringify({
    client_email: 'signalbox@project.iam.gserviceaccount.com',
    private_key: privateKey.export({ type: 'pkcs8', format: 'pem' }),
  })
  let issuer: Fake
  let asked: URLSearchParams[] = []
  let issued: string[] = []
  let answerStatus = 200
  beforeEach(async () => {
    asked = []
    issued = []
    answerStatus = 200
    issuer = await listen(async (_request, body) => {
      asked.push(new URLSearchParams(body))
      if (answerStatus !== 200)
        return {
          status: answerStatus,
          body: '{"error":"invalid_client","error_description":"T0KEN-of-smtp"}',
        }
      return {
        status: 200,
        body: JSON.stringify({ access_token: issued.shift() ?? 'T0KEN-good', expires_in: 3600 }),
      }
    })
  })
  afterEach(() => issuer.close())

  const http = createHttpClient(DEFAULT_HTTP_LIMITS)
  afterAll(() => http.close())
  const signIn = (oauth2: object, port = server!.port) =>
    sendDirectly(
      email,
      sampleMessage('t'),
      {
        host: 'localhost',
        port,
        ca: pem('ca.pem'),
        user: 'soc@example.com',
        oauth2: { tokenUrl: issuer.url, ...oauth2 },
        ...ADDRESSES,
      },
      { http: credentialRequests(http, {}) },
    )
  const CLIENT = {
    clientId: 'app',
    clientSecret: 'T0KEN-of-smtp',
    scope: 'https://outlook.office365.com/.default',
  }
  const startXoauth2 = () => startMail({ authMethods: ['XOAUTH2'] }, 'T0KEN-good')

  it('signs in with client credentials, and keeps the token', async () => {
    server = await startXoauth2()
    await signIn(CLIENT)
    await signIn(CLIENT)
    expect(server.signedIn).toEqual(['soc@example.com', 'soc@example.com'])
    expect(asked.map((form) => Object.fromEntries(form))).toEqual([
      {
        grant_type: 'client_credentials',
        client_id: 'app',
        client_secret: 'T0KEN-of-smtp',
        scope: CLIENT.scope,
      },
    ])
  })

  it('signs in with a refresh token', async () => {
    server = await startXoauth2()
    await signIn({ clientId: 'app', clientSecret: 's', refreshToken: '1//refresh' })
    expect(asked[0]!.get('grant_type')).toBe('refresh_token')
    expect(asked[0]!.get('refresh_token')).toBe('1//refresh')
  })

  it('signs in with a service account that acts for the user', async () => {
    server = await startXoauth2()
    await signIn({ serviceAccount, scope: 'https://mail.google.com/' })
    expect(asked[0]!.get('grant_type')).toBe('urn:ietf:params:oauth:grant-type:jwt-bearer')
    const [head, claims, signature] = asked[0]!.get('assertion')!.split('.')
    expect(JSON.parse(Buffer.from(claims!, 'base64url').toString())).toMatchObject({
      iss: 'signalbox@project.iam.gserviceaccount.com',
      sub: 'soc@example.com',
      scope: 'https://mail.google.com/',
      aud: issuer.url,
    })
    const signed = Buffer.from(`${head}.${claims}`)
    expect(verify('sha256', signed, publicKey, Buffer.from(signature!, 'base64url'))).toBe(true)
  })

  it('fetches a second token once when the server refuses the first', async () => {
    server = await startXoauth2()
    issued = ['T0KEN-revoked']
    await signIn({ ...CLIENT, scope: 'second' })
    expect(asked).toHaveLength(2)
    expect(server.mails).toHaveLength(1)
  })

  it('pauses when the server refuses the second token too, and reveals neither', async () => {
    server = await startMail({ authMethods: ['XOAUTH2'] }, 'another')
    const refused = signIn({ ...CLIENT, scope: 'third' })
    await expect(refused).rejects.toMatchObject({ kind: 'permanent', scope: 'destination' })
    await expect(refused).rejects.not.toMatchObject({ message: expect.stringContaining('T0KEN') })
    expect(asked).toHaveLength(2)
  })

  it('the token is fetched by the transport of the destination: its proxy and its authorities', async () => {
    server = await startXoauth2()
    const secure = await startSecure(() => '{"access_token":"T0KEN-good","expires_in":60}')
    const proxy = await startProxy()
    const mail = { host: 'localhost', port: server.port, ca: pem('ca.pem'), user: 'soc@example.com' }
    const options = { ...mail, oauth2: { ...CLIENT, tokenUrl: secure.url }, ...ADDRESSES }
    expect(await sendSample(email, options)).toMatchObject({
      result: 'retry',
      message: expect.stringContaining('unknown authority') as unknown,
    })
    const transport = { proxy: proxy.url, ca: pem('ca.pem') }
    expect(await sendSample(email, { ...options, transport })).toMatchObject({ result: 'delivered' })
    expect(proxy.connected).toEqual([new URL(secure.url).host])
    await Promise.all([proxy.close(), secure.close()])
  })

  it.each([
    [401, 'permanent'],
    [400, 'permanent'],
    [429, 'retryable'],
    [503, 'retryable'],
  ])('an issuer that answers %i is a %s failure that quotes no secret', async (status, kind) => {
    server = await startXoauth2()
    answerStatus = status
    await expect(signIn({ ...CLIENT, scope: String(status) })).rejects.toMatchObject({
      kind,
      message: `no access token: ${new URL(issuer.url).host} answered ${status} invalid_client`,
    })
  })
})

describe('failures', () => {
  it.each<[string, SMTPServerOptions, object, object]>([
    ['a wrong password', {}, { password: 'wrong' }, { kind: 'permanent', scope: 'destination' }],
    [
      'a recipient that is refused',
      refusing(550),
      {},
      { kind: 'permanent', scope: 'destination', status: 550 },
    ],
    [
      'a mail that is too large',
      refusingText(552),
      {},
      { kind: 'permanent', scope: 'delivery', status: 552 },
    ],
    ['a text that is refused', refusingText(554), {}, { kind: 'permanent', scope: 'delivery', status: 554 }],
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
