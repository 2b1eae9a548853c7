/** The sources that a run opens: their names, and which of them share idempotency keys. */
import { describe, expect, it } from 'vitest'
import { openSources } from '../../src/daemon/open-sources.ts'

const open = (...from: string[]) =>
  openSources({ from, configured: [], projectRoot: '/project', http: undefined })
const spaces = async (...from: string[]) => (await open(...from)).map(({ keySpace }) => keySpace)

describe('the idempotency keys of a source', () => {
  it('are those of its name, whatever its address is', async () => {
    expect(await spaces('http://127.0.0.1:1?name=ingest')).toEqual(['ingest'])
  })

  it('are those of all HTTP sources without a name at other daemons', async () => {
    expect(await spaces('http://127.0.0.1:1', 'http://127.0.0.1:2?name=ingest', 'stdin')).toEqual([
      'http',
      'ingest',
      'stdin',
    ])
  })

  it('are those of its address if the daemon has several sources of the scheme without names', async () => {
    expect(await spaces('http://127.0.0.1:1', 'http://127.0.0.1:2')).toEqual([
      'http://127.0.0.1:1',
      'http://127.0.0.1:2',
    ])
  })
})

it.each([
  ['names', 'http://127.0.0.1:1?name=a', 'http://127.0.0.1:2?name=a', 'duplicate source a'],
  ['a name that is another address', 'stdin', 'file:x?name=stdin', 'duplicate source stdin'],
  ['addresses', 'file:x?name=a', 'file:x?name=b', 'duplicate source file:x'],
])('refuses two sources with equal %s', async (_, one, two, message) => {
  await expect(open(one, two)).rejects.toThrow(message)
})
