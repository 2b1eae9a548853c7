// biome-ignore-all lint/suspicious/noTemplateCurlyInString: references and templates as they are written
/** Creates the files of a local destination type: the type and its test, as texts by path. Pure. */
import type { Files } from './scaffold.ts'

export function isDestinationName(name: string): boolean {
  return /^[a-z][a-z0-9]*(?:-[a-z0-9]+)*$/.test(name)
}

/** @param name in lower case, with dashes, for example `team-pager`. */
export function destinationScaffold(name: string): Files {
  return { [destinationFile(name)]: typeText(name), [destinationTestFile(name)]: testText(name) }
}

/** The path of the type, as destinations.yaml names it. */
export function destinationFile(name: string): string {
  return `destinations/${name}.ts`
}

export function destinationTestFile(name: string): string {
  return `destinations/${name}.test.ts`
}

/** The name of a variable of JavaScript. */
function variableName(name: string): string {
  return `${name.replace(/-(\w)/g, (_, letter: string) => letter.toUpperCase())}Type`
}

function typeText(name: string): string {
  return `/** Sends alerts to ${name}. */
import { defineDestination, joinUrl, plainText, postJson, textAt, Truncation } from 'signalbox/destination'

interface Options {
  readonly url: string
  readonly token: string
}

export default defineDestination<Options>({
  type: '${name}',
  summary: 'an alert in ${name}',
  // JSON Schema of \`options\` in destinations.yaml. \`secret: true\` keeps a value out of every message and log.
  options: {
    type: 'object',
    required: ['url', 'token'],
    properties: {
      url: {
        type: 'string',
        pattern: '^https?://',
        description: 'Base URL of the API.',
      },
      token: {
        type: 'string',
        minLength: 1,
        secret: true,
        description: 'Token of the API.',
      },
    },
    additionalProperties: false,
  },
  // The request for one alert. Signalbox adds the idempotency key, time limits, retries and redaction.
  request(message, { url, token }) {
    const truncation = new Truncation()
    const body = {
      title: truncation.text('title', message.title, 250),
      text: truncation.text('text', plainText(message), 4_000),
      severity: message.notification.severity,
    }
    const headers = { authorization: \`Bearer \${token}\` }
    return postJson(joinUrl(url, 'alerts'), body, { headers, notes: truncation.notes })
  },
  answers: {
    provider: '${name}',
    // What only ${name} answers when it has accepted an alert. Any other 2xx is retried.
    success: [{ status: [200, 201, 202], field: 'id', receipt: (id) => \`created \${id}\` }],
    // Finds the error in an answer.
    error({ body }) {
      const code = textAt(body, 'error.code')
      return code ? { codes: [code], text: textAt(body, 'error.message') } : undefined
    },
    // What errors mean: \`retry\`, \`dead\` (this alert) or \`pause\` (the destination). Otherwise the status decides.
    rules: [
      { status: [422], codes: ['invalid_alert'], effect: 'dead' },
      { status: [403], codes: ['wrong_token'], effect: 'pause', meaning: 'the token' },
    ],
  },
})
`
}

function testText(name: string): string {
  const variable = variableName(name)
  return `/** Run it with: node --test ${destinationTestFile(name)} */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { destinationContract, sendSample, startReceiver } from 'signalbox/destination'
import ${variable} from './${name}.ts'

/** The options of a destination, with literal secrets. \`url\` is that of a receiver on this machine. */
const options = (url: string) => ({ url, token: 'a-secret-token' })

/** What ${name} answers for a success. */
const accepts = {
  status: 201,
  headers: { 'content-type': 'application/json' },
  body: '{"id":"4711"}',
}

test('sends title, text and severity of an alert', async () => {
  const receiver = await startReceiver()
  receiver.script(accepts)
  const sent = await sendSample(${variable}, options(receiver.url))
  assert.equal(sent.result, 'delivered', sent.message)
  assert.equal(sent.message, '201: created 4711')
  const [request] = receiver.requests
  assert.equal(\`\${request?.method} \${request?.path}\`, 'POST /alerts')
  assert.equal(request?.headers.authorization, 'Bearer a-secret-token')
  const { title, text, severity } = JSON.parse(request?.body ?? '')
  assert.equal(title, 'New Alert: Root user signed in to account 123456789012')
  assert.match(text, /198\\.51\\.100\\.7/)
  assert.equal(severity, 'HIGH')
  receiver.expect(1)
  await receiver.close()
})

// What every destination type must do: statuses, faults of the network, secrets, sizes and templates.
destinationContract({
  test,
  type: ${variable},
  options,
  secrets: ['a-secret-token'],
  accepts,
  // An error as ${name} answers it, for each rule of the type.
  errorAnswer: ({ status = 400, code, text }) => ({
    status,
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ error: { code, message: text } }),
  }),
  // The note for an alert that is too long.
  cuts: /text cut from \\d+ to 4000 characters/,
})
`
}
