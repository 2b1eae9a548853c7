import { expect, it } from 'vitest'
import { createLog, type LogOptions } from '../src/log.ts'

function logged(options: Partial<LogOptions>, write: (log: ReturnType<typeof createLog>) => void): string[] {
  const lines: string[] = []
  write(createLog({ level: 'info', format: 'json', ...options, write: (line) => lines.push(line) }))
  return lines
}

it('the JSON log has one object per line, errors with their causes', () => {
  const error = new Error('outer', { cause: new Error('inner') })
  const [line, ...more] = logged({}, (log) => {
    log.debug({}, 'below the level')
    log.error({ source: 'stdin', error }, 'it broke')
  })
  expect(more).toEqual([])
  expect(line!.indexOf('\n')).toBe(line!.length - 1)
  expect(JSON.parse(line!)).toMatchObject({
    level: 'error',
    time: expect.stringMatching(/^\d{4}-\d\d-\d\dT.*Z$/) as unknown,
    msg: 'it broke',
    source: 'stdin',
    error: { message: 'outer', cause: { message: 'inner' } },
  })
})

it('the text log has one readable line per entry, without control characters', () => {
  const lines = logged({ format: 'pretty' }, (log) => {
    log.warn({ source: 'file:x y', n: 2, error: new Error('no\nway') }, 'a \u001b[31mtrap\nline\u007f')
    log.info({}, 'plain')
  })
  expect(lines.map((line) => line.replace(/^\d\d:\d\d:\d\d/, 'T'))).toEqual([
    'T warn  a \\u001b[31mtrap\\u000aline\\u007f  source="file:x y" n=2 error="no\\nway"\n',
    'T info  plain\n',
  ])
})

it('the log has colours only if the option says so', () => {
  const write = (log: ReturnType<typeof createLog>) => log.error({ a: 1 }, 'x')
  expect(logged({ format: 'pretty' }, write)[0]).not.toContain('\u001b[')
  expect(logged({ format: 'pretty', color: true }, write)[0]).toContain('\u001b[31merror\u001b[0m')
})

it('silent says nothing', () => {
  expect(logged({ level: 'silent' }, (log) => log.error({}, 'x'))).toEqual([])
})
