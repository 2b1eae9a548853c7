/** Each recipe of the page is taken from it and run against a receiver that refuses what the product refuses. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { loadProject } from '../../src/config/load.ts'
import { createHttpClient } from '../../src/delivery/http/http-client.ts'
import { sendOnce } from '../../src/delivery/send.ts'
import type { Message } from '../../src/destinations/_destination.ts'
import webhook from '../../src/destinations/webhook.ts'
import { SEVERITIES } from '../../src/model/alerts/severity.ts'
import { nullLog } from '../../src/model/ports.ts'
import { makeProject } from '../cli/project-on-disk.ts'
import { manualClock } from '../support/clock.ts'
import { documented, generatedParts, refreshed } from '../support/destination-page.ts'
import { leastMessage, messageOf, mostMessage, sampleMessage } from '../support/message.ts'
import { destination } from '../support/model.ts'
import { startReceiver } from '../support/receiver.ts'
import { PROVIDERS, type RunningProvider, startProvider } from '../support/recipe-providers.ts'
import { testSecrets } from '../support/secrets.ts'

const PATH = join(import.meta.dirname, '../../docs/destinations/recipes.md')
const page = readFileSync(PATH, 'utf8')
const recipes = documented(page)
const http = createHttpClient({ connectTimeoutMs: 2_000, totalTimeoutMs: 20_000, maxBodyBytes: 10_000 })

it('the page has a recipe for each product, with the request of the code', async () => {
  expect(recipes.map(({ name }) => name)).toEqual(Object.keys(PROVIDERS))
  expect(recipes.filter(({ type }) => type !== 'webhook')).toEqual([])
  expect(generatedParts(page).sort()).toEqual(recipes.map(({ name }) => `sent by ${name}`).sort())
  await expect(refreshed(page, webhook)).toMatchFileSnapshot(PATH)
})

it('the recipes are a registry without errors and warnings', async () => {
  const entries = [...page.matchAll(/```yaml\ndestinations:\n([\s\S]*?)```/g)].map(([, entry]) => entry)
  const root = makeProject({
    'destinations.yaml': `version: 1\nfallback: [thehive]\ndestinations:\n${entries.join('')}`,
  })
  const { problems, registry } = await loadProject({ root })
  expect(problems).toEqual([])
  expect(registry).toMatchObject({ destinations: recipes.map(({ name }) => ({ name })) })
})

/** The values of the references in the order of the recipe; the first is that of the URL. */
function secretsOf(name: string, url: string): Record<string, string> {
  const recipe = recipes.find((each) => each.name === name)!
  const [variable, ...others] = [...JSON.stringify(recipe.options).matchAll(/\$\{env:(\w+)\}/g)].map(
    ([, each]) => each!,
  )
  const isWhole = recipe.options!.url === `\${env:${variable!}}`
  const address = isWhole ? url + String(PROVIDERS[name]!.wire.path) : url
  return { [variable!]: address, ...Object.fromEntries(others.map((each, i) => [each, `T0KEN-${i + 1}`])) }
}

const optionsOf = (name: string) => recipes.find((each) => each.name === name)!.options!

function send(options: Record<string, unknown>, secrets: Record<string, string>, message: Message) {
  const ports = {
    types: async () => webhook,
    secrets: testSecrets(secrets),
    http,
    clock: manualClock(message.at),
    log: nullLog,
    print: async () => {},
    projectRoot: '.',
    version: '1.2.3',
  }
  const alert = { notification: message.json, reference: message.reference }
  const sending = { alert, deliveryId: message.idempotencyKey, repeated: false }
  return sendOnce(ports, destination('target', { options }), sending, new AbortController().signal)
}

describe.each(recipes.map(({ name }) => name))('the recipe for %s', (name) => {
  const provider = PROVIDERS[name]!
  let running: RunningProvider
  beforeEach(async () => {
    running = await startProvider(provider)
  })
  afterEach(() => running.close())

  it.each([
    ['a usual alert', sampleMessage('t')],
    ['an alert with nothing to say', leastMessage()],
    ['an alert with too much to say', mostMessage()],
    [
      'every severity',
      ...SEVERITIES.map((value) => messageOf({ severity: { value, source: 'static' } }, '')),
    ],
  ] as [string, ...Message[]][])('is accepted for %s', async (_, ...messages) => {
    for (const message of messages) {
      const result = await send(optionsOf(name), secretsOf(name, running.url), message)
      expect(running.refusals.at(-1)).toEqual([])
      expect(result).toMatchObject({ result: 'delivered' })
    }
  })

  it('pauses the destination if the credential is wrong', async () => {
    const given = secretsOf(name, running.url)
    const [address, ...others] = Object.keys(given)
    const wrong = provider.unauthorized
      ? { ...given, ...Object.fromEntries(others.map((each) => [each, 'T0KEN-wrong'])) }
      : { ...given, [address!]: `${running.url}/wrong` }
    const result = await send(optionsOf(name), wrong, sampleMessage('t'))
    expect(result).toMatchObject({ result: 'refused', scope: 'destination' })
  })

  it('does not take a sign-in page for an answer of the product', async () => {
    const receiver = await startReceiver()
    receiver.script({
      status: provider.accepts.status ?? 200,
      headers: { 'content-type': 'text/html' },
      body: '<!DOCTYPE html><html><body>Sign in</body></html>',
    })
    const result = await send(optionsOf(name), secretsOf(name, receiver.url), sampleMessage('t'))
    expect(result).toMatchObject({ result: 'retry' })
    await receiver.until(1)
    await receiver.close()
  })

  const hasForm = provider.wire.body?.additionalProperties === false
  if (hasForm) {
    it('has a receiver that refuses the notification as it is', async () => {
      const { template: _, ...bare } = optionsOf(name)
      const result = await send(bare, secretsOf(name, running.url), sampleMessage('t'))
      expect(running.refusals.at(-1)).not.toEqual([])
      expect(result.result).not.toBe('delivered')
    })
  }
})
