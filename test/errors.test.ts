/** The classes of errors, and what people read of anything that was thrown. */
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { messageOf } from '../src/errors.ts'

it.each([
  [new Error('no such folder'), 'no such folder'],
  // What a worker threw arrives without its class.
  [
    { name: 'ExitStatus', message: 'Program terminated with exit(0)', status: 0 },
    'Program terminated with exit(0)',
  ],
  ['a text', 'a text'],
  [null, 'null'],
  [undefined, 'undefined'],
  [{ message: 4 }, '[object Object]'],
])('the message of %j is %j', (thrown, message) => {
  expect(messageOf(thrown)).toBe(message)
})

/** The files, or folders of files, that throw an error of no kind, and what catches it. */
const UNBRANDED: readonly (readonly [path: string, caughtBy: string])[] = [
  ['server/api/api-problems.ts', 'the error handler in the same file, which answers with the problem'],
  ['cli/prompts/prompts.ts', 'the prompt in the same file, which returns null'],
  ['config/yaml/yaml-tree.ts', 'the reader in yaml.ts beside it, which returns the problem'],
  ['daemon/partitions/partition-run.ts', 'the same file, which stops the partition'],
  ['daemon/source-runs.ts', 'the supervisor in the same folder, which starts the source again'],
  ['delivery/http/http-failure.ts', 'nothing: it is a cause, which names the code alone'],
  ['delivery/http/private-address.ts', 'the HTTP client in the same folder, which reports a refused address'],
  ['destinations/file.ts', 'the same file, which reports a failed attempt'],
  ['destinations/parts/credentials/oauth2-token.ts', 'the same function, which names the option'],
  ['brokers/nats-transport.ts', 'the client of NATS, whose failure the destination reports'],
  ['destinations/parts/direct/smtp-session.ts', 'the same function, which reports a failed attempt'],
  ['destinations/syslog.ts', 'the same file, which reports a failed attempt'],
  ['engine/engine.ts', 'the pipeline, which keeps the batch and tries again whatever the error is'],
  ['engine/protocol/driver-response.ts', 'the integrity check; otherwise it ends the worker'],
  ['engine/runtime/c-api.ts', 'the integrity check; otherwise it ends the worker'],
  ['engine/runtime/wasm-imports.ts', 'nothing: it ends the interpreter'],
  ['engine/snapshot/snapshot-cache.ts', 'the same file, which then has no snapshot'],
  ['engine/worker/event-index/', 'the same folder, which then has no conditions'],
  ['engine/worker/guard/', 'the same folder, which then has no guard'],
  ['engine/worker/integrity-check.ts', 'the worker, which reports it and ends'],
  ['packages/zip.ts', 'the same file, which names the archive'],
  ['pipeline/cache-ledger.ts', 'the helper in the detection, whose result is not used'],
  ['pipeline/cached-batch.ts', 'the supervisor of sources in daemon/, which starts the source again'],
  ['pipeline/pipeline.ts', 'the supervisor of sources in daemon/, which starts the source again'],
  ['sources/kafka-topic/', 'the reader in the same folder, which stops the partition'],
  ['sources/otlp-records/', 'the source `otlp`, which refuses the request or rejects the record'],
  ['sources/stream/pipe.ts', 'the same file, which names the source'],
]

it('every error that leaves its module is of one of the four kinds', () => {
  const src = join(import.meta.dirname, '../src')
  const throwing = readdirSync(src, { recursive: true, encoding: 'utf8' })
    .filter((path) => path.endsWith('.ts') && path !== 'errors.ts')
    .filter((path) => {
      const text = readFileSync(join(src, path), 'utf8')
      return /\bnew (?:Type|Range|Syntax)?Error\(|class \w+ extends (?:Type|Range|Syntax)?Error\b/.test(text)
    })
  const isListed = (path: string) => UNBRANDED.some(([listed]) => path.startsWith(listed))
  expect(throwing.filter((path) => !isListed(path))).toEqual([])
  const unused = UNBRANDED.filter(([listed]) => !throwing.some((path) => path.startsWith(listed)))
  expect(unused).toEqual([])
})
