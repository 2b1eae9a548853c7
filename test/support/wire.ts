/** The requests that a provider accepts, written by hand from its documentation, and the check of a request against them. */
import { Ajv, type ValidateFunction } from 'ajv'
import { expect } from 'vitest'
import type { HttpRequest } from '../../src/model/ports.ts'

/** JSON Schema of a body. Close every object (`additionalProperties: false`): a key that is not documented is an error. */
export type BodyTable = Readonly<Record<string, unknown>>

export interface Wire {
  readonly method?: 'POST' | 'PUT' | 'PATCH' | 'GET'
  /** Path with its query, below the receiver's address. */
  readonly path: string | RegExp
  /** Lower-case names. */
  readonly headers?: Readonly<Record<string, string | RegExp>>
  /** The schema of the whole body. */
  readonly maxBytes?: number
  readonly body?: BodyTable
}

const ajv = new Ajv({ allErrors: true, strict: true, strictRequired: false, allowUnionTypes: true })
const compiled = new WeakMap<BodyTable, ValidateFunction>()

/** Returns the errors of a request in words; [] if the provider would accept it. */
export function violations(
  wire: Wire,
  request: Pick<HttpRequest, 'method' | 'headers' | 'body'> & { path: string },
): string[] {
  const { method = 'POST', path, headers = {}, maxBytes, body } = wire
  const wrong: string[] = []
  if (request.method !== method) wrong.push(`method ${request.method}, not ${method}`)
  if (!fits(request.path, path)) wrong.push(`path ${request.path}, not ${String(path)}`)
  for (const [name, form] of Object.entries(headers)) {
    if (!fits(request.headers[name] ?? '', form))
      wrong.push(`header ${name}: ${request.headers[name]}, not ${String(form)}`)
  }
  const size = Buffer.byteLength(request.body)
  if (maxBytes !== undefined && size > maxBytes) wrong.push(`${size} bytes, more than ${maxBytes}`)
  if (!request.body.isWellFormed() || /\\ud[89a-f]/i.test(request.body)) wrong.push('half a character')
  return body ? [...wrong, ...bodyViolations(body, request.body)] : wrong
}

function fits(text: string, form: string | RegExp): boolean {
  return typeof form === 'string' ? text === form : form.test(text)
}

function bodyViolations(table: BodyTable, text: string): string[] {
  let validate = compiled.get(table)
  if (!validate) {
    validate = ajv.compile(table)
    compiled.set(table, validate)
  }
  if (validate(JSON.parse(text))) return []
  return (validate.errors ?? []).map(
    ({ instancePath, message, params }) => `body${instancePath} ${message} ${JSON.stringify(params)}`,
  )
}

/** The wire of this request among several: by method and path. */
export function wireOf(
  wires: readonly Wire[],
  { method, path }: { method: string; path: string },
): Wire | undefined {
  return wires.find((wire) => (wire.method ?? 'POST') === method && fits(path, wire.path))
}

export function expectOnWire(wires: readonly Wire[], request: Parameters<typeof violations>[1]): void {
  const wire = wireOf(wires, request)
  expect(wire, `${request.method} ${request.path} is not documented`).toBeDefined()
  expect(violations(wire!, request)).toEqual([])
}

/** Rows of the tables. */
export const text = (maxLength?: number): object => ({
  type: 'string',
  minLength: 1,
  ...(maxLength !== undefined && { maxLength }),
})
export const matching = (pattern: string): object => ({ type: 'string', pattern })
export const oneOf = (...values: readonly unknown[]): object => ({ enum: values })
export const anyObject = { type: 'object' } as const
/** All keys are required but those that end in `?`. */
export function table(rows: Readonly<Record<string, object>>): BodyTable {
  const entries = Object.entries(rows).map(([key, row]) => [key.replace(/\?$/, ''), row] as const)
  return {
    type: 'object',
    properties: Object.fromEntries(entries),
    required: Object.keys(rows).filter((key) => !key.endsWith('?')),
    additionalProperties: false,
  }
}
export const listOf = (items: object, more: object = {}): object => ({ type: 'array', items, ...more })
