import { PassThrough, Readable } from 'node:stream'
import { gzipSync } from 'node:zlib'
import { describe, expect, it } from 'vitest'
import { sourceContract } from '../contract/source.ts'
import { openSource, recordingLog, Sink, sourceContext } from '../support/source.ts'
import { until } from '../support/until.ts'

sourceContract('stdin', {
  from: 'stdin',
  async feed(input, context) {
    const source = await openSource('stdin')
    const ended = source.run({ ...context, stdin: Readable.from([Buffer.from(input)]) })
    return { acknowledged: ended, ended }
  },
})

async function read(input: Buffer | string, from = 'stdin') {
  const sink = new Sink()
  const log = recordingLog()
  const source = await openSource(from)
  await source.run(sourceContext(sink, { stdin: Readable.from([input]), log }))
  return { sink, log }
}

describe('stdin', () => {
  it('ends by itself and keeps no cursor', async () => {
    const { sink } = await read('{"a":1}\n{"b":2}')
    expect((await openSource('stdin')).ends).toBe(true)
    expect(sink.events).toEqual([
      { raw: '{"a":1}', position: 'line 1, byte 0' },
      { raw: '{"b":2}', position: 'line 2, byte 8' },
    ])
  })

  it('takes text streams, lists, containers and gzip', async () => {
    expect((await read('[\n1,\n2]')).sink.texts).toEqual(['1', '2'])
    expect((await read('{"Records":[1,2]}', 'stdin?unwrap=Records')).sink.texts).toEqual(['1', '2'])
    expect((await read(gzipSync('1\n2\n'))).sink.texts).toEqual(['1', '2'])
  })

  it('hands on a line as soon as it is complete, while the input stays open', async () => {
    const sink = new Sink()
    const stdin = new PassThrough()
    const abort = new AbortController()
    const source = await openSource('stdin')
    const run = source.run(sourceContext(sink, { stdin, signal: abort.signal }))
    stdin.write('{"a":1}\n{"half":')
    await until(() => sink.texts.length === 1)
    abort.abort()
    await run
    expect(sink.texts).toEqual(['{"a":1}'])
  })

  it('keeps what stands before damaged gzip data, and says where it breaks', async () => {
    const whole = gzipSync('1\n2\n3\n')
    const { sink, log } = await read(whole.subarray(0, whole.length - 8))
    expect(sink.accepted).toEqual(['1', '2', '3'])
    expect(sink.refused).toMatchObject([{ refused: 'the gzip data is corrupt: unexpected end of file' }])
    expect(log.lines).toMatchObject([{ level: 'error' }])
  })

  it('stdin is not read again after a failure, because its rest would seem complete', async () => {
    const emit = () => Promise.reject(new Error('the disk is full'))
    const source = await openSource('stdin')
    const run = source.run(sourceContext(new Sink(), { stdin: Readable.from(['1\n']), emit }))
    await expect(run).rejects.toMatchObject({
      kind: 'user',
      message: 'standard input was read only in part: the disk is full',
    })
  })

  it('takes no target', async () => {
    await expect(openSource('stdin:x')).rejects.toThrow('stdin accepts no target')
  })
})
