/** Boots Python before other modules are loaded, so it imports as little as possible. */
import { processEnvironment, snapshotDirectory } from '../config/files/environment.ts'
import { PrewarmedWorker } from '../engine/pool/prewarmed-worker.ts'

let early: PrewarmedWorker | undefined
/** The state of the latest interpreter, and the folder of its snapshots. */
let latest: { readonly folder: string | undefined; readonly from: PrewarmedWorker['state'] } | undefined

/** Boots an interpreter for the next call of `warmUp`. The process can end without such a call. */
export function warmUpEarly(): void {
  early ??= boot()
}

/** Returns an interpreter that boots concurrently. The caller must dispose it unless an engine claims it. */
export function warmUp(project?: string): PrewarmedWorker {
  const warm = early ?? boot(project)
  early = undefined
  return warm
}

function boot(project?: string): PrewarmedWorker {
  const projects = project === undefined ? [] : [project]
  const folder = snapshotDirectory(processEnvironment(), ...projects) ?? undefined
  // The state of the previous interpreter makes compiling again unnecessary.
  const warm = PrewarmedWorker.start(latest?.folder === folder ? latest?.from : folder)
  latest = { folder, from: warm.state }
  return warm
}
