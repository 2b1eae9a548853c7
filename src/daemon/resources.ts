/** The resources of a daemon. Everything that can keep it from starting fails here, before a service exists. */
import { ArchiveRecorder, type RecordingOptions } from '../archive/archive-recorder.ts'
import { processEnvironment } from '../config/files/environment.ts'
import type { SendPorts } from '../delivery/send.ts'
import { type Clock, systemClock } from '../model/ports.ts'
import { CacheLedgers } from '../pipeline/cache-ledgers.ts'
import { StoreAbsence } from '../server/store-absence.ts'
import { openStore } from '../store/open.ts'
import type { Store } from '../store/store.ts'
import { VERSION } from '../version.ts'
import { EXPOSED_HINT, exposedFiles, type PrivateFiles, rejectsFile } from '../workspace/private-files.ts'
import { storeUrlOf } from '../workspace/project-store.ts'
import { apiAddressOf } from './access/api-address.ts'
import { openToken } from './access/http-token.ts'
import type { Cleanups } from './cleanups.ts'
import type { DaemonEvent } from './events.ts'
import {
  type Generation,
  type GenerationOptions,
  type PreparedProject,
  prepareGeneration,
  startGeneration,
} from './generation.ts'
import { hostIdOf } from './host-id.ts'
import { type OpenedSource, openSources } from './open-sources.ts'
import { openRejectWriter, type RejectWriter } from './rejects.ts'

const EMPTY_FILE = 'the store file had 0 bytes, so this run starts with an empty store'
const EMPTY_FILE_HINT = 'if it held a store before, stop the daemon and restore a backup'
const PASSWORD_IN_URL_HINT =
  'other users of this machine can see it: use ?passwordFile=PATH, or SIGNALBOX_STORE_PASSWORD'

export interface DaemonOptions extends GenerationOptions {
  readonly storeUrl?: string
  readonly httpTokenFile?: string
  /** `--api HOST:PORT`. */
  readonly api?: string
  /** `--http-host NAME`. */
  readonly httpHosts?: readonly string[]
  readonly drainTimeoutMs: number
  /** null: events are not recorded. */
  readonly recording?: RecordingOptions | null
  /** Writes one line to standard output, for the console destination. */
  readonly print: SendPorts['print']
  readonly stdin: NodeJS.ReadableStream
  readonly onEvent: (event: DaemonEvent) => void
}

export interface Resources {
  /** A reload replaces the generation under the running services. */
  readonly current: { generation: Generation }
  readonly sources: readonly OpenedSource[]
  readonly hostId: string
  readonly token: (() => string) | undefined
  /** The address of API and console alone; null: they are at every address. */
  readonly apiAddress: ReturnType<typeof apiAddressOf> | null
  readonly store: Store
  /** The time of the store, with the timers of this process. */
  readonly clock: Clock
  /** The items of the caching helpers, which a reload does not change. */
  readonly cache: CacheLedgers
  readonly writeRejects: RejectWriter
  /** null: events are not recorded. */
  readonly recorder: ArchiveRecorder | null
  /** It aborts when no more events are to be accepted. */
  readonly draining: AbortController
  /** The reason for which the store accepts no more writes: it was removed, replaced, or migrated by another version. */
  readonly loss: { reason: string | null }
  readonly absence: StoreAbsence
  /** What is to be done when another process has changed deliveries. */
  readonly wakes: { onWork: () => void }
}

/** Opens project, sources, token, store, rejects file and Python, in this order. */
export async function openResources(options: DaemonOptions, cleanups: Cleanups): Promise<Resources> {
  const prepared = await prepareGeneration(options)
  const { root, settings } = prepared.project
  const sources = await openSources({
    from: options.from,
    configured: settings.sources,
    projectRoot: root,
    http: options.http,
  })
  const token = openToken(options.httpTokenFile)
  const apiAddress = options.api === undefined ? null : apiAddressOf(options.api)
  const storeUrl = storeUrlOf(settings, options.storeUrl)
  const draining = new AbortController()
  const loss: Resources['loss'] = { reason: null }
  const onLost = (reason: string) => {
    options.log.error({ reason }, 'the store was lost, so the daemon ends')
    loss.reason = reason
    draining.abort()
  }
  const absence = new StoreAbsence(systemClock)
  const onAvailability = (reason: string | null) => {
    absence.report(reason)
    if (reason === null) options.log.info({}, 'the store can be reached again')
    else options.log.error({ reason }, 'the store cannot be reached, so nothing is accepted until it can')
  }
  const wakes: Resources['wakes'] = { onWork: () => {} }
  const onPasswordInUrl = () =>
    options.log.warn({ hint: PASSWORD_IN_URL_HINT }, 'the URL of the store contains its password')
  const onEmptyFile = (store: string) => options.log.warn({ store, hint: EMPTY_FILE_HINT }, EMPTY_FILE)
  const store = await openStore(storeUrl, {
    clock: systemClock,
    projectRoot: root,
    environment: processEnvironment(options.workspace),
    onLost,
    onEmptyFile,
    onAvailability,
    onPasswordInUrl,
    onWork: () => wakes.onWork(),
    ending: draining.signal,
  })
  cleanups.add('store', () => store.close())
  const hostId = hostIdOf({ given: settings.hostId, projectRoot: root, store })
  await store.join({
    name: `signalbox run --project ${root}`,
    hostId,
    version: VERSION,
    sources: sources.flatMap(({ source }) => ('list' in source ? source.storedName : [])),
  })
  const rejects = rejectsFile(prepared.project, store.location)
  const writeRejects = await openRejectWriter(rejects, root)
  warnOfExposedFiles(prepared, { storeLocation: store.location, rejects }, options)
  const cache = new CacheLedgers(store, () => store.now())
  const clock: Clock = { ...systemClock, now: () => store.now() }
  const recorder = options.recording
    ? new ArchiveRecorder(options.recording, () => clock.now(), options.log)
    : null
  if (recorder !== null) cleanups.add('recording', () => recorder.close())
  // Python starts last: it takes the longest, and the problems of all other resources are reported before.
  const current = { generation: await startGeneration(prepared, options, cache) }
  cleanups.add('engine', () => current.generation.retire())
  return {
    current,
    sources,
    hostId,
    token,
    apiAddress,
    store,
    clock,
    cache,
    writeRejects,
    recorder,
    draining,
    loss,
    absence,
    wakes,
  }
}

/** Warns once and changes nothing: the operator may have intended these permissions. */
function warnOfExposedFiles(
  { project, secretFiles }: PreparedProject,
  files: Pick<PrivateFiles, 'storeLocation' | 'rejects'>,
  { log, httpTokenFile, httpTls, workspace }: DaemonOptions,
): void {
  const named = [httpTokenFile, httpTls?.key, workspace.envFile]
  const exposed = exposedFiles(project, { ...files, secrets: secretFiles, named })
  if (exposed.length === 0) return
  log.warn({ files: exposed, hint: EXPOSED_HINT }, 'other users can read files that hold alerts or secrets')
}
