/**
 * How long the calling thread had a core, in ms: on a busy machine much less than has passed. A Node without this
 * figure counts all time.
 */
export const ownCoreTime: () => number =
  'threadCpuUsage' in process
    ? () => {
        const { user, system } = process.threadCpuUsage()
        return (user + system) / 1_000
      }
    : () => performance.now()
