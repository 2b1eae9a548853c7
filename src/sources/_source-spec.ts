/** Reads the text of `--from` and of `sources:` in signalbox.yaml. Pure: opens nothing. */

import { nearest } from '../core/did-you-mean.ts'
import { UserError } from '../errors.ts'
import type { SourceSpec } from './_source.ts'

const SPEC = /^([a-z][a-z0-9+.-]*)(?::([^?]*))?(?:\?(.*))?$/s
const COMMON = ['name', 'kind', 'logType', 'type', 'unwrap', 'timeField'] as const
/** It has no colon, so it is never the address of a source with a target. */
const NAME = /^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/
type CommonKey = (typeof COMMON)[number]

/** Parses a source spec such as `file:/x/y.ndjson?follow=true&logType=AWS.CloudTrail`. */
export function parseSourceSpec(text: string): SourceSpec {
  const match = SPEC.exec(text)
  if (!match) {
    throw new UserError(`invalid source "${text}"`, {
      code: 'invalid-source',
      hint: 'use SCHEME:TARGET?key=value, for example file:/var/log/trail.ndjson?logType=AWS.CloudTrail',
    })
  }
  const [, scheme = '', target = '', query = ''] = match
  const keys = parseQuery(text, query)
  const common = (key: CommonKey) => keys.get(key) ?? null
  const kind = kindOf(text, common('kind'))
  const address = target === '' ? scheme : `${scheme}:${target}`
  return {
    name: nameOf(text, common('name')) ?? address,
    address,
    scheme,
    target,
    kind,
    type: typeOf(text, kind, common('logType'), common('type')),
    unwrap: common('unwrap'),
    timeField: common('timeField'),
    options: Object.fromEntries([...keys].filter(([key]) => !(COMMON as readonly string[]).includes(key))),
  }
}

/** Rejects query keys that are neither common to all sources nor options of this one. */
export function refuseUnknownOptions(spec: SourceSpec, known: readonly string[]): void {
  const all = [...known, ...COMMON]
  for (const key of Object.keys(spec.options)) {
    if (known.includes(key)) continue
    const near = nearest(key, all)
    throw new UserError(`${spec.name}: unknown option "${key}"`, {
      code: 'invalid-source-option',
      hint: `${near ? `did you mean "${near}"? ` : ''}known: ${all.join(', ')}`,
    })
  }
}

function parseQuery(text: string, query: string): Map<string, string> {
  const keys = new Map<string, string>()
  for (const [key, value] of new URLSearchParams(query)) {
    if (keys.has(key))
      throw new UserError(`${text}: duplicate option "${key}"`, { code: 'invalid-source-option' })
    if (value === '')
      throw new UserError(`${text}: option "${key}" has no value`, {
        code: 'invalid-source-option',
        hint: `use ${key}=VALUE`,
      })
    keys.set(key, value)
  }
  return keys
}

function nameOf(text: string, name: string | null): string | null {
  if (name === null || NAME.test(name)) return name
  throw new UserError(`${text}: invalid name "${name}"`, {
    code: 'invalid-source-option',
    hint: 'use up to 64 letters, digits, dots, underscores and hyphens, and begin with a letter or digit',
  })
}

function kindOf(text: string, kind: string | null): SourceSpec['kind'] {
  if (kind === null || kind === 'log') return 'log'
  if (kind === 'resource') return 'resource'
  throw new UserError(`${text}: invalid kind "${kind}"`, {
    code: 'invalid-source-option',
    hint: 'use log or resource',
  })
}

function typeOf(
  text: string,
  kind: SourceSpec['kind'],
  logType: string | null,
  type: string | null,
): string | null {
  if (kind === 'resource' && logType !== null) {
    throw new UserError(`${text}: a resource has no log type`, {
      code: 'invalid-source-option',
      hint: 'use type, for example type=AWS.S3.Bucket',
    })
  }
  if (logType !== null && type !== null && logType !== type) {
    throw new UserError(`${text}: logType and type have different values`, {
      code: 'invalid-source-option',
      hint: 'use one of them',
    })
  }
  return logType ?? type
}
