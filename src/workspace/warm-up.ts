/** Python, booting before anything else is loaded. Imports as little as it can. */
import { processEnvironment, snapshotDirectory } from '../config/files/environment.ts'
import { PrewarmedWorker } from '../engine/pool/prewarmed-worker.ts'

let early: PrewarmedWorker | undefined
/** What the latest interpreter came from, and the folder of its snapshots. */
let latest: { readonly folder: string | undefined; readonly from: PrewarmedWorker['state'] } | undefined

/** For whoever calls `warmUp` next; keeps no process from ending where nobody does. */
export function warmUpEarly(): void {
  early ??= boot()
}

/** An interpreter that boots beside what follows. `cool` it where no engine comes of it. */
export function warmUp(project?: string): PrewarmedWorker {
  const warm = early ?? boot(project)
  early = undefined
  return warm
}

function boot(project?: string): PrewarmedWorker {
  const projects = project === undefined ? [] : [project]
  const folder = snapshotDirectory(processEnvironment(), ...projects) ?? undefined
  // What the interpreter before has compiled need not be compiled again.
  const warm = new PrewarmedWorker(latest?.folder === folder ? latest?.from : folder)
  latest = { folder, from: warm.state }
  return warm
}
