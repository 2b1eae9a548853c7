import { describe, expect, it } from 'vitest'
import github from '../../src/destinations/github.ts'
import { destinationContract } from '../contract/destination.ts'
import { onStage, previewBody } from '../support/stage.ts'
import { listOf, matching, table, text, type Wire } from '../support/wire.ts'

const CREATE: Wire = {
  path: '/repos/example/alerts/issues',
  headers: { authorization: 'Bearer T0KEN-of-hub', accept: 'application/vnd.github+json' },
  body: table({
    title: { ...matching('^[^\\n\\r]+$'), maxLength: 256 },
    body: text(65_536),
    'labels?': listOf(text()),
    'assignees?': listOf(text()),
  }),
}
const SEARCH: Wire = { method: 'GET', path: /^\/search\/issues\?q=repo%3Aexample%2Falerts/ }
const OPTIONS = {
  repository: 'example/alerts',
  token: 'T0KEN-of-hub',
  labels: ['security'],
  assignees: ['octocat'],
}

destinationContract('github', {
  options: (apiUrl) => ({ apiUrl, ...OPTIONS }),
  accepts: { status: 201, body: '{"number":7}' },
  errorAnswer: ({ status, code, text }) =>
    code === 'rate limit'
      ? {
          status: 403,
          headers: { 'x-ratelimit-remaining': '0' },
          body: '{"message":"API rate limit exceeded"}',
        }
      : {
          status: status ?? 422,
          body: JSON.stringify({
            message: text,
            errors: [{ resource: 'Issue', field: code, code: 'invalid' }],
          }),
        },
  lookUp: true,
  secrets: ['T0KEN-of-hub'],
  cuts: /^title cut from \d+ to 256 characters/,
  wires: [CREATE, SEARCH],
  meanings: [
    [
      '201, created',
      { status: 201, body: '{"number":7}' },
      { result: 'delivered', message: '201: created #7' },
    ],
    [
      '201, its answer cut off',
      { status: 201, body: '{"url":"x","number":7,"body":"' },
      { result: 'delivered', message: '201: created #7' },
    ],
    [
      '403, too many requests',
      { status: 403, headers: { 'x-ratelimit-remaining': '0', 'retry-after': '9' }, body: '{}' },
      { result: 'retry', retryAfterMs: 9_000 },
    ],
    [
      '403, not allowed',
      { status: 403, body: '{"message":"Resource not accessible"}' },
      { scope: 'destination' },
    ],
    [
      'issues that are disabled',
      { status: 410, body: '{}' },
      { scope: 'destination', message: '410: {} (issues are disabled)' },
    ],
  ],
})

describe('an attempt that may have been carried out', () => {
  const stage = onStage(github, OPTIONS)

  it('an attempt that may have been carried out is searched for first, by the hidden text in its body', async () => {
    const { outcome, requests } = await stage(true, {
      status: 200,
      body: '{"total_count":1,"items":[{"number":7}]}',
    })
    expect(outcome).toMatchObject({ result: 'delivered', message: '200: an earlier attempt created #7' })
    const q = new URL(requests[0]!.path, 'http://x').searchParams.get('q')
    expect(q).toBe(`repo:example/alerts is:issue in:body signalbox-${'k'.repeat(32)}`)
  })

  it('the issue is created if it is not found, with the text by which it can be found', async () => {
    const { outcome, requests } = await stage(
      true,
      { status: 200, body: '{"total_count":0,"items":[]}' },
      { status: 201, body: '{"number":8}' },
    )
    expect(outcome).toMatchObject({ message: '201: created #8' })
    expect(JSON.parse(requests[1]!.body).body).toContain(`<!-- signalbox-${'k'.repeat(32)} -->`)
  })

  it('no issue is created while the search fails', async () => {
    const { outcome, requests } = await stage(true, { status: 503 })
    expect(outcome).toMatchObject({ result: 'retry', status: 503 })
    expect(requests).toHaveLength(1)
  })
})

it('mentions are escaped, and the context stays in its block', () => {
  const evil = '@octocat #1 [x](https://evil.example) <img src=x> ```'
  const { body } = previewBody(github, { description: evil, context: JSON.stringify({ evil }) }, OPTIONS)
  const [text, context] = (body as string).split('**Context:**')
  expect(text).not.toMatch(/@octocat|#1|[^\\]\[x|[^\\]<img/)
  expect(context).toMatch(/^\n\n````json\n[\s\S]*\n````\n\n<!-- signalbox/)
})
