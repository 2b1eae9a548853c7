import {
  MultipleErrors,
  NetworkError,
  ProtocolError,
  protocolErrors,
  ResponseError,
} from '@platformatic/kafka'
import { describe, expect, it } from 'vitest'
import { describeKafkaError } from '../../../src/brokers/kafka-failures.ts'
import { attemptFailure } from '../../../src/destinations/parts/direct/attempt-failure.ts'
import { KAFKA_OUTCOMES } from '../../../src/destinations/parts/direct/kafka-errors.ts'

const failure = (error: unknown) =>
  attemptFailure(KAFKA_OUTCOMES.faults, error, describeKafkaError(error, 10_000))

/** An error of the broker as the library gives it to a producer: one for each topic in one for each request. */
function refusedBy(code: number): Error {
  const response = new ResponseError(0, 11, { '/responses/0/partition_responses/0': [code, null] }, {})
  return new MultipleErrors('Producing messages failed.', [response])
}

const PAUSES = [
  'UNKNOWN_TOPIC_OR_PARTITION',
  'UNKNOWN_TOPIC_ID',
  'INVALID_TOPIC_EXCEPTION',
  'TOPIC_AUTHORIZATION_FAILED',
  'CLUSTER_AUTHORIZATION_FAILED',
  'SASL_AUTHENTICATION_FAILED',
  'UNSUPPORTED_SASL_MECHANISM',
  'ILLEGAL_SASL_STATE',
  'SECURITY_DISABLED',
  'POLICY_VIOLATION',
  'UNSUPPORTED_FOR_MESSAGE_FORMAT',
  'UNSUPPORTED_VERSION',
]
const DEAD = ['MESSAGE_TOO_LARGE', 'RECORD_LIST_TOO_LARGE', 'INVALID_RECORD']

describe('an error that Kafka documents', () => {
  const documented = Object.values(protocolErrors).filter(({ id }) => id !== 'NONE')

  it.each(documented.map(({ id, code }) => [id, code] as const))('%s has its meaning', (id, code) => {
    const error = failure(refusedBy(code))
    expect(error.message).toMatch(new RegExp(`^${id}: \\S`))
    if (PAUSES.includes(id)) expect(error).toMatchObject({ kind: 'permanent', scope: 'destination' })
    else if (DEAD.includes(id)) expect(error).toMatchObject({ kind: 'permanent', scope: 'delivery' })
    else expect(error).toMatchObject({ kind: 'retryable' })
  })

  it('every named error is one of them', () => {
    const ids = documented.map(({ id }) => id)
    expect([...PAUSES, ...DEAD].filter((id) => !ids.includes(id))).toEqual([])
  })
})

it('a failure of the network is found inside of the errors of the library', () => {
  const refused = Object.assign(new Error('connect ECONNREFUSED 127.0.0.1:1'), { code: 'ECONNREFUSED' })
  const connection = new NetworkError('Connection to 127.0.0.1:1 failed.', { cause: refused })
  const error = failure(new MultipleErrors('Cannot connect to any broker.', [connection]))
  expect(error).toMatchObject({
    kind: 'retryable',
    message: 'connection refused (ECONNREFUSED)',
  })
})

it('a refused sign-in is found behind the failure of the connection', () => {
  const refused = new ProtocolError('SASL_AUTHENTICATION_FAILED', 'Invalid username or password')
  const error = failure(new NetworkError('Connection failed.', { cause: refused }))
  expect(error).toMatchObject({ kind: 'permanent', scope: 'destination' })
  expect(error.message).toBe('SASL_AUTHENTICATION_FAILED: Invalid username or password')
})
