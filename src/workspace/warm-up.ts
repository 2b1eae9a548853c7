/** Python, booting before anything else is loaded. Imports as little as it can. */
import { imageFolder, processEnvironment } from '../config/files/environment.ts'
import { WarmEngine } from '../engine/pool/prewarmed-worker.ts'

let early: WarmEngine | undefined
/** What the latest interpreter came from, and the folder of its snapshots. */
let latest: { readonly folder: string | undefined; readonly from: WarmEngine['from'] } | undefined

/** For whoever calls `warmUp` next; keeps no process from ending where nobody does. */
export function warmUpEarly(): void {
  early ??= boot()
}

/** An interpreter that boots beside what follows. `cool` it where no engine comes of it. */
export function warmUp(project?: string): WarmEngine {
  const warm = early ?? boot(project)
  early = undefined
  return warm
}

function boot(project?: string): WarmEngine {
  const projects = project === undefined ? [] : [project]
  const folder = imageFolder(processEnvironment(), ...projects) ?? undefined
  // What the interpreter before has compiled need not be compiled again.
  const warm = new WarmEngine(latest?.folder === folder ? latest?.from : folder)
  latest = { folder, from: warm.from }
  return warm
}
