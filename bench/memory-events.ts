/** Prints distinct events of a project's largest pack without end, one a line: PROJECT. A process of its own, so that what making them takes is not counted. */
import { once } from 'node:events'
import { nullLog } from '../src/model/ports.ts'
import { openProject } from '../src/workspace/open-project.ts'
import { PACKS, variants } from './workload.ts'

const EVENTS_PER_WRITE = 100

const [root] = process.argv.slice(2)
if (!root) throw new Error('PROJECT is needed')
const next = variants(await openProject({ root, log: nullLog }), PACKS[0]!)
if (next === null) throw new Error(`the project has no rules on ${PACKS[0]!.logType} with test events`)

// The reading process ends this one.
process.stdout.on('error', () => process.exit())
for (;;) {
  const lines = Array.from({ length: EVENTS_PER_WRITE }, () => `${next().raw}\n`).join('')
  if (!process.stdout.write(lines)) await once(process.stdout, 'drain')
}
