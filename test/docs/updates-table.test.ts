/** The table of docs/delivery.md names every type that supports updates, with its events. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { DESTINATION_TYPES } from '../../src/destinations/_catalog.ts'
import { UPDATE_EVENTS } from '../../src/model/alerts/alert-update.ts'
import { REPOSITORY } from './markdown-pages.ts'

it('the table of the events names each type with what it supports', async () => {
  const page = readFileSync(join(REPOSITORY, 'docs/delivery.md'), 'utf8')
  const [, table = ''] = /<!-- updates -->\n([\s\S]*?)\n\n/.exec(page) ?? []
  const rows = table
    .split('\n')
    .slice(2)
    .flatMap((line) => {
      const [, types = '', events = ''] = line.split('|')
      return namesIn(types).map((type) => [type, eventsIn(events)] as const)
    })
  const supported = await Promise.all(
    Object.entries(DESTINATION_TYPES).map(
      async ([type, load]) => [type, (await load()).updates?.events] as const,
    ),
  )
  const expected = supported.flatMap(([type, events]) => (events ? [[type, [...events].sort()]] : []))
  expect(Object.fromEntries(rows)).toEqual(Object.fromEntries(expected))
})

function namesIn(cell: string): string[] {
  return [...cell.matchAll(/`(\w+)`/g)].map(([, name]) => name!)
}

function eventsIn(cell: string): string[] {
  if (!cell.includes('all')) return namesIn(cell).sort()
  return UPDATE_EVENTS.filter((event) => !namesIn(cell).includes(event)).sort()
}
