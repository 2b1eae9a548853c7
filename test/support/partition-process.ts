/**
 * A member of `partition-member.ts` as a process of its own, over a store on PostgreSQL, so that a test can stop and kill it.
 * Arguments: the URL of the store, the source, the name, the length of the lease. Lines of its input: `hold`, `letGo`, `stop`.
 */
import { createInterface } from 'node:readline'
import { systemClock } from '../../src/model/ports.ts'
import { openStore } from '../../src/store/open.ts'
import { Ledger, startMember } from './partition-member.ts'

const [url = '', from = '', name = '', leaseMs = ''] = process.argv.slice(2)
const store = await openStore(url, { clock: systemClock, projectRoot: '/' })
const member = await startMember({
  from,
  store,
  name,
  leaseMs: Number(leaseMs),
  ledger: new Ledger(),
  leavesSignals: true,
})
let reported = ''
const report = setInterval(() => {
  const state = JSON.stringify({ held: member.held(), log: member.log.lines.map(({ message }) => message) })
  if (state !== reported) process.stdout.write(`${state}\n`)
  reported = state
}, 20)

createInterface(process.stdin).on('line', (line) => {
  if (line === 'hold') member.hold()
  else if (line === 'letGo') member.letGo()
  else void end()
})

async function end(): Promise<void> {
  await member.stop()
  await store.close()
  clearInterval(report)
  process.stdin.destroy()
}
