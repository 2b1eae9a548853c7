/** Makes the part of the server that is the HTTP API, over the store and the project that is active now. */

import type { ApiActs } from '../../server/api/api-ports.ts'
import { Streams } from '../../server/api/change-stream.ts'
import type { ServerPart } from '../../server/server.ts'
import { VERSION } from '../../version.ts'
import type { DaemonOptions, Resources } from '../resources.ts'
import { createSilenceActs } from './silence-acts.ts'

interface OpenApi {
  readonly part: ServerPart
  readonly streams: Streams
  /** Ends the streams, so that the server can close. */
  close(): Promise<void>
}

export function openApi(
  { store, current, absence }: Pick<Resources, 'store' | 'current' | 'absence'>,
  { log }: Pick<DaemonOptions, 'log'>,
  acts: ApiActs,
): OpenApi {
  const streams = new Streams(store, () => performance.now())
  const ports = {
    store,
    acts,
    silences: createSilenceActs({ store, project: () => current.generation.project }),
    routes: () => current.generation.routes(),
    detections: () => current.generation.project.detections,
    destinations: () => current.generation.project.registry.destinations,
    version: VERSION,
  }
  const away = () => absence.lastingReason
  return {
    // Its libraries are loaded only where there is an address.
    part: async (scope, access) => {
      const { addApi } = await import('../../server/api/api-part.ts')
      await addApi(scope, access, { log, streams, away, ports })
    },
    streams,
    close: () => streams.close(),
  }
}
