/** Reads what the specs of all brokers have in common: the addresses, the name of the log, and where reading starts. */
import { UserError } from '../../errors.ts'
import type { SourceSpec } from '../_source.ts'

export interface BrokerAddress {
  readonly host: string
  readonly port: number
}

export interface BrokerSpec {
  readonly addresses: readonly BrokerAddress[]
  /** The topic or stream. */
  readonly log: string
  readonly storedName: string
  readonly start: Start
}

/** The place where reading starts if there is no cursor yet. */
export type Start = 'latest' | 'earliest' | { readonly since: number }

const TARGET = /^([^/@]+)\/([^/@]+)$/
const ADDRESS = /^(?:\[([0-9a-fA-F:.]+)\]|([\w.-]+)):(\d{1,5})$/
const TIME = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}(?::\d{2}(?:\.\d+)?)?(?:Z|[+-]\d{2}:\d{2})$/
const MAX_PORT = 65_535

/** @param form what follows the addresses, for example `STREAM`. */
export function parseBrokerSpec(
  spec: SourceSpec,
  form: string,
  isLog: (name: string) => boolean,
): BrokerSpec {
  const [, servers = '', log = ''] = TARGET.exec(spec.target) ?? []
  const addresses = servers.split(',').map(addressOf)
  if (!isLog(log) || addresses.includes(null)) {
    // A target with a password must not be repeated.
    const given = spec.target.includes('@') ? 'the target has an "@"' : `invalid target "${spec.target}"`
    throw new UserError(`${spec.scheme}: ${given}`, {
      code: 'invalid-source',
      hint: `use ${spec.scheme}:HOST:PORT/${form}, with commas between several HOST:PORT; users and passwords are options`,
    })
  }
  return {
    addresses: addresses.filter((address) => address !== null),
    log,
    // The name that the operator gave.
    storedName: `${spec.scheme}:${spec.name === spec.address ? log : spec.name}`,
    start: startOf(spec),
  }
}

function addressOf(text: string): BrokerAddress | null {
  const [, v6, name, port] = ADDRESS.exec(text) ?? []
  const host = v6 ?? name
  if (host === undefined || Number(port) < 1 || Number(port) > MAX_PORT) return null
  return { host, port: Number(port) }
}

function startOf({ name, options }: SourceSpec): Start {
  const { start = 'latest' } = options
  if (start === 'latest' || start === 'earliest') return start
  const since = TIME.test(start) ? Date.parse(start) : Number.NaN
  if (!Number.isNaN(since)) return { since }
  throw new UserError(`${name}: invalid start "${start}"`, {
    code: 'invalid-source-option',
    hint: 'use latest, earliest, or a time such as 2026-01-31T00:00:00Z',
  })
}
