/** The OpenAPI document: valid, complete, and the same as docs/openapi.json. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { Validator } from '@seriousme/openapi-schema-validator'
import { expect, it } from 'vitest'
import { apiFixture } from './api-fixture.ts'

const FROZEN = join(import.meta.dirname, '../../../docs/openapi.json')

it('the OpenAPI document is valid, and docs/openapi.json is that document', async () => {
  const { ask } = await apiFixture()
  const { json } = await ask('/openapi.json')
  expect(await new Validator().validate(structuredClone(json))).toEqual({ valid: true })
  expect(json).toEqual(JSON.parse(readFileSync(FROZEN, 'utf8')))
})

it('every operation has an id, a summary, a role, and an answer with a problem', async () => {
  const { ask } = await apiFixture()
  const { json } = await ask('/openapi.json')
  expect(Object.keys(json.components.schemas).sort()).toEqual([
    'Alert',
    'AuditRow',
    'Delivery',
    'Destination',
    'Detection',
    'Problem',
    'Silence',
    'SilenceMatch',
  ])
  const operations = Object.values<
    Record<string, { operationId: string; summary: string; description: string; responses: object }>
  >(json.paths).flatMap((path) => Object.values(path))
  expect(operations.length).toBeGreaterThan(15)
  expect(new Set(operations.map(({ operationId }) => operationId)).size).toBe(operations.length)
  for (const { summary, description, responses } of operations) {
    expect(summary).not.toBe('')
    expect(description).toMatch(/^Needs the role `(viewer|operator)`\.$/)
    expect(Object.keys(responses)).toContain('4XX')
  }
})
