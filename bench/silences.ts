/** Measures decisions about alerts with 200 silences, by the time of the processor. Run it with `node scripts/run.cjs node bench/silences.ts`. */

import { handle } from '../src/handling/handle.ts'
import { NO_HANDLING_STATE } from '../src/handling/stage.ts'
import { NO_HANDLING_RULES } from '../src/model/project/handling-rules.ts'
import { handledAlert, silence } from '../test/support/silences.ts'

const DECISIONS = 300_000
const ROUNDS = 3
const route = { destinations: ['soc-slack', 'on-call'] }
const now = Date.parse('2026-12-05T00:00:00Z')

/** A third each names detections, groups of them, and texts of alerts of any detection. */
const silences = Array.from({ length: 200 }, (_, i) => {
  if (i % 3 === 0) return silence(`s${i}`, { match: { detections: [`Rule.${i}`], severities: ['LOW'] } })
  if (i % 3 === 1) return silence(`s${i}`, { match: { detections: [`Group${i}.*`], tags: ['Patching'] } })
  return silence(`s${i}`, {
    match: { severities: ['LOW', 'MEDIUM'], title: [`*host-${i}-*`], context: { 'host.name': [`h${i}-*`] } },
  })
})
const alerts = Array.from({ length: 1_000 }, (_, i) =>
  handledAlert({ detection: i % 4 === 0 ? `Group${i}.X` : `Rule.${i % 250}`, title: `on host-${i}-a` }),
)

const rules = { ...NO_HANDLING_RULES, silences }

for (let round = 0; round < ROUNDS; round++) {
  const before = process.cpuUsage()
  let hidden = 0
  for (let i = 0; i < DECISIONS; i++) {
    const { sends } = handle({ ...alerts[i % alerts.length]! }, route, NO_HANDLING_STATE, rules, now)
    if (sends[0]!.how === 'none') hidden++
  }
  const { user, system } = process.cpuUsage(before)
  const perSecond = Math.round((DECISIONS / (user + system)) * 1_000_000)
  process.stdout.write(`${perSecond} decisions/s with ${silences.length} silences, ${hidden} hidden\n`)
}
