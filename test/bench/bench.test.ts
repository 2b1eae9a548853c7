/** The bench's own arithmetic and its events: nothing here measures time. */
import { describe, expect, it } from 'vitest'
import { quantile, slope, summarise } from '../../bench/figure.ts'
import { alternate, ratios } from '../../bench/repeat.ts'
import { json, table } from '../../bench/report.ts'
import { variant } from '../../bench/vary.ts'
import { mixed } from '../../bench/workload.ts'
import { envelope } from '../support/engine-project.ts'
import { seededRandom } from '../support/random.ts'

const MACHINE = {
  cores: 2,
  cpu: '',
  memoryGb: 1,
  platform: '',
  node: '',
  pyodide: '',
  python: null,
  load: 0,
}

describe('figures', () => {
  it('figures are medians with their spread, compared with the goal', () => {
    const figure = { name: 'warm', unit: 'ms', samples: [30, 10, 20], reach: { atMost: 20 } }
    expect(summarise(figure)).toEqual({ median: 20, min: 10, max: 30, wide: true, reached: true })
    expect(summarise({ ...figure, reach: { atLeast: 21 } }).reached).toBe(false)
    expect(quantile([1, 2, 3, 4], 0.5)).toBe(2.5)
    expect(slope([0, 1, 2].map((x) => ({ x, y: 5 - 2 * x })))).toBeCloseTo(-2)
  })

  it('the table and the JSON name the goals that were not reached', () => {
    const figures = [{ name: 'warm', unit: 'ms', samples: [500], reach: { atMost: 350 } }]
    expect(table([{ title: 'Start', figures }])).toContain('NOT REACHED (at most 350)')
    const text = json({
      date: '',
      quick: true,
      corpusDetections: null,
      machine: MACHINE,
      sections: [{ title: 'Start', figures }],
    })
    expect(JSON.parse(text).sections[0].figures[0]).toMatchObject({ median: 500, reached: false })
  })

  it('a program that is not installed has a row that says so, and no figure', () => {
    const figures = [{ name: 'peer', unit: 'ms', samples: [], note: 'not installed' }]
    expect(table([{ title: 'Peers', figures }])).toMatch(/peer +- +ms +not installed$/)
    const text = json({
      date: '',
      quick: true,
      corpusDetections: null,
      machine: MACHINE,
      sections: [{ title: 'Peers', figures }],
    })
    expect(JSON.parse(text).sections[0].figures).toEqual(figures)
  })

  it('the order of the subjects alternates, and the warm-up is left out', async () => {
    const order: string[] = []
    const subject = (name: string) => ({
      run: async (round: number) => {
        order.push(`${name}${round}`)
        return round
      },
    })
    const [a = [], b = []] = await alternate([subject('a'), subject('b')], 2)
    expect(order).toEqual(['a0', 'b0', 'b1', 'a1', 'a2', 'b2'])
    expect([a, b, ratios(a, b)]).toEqual([
      [1, 2],
      [1, 2],
      [1, 1],
    ])
  })
})

describe('events', () => {
  const entry = JSON.stringify({
    eventID: 'same',
    userIdentity: { userName: 'root', arn: 'arn:aws:iam::123456789012:root' },
    recipientAccountId: '123456789012',
    sourceIPAddress: '192.0.2.1',
    eventName: 'ConsoleLogin',
  })

  it('events differ in ids, addresses and names, and equal values within one event stay equal', () => {
    const random = seededRandom(1)
    const texts = Array.from({ length: 100 }, () => variant(entry, 'eventID', random))
    expect(new Set(texts).size).toBe(100)
    const [first] = texts.map((text) => JSON.parse(text))
    expect(first.userIdentity.arn).toBe(`arn:aws:iam::${first.recipientAccountId}:root`)
    expect(first.recipientAccountId).not.toBe('123456789012')
    expect(first.sourceIPAddress).not.toBe('192.0.2.1')
    expect(first.userIdentity.userName).not.toBe('root')
    expect(first.eventName).toBe('ConsoleLogin')
  })

  it('events are mixed at the requested rate in every part of the input', () => {
    const pool = (kind: string) => Array.from({ length: 100 }, (_, i) => envelope({ kind, i }))
    const events = mixed({ matching: pool('match'), quiet: pool('quiet') }, 0.1, 100)
    const matches = events.map(({ raw }) => JSON.parse(raw).kind === 'match')
    for (let from = 0; from < 100; from += 10) {
      expect(matches.slice(from, from + 10).filter(Boolean)).toHaveLength(1)
    }
    expect(new Set(events.map(({ raw }) => raw)).size).toBe(100)
  })
})
