import { describe, expect, it } from 'vitest'
import { DRAWINGS, drawRoutes } from '../../src/drawings/draw-routes.ts'
import type { RouteRow } from '../../src/model/alerts/route-table.ts'
import { destination, registry } from '../support/model.ts'

const EVIL = '</title><script>alert("1")</script>\'`|;%%{init}%%\u0007'

function row(detection: string, logType: string, destinations: readonly string[] | null): RouteRow {
  const route = destinations && {
    level: 'static-severity' as const,
    destinations,
    suppressed: false,
    problems: [],
  }
  return {
    detection,
    logTypes: [logType],
    severity: 'HIGH',
    route,
    evidence: route ? 'static' : 'unknown',
    tests: [],
  }
}

const exampleRegistry = registry([destination('soc'), destination(EVIL)])
const table = {
  rows: [row('One', 'AWS.CloudTrail', ['soc']), row('Two', 'AWS.CloudTrail', ['soc']), row(EVIL, EVIL, null)],
  silent: [],
}

describe.each(DRAWINGS)('%s', (kind) => {
  const drawn = drawRoutes(kind, table, exampleRegistry)

  it('the drawing shows log types, destinations and equal routes together', () => {
    expect(drawn).toContain('AWS.CloudTrail')
    expect(drawn).toContain('soc')
    expect(drawn).toContain('2 detections')
  })

  it('a name in the drawing cannot become markup', () => {
    expect(drawn).not.toContain('<script>alert')
    expect(drawn).not.toContain('\u0007')
    if (kind === 'mermaid') expect(drawn).not.toContain('%%{init}')
  })

  it('equal tables have equal drawings', () => {
    expect(drawRoutes(kind, table, exampleRegistry)).toBe(drawn)
  })
})

it('every edge of the Mermaid diagram ends at an existing node', () => {
  const drawn = drawRoutes('mermaid', table, exampleRegistry)
  const nodes = new Set([...drawn.matchAll(/^ +([bd][\d_]+)[[({]/gm)].map(([, id]) => id))
  const ends = [...drawn.matchAll(/(b\d+_\d+) (?:-->|-\.->) (d\d+)/g)].flatMap(([, from, to]) => [from, to])
  expect(ends).toHaveLength(4)
  expect(ends.filter((node) => !nodes.has(node))).toEqual([])
})

it('the HTML page allows only its own script', () => {
  const drawn = drawRoutes('html', table, exampleRegistry)
  expect(drawn).toMatch(/default-src 'none'; style-src 'unsafe-inline'; script-src 'sha256-[A-Za-z0-9+/=]+'/)
  expect(drawn.match(/<script>/g)).toHaveLength(1)
})

it('the SVG is well-formed', () => {
  const drawn = drawRoutes('svg', table, exampleRegistry)
  const open: string[] = []
  for (const [, closing, name, rest] of drawn.matchAll(/<(\/?)([a-z]+)((?:"[^"]*"|[^">])*)>/g)) {
    if (closing) expect(open.pop()).toBe(name)
    else if (!rest!.endsWith('/')) open.push(name!)
  }
  expect(open).toEqual([])
})
