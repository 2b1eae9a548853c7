/** Lines for a reader that may stop. */
import { Writable } from 'node:stream'
import { expect, it } from 'vitest'
import { createLinePrinter } from '../../../src/cli/format/line-printer.ts'

/** A stream whose reader takes one chunk each time that it is asked to. */
function pausedReader() {
  const taken: string[] = []
  let offered: { readonly text: string; readonly done: (error?: Error) => void } | undefined
  const stream = new Writable({
    write(chunk: Buffer, _encoding, done) {
      offered = { text: chunk.toString(), done }
    },
  })
  stream.on('error', () => {})
  const take = (error?: Error) => {
    if (!error) taken.push(offered!.text)
    offered!.done(error)
  }
  return { stream, taken, take, offered: () => offered?.text }
}
const settled = () => new Promise((resolve) => setImmediate(resolve))

it('printing a line resolves when the line was flushed, and not before', async () => {
  const reader = pausedReader()
  const print = createLinePrinter(reader.stream)
  let isDone = false
  const printed = print('a').then(() => {
    isDone = true
  })
  await settled()
  expect([reader.offered(), isDone]).toEqual(['a\n', false])
  reader.take()
  await printed
  expect(reader.taken).toEqual(['a\n'])
})

it('an aborted line is never written, and the next one is', async () => {
  const reader = pausedReader()
  const print = createLinePrinter(reader.stream)
  const abort = new AbortController()
  const first = print('a', abort.signal)
  const second = print('b', abort.signal)
  const third = print('c')
  await settled()
  abort.abort(new Error('took too long'))
  await expect(first).rejects.toThrow('took too long')
  await expect(second).rejects.toThrow('took too long')
  reader.take()
  await settled()
  expect(reader.offered()).toBe('c\n')
  reader.take()
  await third
  expect(reader.taken).toEqual(['a\n', 'c\n'])
})

it('printing a line rejects if the stream fails', async () => {
  const reader = pausedReader()
  const printed = createLinePrinter(reader.stream)('a')
  await settled()
  reader.take(new Error('the disk is full'))
  await expect(printed).rejects.toThrow('the disk is full')
})
